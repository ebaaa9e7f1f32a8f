"""The inline policy of a role that lets functions use a table: its name, its statements, and reading them back.

A policy is shared: by the functions of a role, by tables of the same name in other Regions, and by what others wrote
into it. A statement belongs to one entry of ``access`` by its Sid; statements without such a Sid stay as they are.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from dynasmith.tables.access_actions import (
    DESCRIBE,
    LIST_STREAMS,
    ON_INDEX,
    READ,
    STREAM,
    WITHOUT_KEYS,
    WRITE,
    actions_of,
    words_of,
)
from dynasmith.tables.table import Access

VERSION: Final = "2012-10-17"
POLICY_NAME_MAX_CHARACTERS: Final = 128
"""IAM API, PutRolePolicy, PolicyName."""
KEY_ACTIONS: Final = ("kms:Decrypt", "kms:GenerateDataKey")
"""What a customer's key of the table needs besides: DynamoDB uses the key as the caller."""
ALL: Final = "all"
_LEADING_KEYS: Final = "dynamodb:LeadingKeys"
_PARTS: Final = ("Table", "Index", "Stream", "ListStreams", "Key")
_ESCAPES: Final = {"Z": "ZZ", "-": "Zh", "_": "Zu", ":": "Zc", ".": "Zd", "$": "Zs", "/": "Zl"}

Statement = dict[str, Any]


class TablePlace(Struct, frozen=True, kw_only=True):
    """What statements name: the ARN of the table, and the ARN of the customer's key that encrypts it, or ""."""

    arn: str
    key: str = ""

    @property
    def region(self) -> str:
        """The Region of the table."""
        return self.arn.split(":")[3]


def policy_name(table: str) -> str:
    """The name of the inline policy for a table. A long name is cut, and told apart by its hash."""
    name = f"dynasmith-{table}"
    if len(name) <= POLICY_NAME_MAX_CHARACTERS:
        return name
    digest = hashlib.sha256(table.encode()).hexdigest()[:12]
    return f"{name[: POLICY_NAME_MAX_CHARACTERS - 13]}-{digest}"


# --- one form of each entry


def canonical(entry: Access) -> Access:
    """An entry in the one form in which equal ones are equal: words for actions, names in order, a role by its name,
    and no defaults."""
    keys = tuple(sorted(set(entry.leading_keys))) if not isinstance(entry.leading_keys, UnsetType) else UNSET
    actions = actions_of(entry.allow)
    if not isinstance(keys, UnsetType):
        actions -= WITHOUT_KEYS
    indexes = entry.indexes
    default: tuple[str, ...] | str = ALL if isinstance(keys, UnsetType) else ()
    if not isinstance(indexes, UnsetType | str):
        indexes = ALL if ALL in indexes else tuple(sorted(set(indexes)))
    if indexes == default or not actions & set(ON_INDEX):
        indexes = UNSET
    role = entry.role if isinstance(entry.role, UnsetType) else role_name(entry.role)
    return replace(entry, role=role, allow=words_of(actions), indexes=indexes, leading_keys=keys)


def role_name(role: str) -> str:
    """The name of a role by its name or ARN; IAM takes neither the ARN nor the path."""
    return role.rpartition("/")[2] if role.startswith("arn:") else role


def entry_id(entry: Access) -> tuple[str, str]:
    """What tells an entry from the others of a table: "function" or "role", and the name."""
    if not isinstance(entry.function, UnsetType):
        return "function", entry.function
    return "role", role_name(entry.role) if not isinstance(entry.role, UnsetType) else ""


def same_access(desired: Access, current: Access) -> bool:
    """Whether a live entry allows what is wanted, in the statements that dynasmith writes."""
    plain = canonical(desired), canonical(current)
    return current.state == "" and all(
        getattr(plain[0], name) == getattr(plain[1], name) for name in ("allow", "indexes", "leading_keys")
    )


# --- statements


def statements_of(entry: Access, place: TablePlace) -> list[Statement]:
    """The statements of an entry: the table, its indexes, its streams and its key."""
    entry = canonical(entry)
    actions = actions_of(entry.allow)
    items = actions & {*READ, *WRITE}
    conditions = {} if isinstance(entry.leading_keys, UnsetType) else {"Condition": _on_keys(entry.leading_keys)}
    found = [
        _statement(entry, place, "Table", actions & {*READ, *WRITE, DESCRIBE}, place.arn, **conditions),
        _statement(entry, place, "Index", items & {*ON_INDEX} - _unkeyed(entry), _indexes(entry, place), **conditions),
        _statement(entry, place, "Stream", actions & {*STREAM}, f"{place.arn}/stream/*"),
        _statement(entry, place, "ListStreams", actions & {LIST_STREAMS}, "*"),
    ]
    if place.key and (items or actions & {*STREAM}):
        via = {"StringEquals": {"kms:ViaService": _service(place)}}
        found.append(_statement(entry, place, "Key", KEY_ACTIONS, place.key, Condition=via))
    return [each for each in found if each["Action"] and each["Resource"]]


def _unkeyed(entry: Access) -> frozenset[str]:
    return frozenset() if isinstance(entry.leading_keys, UnsetType) else WITHOUT_KEYS


def _statement(
    entry: Access, place: TablePlace, part: str, actions: Iterable[str], resources: str | list[str], **more: Any
) -> Statement:
    return {
        "Sid": f"{part}{sid_of(entry, place)}",
        "Effect": "Allow",
        "Action": sorted(actions),
        "Resource": resources,
        **more,
    }


def _indexes(entry: Access, place: TablePlace) -> str | list[str]:
    indexes = entry.indexes
    if isinstance(indexes, UnsetType):
        indexes = ALL if isinstance(entry.leading_keys, UnsetType) else ()
    if indexes == ALL:
        return f"{place.arn}/index/*"
    return [f"{place.arn}/index/{name}" for name in indexes]


def _on_keys(keys: Iterable[str]) -> dict[str, Any]:
    patterns = list(keys)
    operator = "StringLike" if any("*" in key or "?" in key for key in patterns) else "StringEquals"
    return {f"ForAllValues:{operator}": {_LEADING_KEYS: patterns}}


def _service(place: TablePlace) -> str:
    domain = "amazonaws.com.cn" if place.arn.startswith("arn:aws-cn:") else "amazonaws.com"
    return f"dynamodb.{place.region}.{domain}"


# --- whose statement it is


def sid_of(entry: Access, place: TablePlace) -> str:
    """The end of the Sids of an entry. A Sid has letters and digits only, so other characters are spelt with a Z."""
    kind, name = entry_id(entry)
    return f"{kind.title()}{_compact(place.region)}{escaped(name)}"


def escaped(name: str) -> str:
    """A name in letters and digits."""
    return "".join(_ESCAPES.get(c, c if c.isascii() and c.isalnum() else f"Zx{ord(c):x}x") for c in name)


def unescaped(text: str) -> str:
    """The name that `escaped` spelt."""
    back = {value[1]: key for key, value in _ESCAPES.items()}
    return re.sub(r"Z(?:x([0-9a-f]+)x|(.))", lambda m: chr(int(m[1], 16)) if m[1] else back.get(m[2], ""), text)


def _compact(region: str) -> str:
    return region.replace("-", "").capitalize()


def owner_of(statement: Mapping[str, Any], place: TablePlace) -> Access | None:
    """The function or role that a statement of a policy is for; None for those of others and of other Regions."""
    sid = str(statement.get("Sid", ""))
    for part in _PARTS:
        for kind in ("Function", "Role"):
            prefix = f"{part}{kind}{_compact(place.region)}"
            if sid.startswith(prefix) and len(sid) > len(prefix):
                name = unescaped(sid[len(prefix) :])
                return Access(function=name) if kind == "Function" else Access(role=name)
    return None


# --- documents


def entries_of(document: Mapping[str, Any], place: TablePlace, held_by: str) -> list[Access]:
    """The entries that a policy document of a role has for the table, as `canonical`; "changed" where somebody changed
    the statements."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for statement in statements_in(document):
        owner = owner_of(statement, place)
        if owner is not None:
            groups.setdefault(entry_id(owner), []).append(statement)
    return [_entry(kind, name, group, place, held_by) for (kind, name), group in sorted(groups.items())]


def _entry(kind: str, name: str, group: list[Mapping[str, Any]], place: TablePlace, held_by: str) -> Access:
    owner = Access(function=name) if kind == "function" else Access(role=name)
    parts = {str(each["Sid"]).removesuffix(sid_of(owner, place)): each for each in group}
    actions = {action for part, each in parts.items() if part != "Key" for action in _texts(each.get("Action"))}
    keys = _leading_keys(parts.get("Table") or parts.get("Index") or {})
    prefix = f"{place.arn}/index/"
    names = [each.removeprefix(prefix) for each in _texts((parts.get("Index") or {}).get("Resource"))]
    read = canonical(
        Access(
            function=owner.function,
            role=owner.role,
            allow=words_of(actions),
            indexes=ALL if names == ["*"] else tuple(names),
            leading_keys=keys,
            held_by=held_by,
        )
    )
    same = _plain(statements_of(read, place)) == _plain(group) and not any("NotAction" in each for each in group)
    return read if same else replace(read, state="changed")


def _leading_keys(statement: Mapping[str, Any]) -> tuple[str, ...] | UnsetType:
    conditions = statement.get("Condition")
    for tests in conditions.values() if isinstance(conditions, Mapping) else ():
        if isinstance(tests, Mapping) and _LEADING_KEYS in tests:
            return tuple(_texts(tests[_LEADING_KEYS])) or UNSET
    return UNSET


def with_entry(document: Mapping[str, Any] | None, entry: Access, place: TablePlace) -> dict[str, Any] | None:
    """The document with the statements of an entry in place of its old ones; None where it has them already."""
    own = statements_of(entry, place)
    there = list(statements_in(document or {}))
    if document is not None and _plain(own) == _plain(each for each in there if _is_of(each, entry, place)):
        return None
    return {"Version": VERSION, "Statement": [*(each for each in there if not _is_of(each, entry, place)), *own]}


def without_entry(document: Mapping[str, Any], entry: Access, place: TablePlace) -> dict[str, Any] | None:
    """The document without the statements of an entry; None where it has none. Its ``Statement`` may be empty: a
    policy that says nothing is deleted."""
    there = list(statements_in(document))
    left = [each for each in there if not _is_of(each, entry, place)]
    return None if len(left) == len(there) else {"Version": VERSION, "Statement": left}


def statements_in(document: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    """The statements of a document; a single one may stand without a list."""
    found = document.get("Statement", [])
    return [found] if isinstance(found, Mapping) else [each for each in found if isinstance(each, Mapping)]


def _is_of(statement: Mapping[str, Any], entry: Access, place: TablePlace) -> bool:
    owner = owner_of(statement, place)
    return owner is not None and entry_id(owner) == entry_id(entry)


def _plain(statements: Iterable[Mapping[str, Any]]) -> list[str]:
    """Statements in a form in which equal ones are equal: IAM answers lists of one text as it got them."""
    return sorted(repr(_sorted(each)) for each in statements)


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return sorted((name, _sorted(each)) for name, each in value.items())
    if isinstance(value, list | tuple):
        return sorted((each if isinstance(each, str) else _sorted(each) for each in value), key=repr)
    return [value] if isinstance(value, str) else value


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(each) for each in value or ()]
