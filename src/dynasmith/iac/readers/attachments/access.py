"""Inline policies of roles that let them use a table, where ``access`` can say the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, UnsetType, field

from dynasmith.iac.readers.attachments.attachment import Attachment, Remark, open_values, table_arn
from dynasmith.iac.readers.foreign_tables import Document
from dynasmith.tables.access_actions import DESCRIBE, LIST_STREAMS, ON_INDEX, READ, STREAM, WRITE, words_of
from dynasmith.tables.access_policy import TablePlace, owner_of, policy_name

_ON_TABLE = frozenset((*READ, *WRITE, DESCRIBE))
_KNOWN = frozenset((*_ON_TABLE, *STREAM, LIST_STREAMS))
_KEYS = "dynamodb:LeadingKeys"


class _Grant(Struct):
    """What statements of one owner allow on one table."""

    table: set[str] = field(default_factory=set)
    stream: set[str] = field(default_factory=set)
    indexes: dict[str, set[str]] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    problem: str = ""


def attach_access(documents: Sequence[Document], policy: Attachment) -> Iterator[Remark]:
    """Put what an inline policy allows on a table into its ``access``; a table of which it says more is named.

    ``shape`` has PolicyName, Statement, and Role or Function: the names of who has it. What of it is for other
    resources is left out."""
    statements = [each for each in policy.shape["Statement"] if _actions(each)]
    for document in documents:
        groups: dict[tuple[str, str], _Grant] = {}
        for each in statements:
            if (parts := _parts(each, document["name"])) is not None:
                owner = _owner(policy, each, _region(statements, document["name"]))
                _add(groups.setdefault(owner, _Grant()), each, parts)
        touched = {owner: grant for owner, grant in groups.items() if grant != _Grant(stream={LIST_STREAMS})}
        for owner, grant in touched.items():
            yield from _attach(document, policy, owner, grant)
    yield from _elsewhere(documents, policy, statements)


def _attach(document: Document, policy: Attachment, owner: tuple[str, str], grant: _Grant) -> Iterator[Remark]:
    name, (kind, who) = document["name"], owner
    if policy.unresolved and not who:
        yield from policy.unresolved
        return
    problem = grant.problem or _index_problem(grant)
    loose = open_values([who, list(grant.keys)], policy.place)
    yield from loose
    if loose:
        return
    if problem or not who:
        why = problem or "whose role is not known here"
        yield f"{policy.place} lets {who or 'a role'} use {name} in a way that access cannot say: {why}. Left out."
        return
    actions = grant.table | grant.stream
    entry: Document = {kind: who, "allow": list(words_of(actions))}
    if actions & {*ON_INDEX} and not grant.keys and set(grant.indexes) != {"*"}:
        entry["indexes"] = sorted(grant.indexes)
    if grant.keys:
        entry["leading_keys"] = list(grant.keys)
        if grant.indexes:
            entry["indexes"] = "all" if "*" in grant.indexes else sorted(grant.indexes)
    entries = document.setdefault("access", [])
    if any(each.get(kind) == who for each in entries):
        yield f"{policy.place} is another policy of {who} on {name}; what it allows beside the first is left out."
        return
    entries.append(entry)
    if policy.shape.get("PolicyName") != policy_name(name):
        yield (
            f"{name}: the access of {kind} {who} is a policy that dynasmith did not write, so that `plan` shows it as "
            f"new: apply puts the policy {policy_name(name)} beside it."
        )


def _elsewhere(
    documents: Sequence[Document], policy: Attachment, statements: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    """Statements that are for every resource, and so for these tables too."""
    for each in statements:
        actions = [action for action in _actions(each) if action != LIST_STREAMS]
        if documents and actions and "*" in _texts(each.get("Resource")):
            yield f"{policy.place} allows {', '.join(actions)} on every resource, which access cannot say. Left out."


def _parts(statement: Mapping[str, Any], table: str) -> list[str] | None:
    """The parts of the table that a statement is for: "" for itself, ``index/NAME``, ``stream/...``, ``*`` for every
    resource where it is about streams alone; None where it is not for it."""
    found = [each for one in _texts(statement.get("Resource")) if (each := table_arn(one)) and each.table == table]
    parts = [each.part for each in found]
    patterns = [one for one in _texts(statement.get("Resource")) if one.endswith(f":table/{table}*")]
    if not parts and _actions(statement) == [LIST_STREAMS] and "*" in _texts(statement.get("Resource")):
        return ["*"]
    return [*parts, *("?" for _ in patterns)] or None


def _add(grant: _Grant, statement: Mapping[str, Any], parts: list[str]) -> None:
    actions = set(_actions(statement))
    if parts == ["*"]:
        grant.stream |= actions
        return
    if statement.get("Effect", "Allow") != "Allow" or "NotAction" in statement or "NotResource" in statement:
        grant.problem = "it denies, or says what it excepts"
    if unknown := sorted(actions - _KNOWN):
        grant.problem = f"it allows {', '.join(unknown)}"
    keys = _leading_keys(statement)
    if keys is None:
        grant.problem = "it has a condition"
    elif (grant.table or grant.indexes) and tuple(keys) != grant.keys:
        grant.problem = "its statements have different conditions"
    else:
        grant.keys = tuple(keys)
    for part in parts:
        kind, _, name = part.partition("/")
        if part == "":
            grant.table |= actions & _ON_TABLE
        elif kind == "index":
            grant.indexes.setdefault(name, set()).update(actions & {*ON_INDEX})
        elif kind == "stream":
            grant.stream |= actions & {*STREAM, LIST_STREAMS}
        else:
            grant.problem = "its resource is a pattern"


def _index_problem(grant: _Grant) -> str:
    """An index is read with the actions that the table is read with."""
    expected = grant.table & {*ON_INDEX}
    if any(actions != expected for actions in grant.indexes.values()):
        return "it allows other actions on an index than on the table"
    return "" if grant.table | grant.stream else "it allows nothing on the table itself"


def _leading_keys(statement: Mapping[str, Any]) -> list[str] | None:
    """The keys of a condition on leading keys; none without a condition, None for another condition."""
    conditions = statement.get("Condition")
    if not conditions:
        return []
    if len(conditions) != 1:
        return None
    ((operator, tests),) = conditions.items()
    if operator not in ("ForAllValues:StringEquals", "ForAllValues:StringLike") or set(tests) != {_KEYS}:
        return None
    return _texts(tests[_KEYS])


def _owner(policy: Attachment, statement: Mapping[str, Any], region: str) -> tuple[str, str]:
    """Who has the access: what the Sid says where dynasmith wrote it, else the one of the policy."""
    found = owner_of(statement, TablePlace(arn=f"arn:aws:dynamodb:{region}:0:table/x")) if region else None
    if found is not None:
        if not isinstance(found.function, UnsetType):
            return "function", found.function
        return "role", str(found.role)
    if "Function" in policy.shape:
        return "function", str(policy.shape["Function"])
    return "role", str(policy.shape.get("Role", "")).rpartition("/")[2]


def _region(statements: Sequence[Mapping[str, Any]], table: str) -> str:
    for each in statements:
        for one in _texts(each.get("Resource")):
            if (found := table_arn(one)) and found.table == table and "$" not in found.region:
                return found.region
    return ""


def _actions(statement: Mapping[str, Any]) -> list[str]:
    said = [*_texts(statement.get("Action")), *_texts(statement.get("NotAction"))]
    return [each for each in said if each.startswith("dynamodb:") or each == "*"]


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(each) for each in value or ()]
