"""Rules of expressions: placeholders that are unused or undefined, and reserved words."""

from collections.abc import Iterator, Mapping
from typing import Any

from dynasmith.strict.expressions.placeholders import EXPRESSIONS, PlaceholderUse, used
from dynasmith.strict.rules.rule import JudgedRequest, Refusal, StrictRule, invalid, rule
from dynasmith.strict.rules.tables import GUIDE

RULES: list[StrictRule] = []
OPERATIONS = (
    "PutItem",
    "GetItem",
    "UpdateItem",
    "DeleteItem",
    "Query",
    "Scan",
    "BatchGetItem",
    "TransactWriteItems",
    "TransactGetItems",
)


def _holders(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Whatever of a call has expressions of its own: the call, each action, each table's keys."""
    if "TransactItems" in body:
        for item in body["TransactItems"] or ():
            yield from (part for part in item.values() if isinstance(part, dict))
    elif "RequestItems" in body:
        yield from (wanted for wanted in (body["RequestItems"] or {}).values() if isinstance(wanted, dict))
    else:
        yield body


def _expressions(holder: Mapping[str, Any]) -> list[tuple[str, PlaceholderUse]]:
    return [(kind, used(kind, holder[kind])) for kind in EXPRESSIONS if isinstance(holder.get(kind), str)]


@rule(
    RULES,
    "reserved-words",
    *OPERATIONS,
    refuses="a reserved word as an attribute's name in an expression (the names of clauses and functions in their "
    "place excepted)",
    source=GUIDE + "ReservedWords.html",
)
def _reserved(ask: JudgedRequest) -> Refusal | None:
    for holder in _holders(ask.body):
        for kind, found in _expressions(holder):
            if found.reserved is not None:
                return invalid(
                    f"Invalid {kind}: Attribute name is a reserved keyword; reserved keyword: {found.reserved}"
                )
    return None


@rule(
    RULES,
    "expression-unused",
    *OPERATIONS,
    refuses="a name or value that no expression of the call uses",
    source=GUIDE + "Expressions.ExpressionAttributeNames.html; messages as observed",
    certainty="observed",
)
def _unused(ask: JudgedRequest) -> Refusal | None:
    for holder in _holders(ask.body):
        given = [member for member in ("Names", "Values") if holder.get(f"ExpressionAttribute{member}")]
        if not given:
            continue
        expressions = _expressions(holder)
        for member in given:
            if not expressions:
                return invalid(f"ExpressionAttribute{member} can only be specified when using expressions")
            taken = {name for _, found in expressions for name in (found.names if member == "Names" else found.values)}
            unused = [name for name in holder[f"ExpressionAttribute{member}"] if name not in taken]
            if unused:
                return invalid(
                    f"Value provided in ExpressionAttribute{member} unused in expressions: keys: "
                    f"{{{', '.join(unused)}}}"
                )
    return None


@rule(
    RULES,
    "expression-undefined",
    *OPERATIONS,
    refuses="a placeholder that the call does not define",
    source=GUIDE + "Expressions.ExpressionAttributeValues.html; messages as observed",
    certainty="observed",
)
def _undefined(ask: JudgedRequest) -> Refusal | None:
    for holder in _holders(ask.body):
        names, values = holder.get("ExpressionAttributeNames") or {}, holder.get("ExpressionAttributeValues") or {}
        for kind, found in _expressions(holder):
            for what, wanted, given in (("name", found.names, names), ("value", found.values, values)):
                for placeholder in sorted(wanted):
                    if placeholder not in given:
                        word = "An expression attribute" + (
                            " name used in the document path" if what == "name" else " value used in expression"
                        )
                        return invalid(f"Invalid {kind}: {word} is not defined; attribute {what}: {placeholder}")
    return None
