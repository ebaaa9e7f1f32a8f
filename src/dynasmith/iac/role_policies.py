"""The policies of the roles that may use a table, as far as their roles are known."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct, UnsetType

from dynasmith.tables.access_policy import VERSION, TablePlace, entry_id, role_name, statements_of
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Access, EncryptionKind, Table, known

_NO_TABLE: Final = "a policy names the table by its ARN, which is known when the table is there"
_NO_ROLE: Final = "its role is known when it has the access; name the role instead of the function"


class HeldPolicy(Struct, frozen=True, kw_only=True):
    """The inline policy of one role; ``is_there`` where the role has access to the table already."""

    role: str
    document: dict[str, Any]
    is_there: bool


class HeldPolicies(Struct, frozen=True, kw_only=True):
    """``unknown`` are entries that cannot be said, each with the reason."""

    policies: tuple[HeldPolicy, ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()


def role_policies(table: Table, live: TableDescription | None) -> HeldPolicies:
    """The policies of a table's ``access``. The role of a function is that of the live table."""
    entries = known(table.access, ())
    if live is None:
        return HeldPolicies(unknown=tuple((entry_id(each)[1], _NO_TABLE) for each in entries))
    place = TablePlace(arn=live.arn, key=_key(live.table))
    there = {entry_id(each): each for each in known(live.table.access, ())}
    statements: dict[str, list[Any]] = {}
    unknown = []
    for entry in entries:
        role = _role(entry, there.get(entry_id(entry)))
        if role:
            statements.setdefault(role, []).extend(statements_of(entry, place))
        else:
            unknown.append((entry_id(entry)[1], _NO_ROLE))
    holding = {each.held_by for each in there.values()}
    return HeldPolicies(
        policies=tuple(
            HeldPolicy(role=role, document={"Version": VERSION, "Statement": said}, is_there=role in holding)
            for role, said in statements.items()
        ),
        unknown=tuple(unknown),
    )


def _role(entry: Access, live: Access | None) -> str:
    if not isinstance(entry.role, UnsetType):
        return role_name(entry.role)
    return "" if live is None else live.held_by


def _key(table: Table) -> str:
    encryption = known(table.encryption, None)
    if encryption is None or encryption.kind is not EncryptionKind.CUSTOMER:
        return ""
    return known(encryption.key, "")
