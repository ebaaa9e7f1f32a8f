"""Rules of Query and Scan: the conditions on keys, segments, and where to begin."""

from collections.abc import Mapping
from typing import Any

from dynasmith.strict.expressions.key_condition import KeyConstraint, key_constraints
from dynasmith.strict.expressions.tokens import ExpressionError
from dynasmith.strict.expressions.values import canonical, order_key, type_of
from dynasmith.strict.measures.sizes import NotHeld, value_bytes
from dynasmith.strict.rules.keys import key_piece_refusal
from dynasmith.strict.rules.old_parameters import constraint_refusal
from dynasmith.strict.rules.rule import JudgedRequest, Refusal, StrictRule, invalid, invalid_values, rule
from dynasmith.strict.rules.tables import API, GUIDE
from dynasmith.strict.state.state import KeySchema, StrictIndex, StrictLocalIndex, StrictTable

REQUEST_RULES: list[StrictRule] = []
"""Judged before it is known whether there is such a table, as the service does."""
RULES: list[StrictRule] = []
KEY_CONDITION = "KeyConditionExpression"
_NOT_INDEXABLE = frozenset({"NULL", "NOT_NULL", "NE", "CONTAINS", "NOT_CONTAINS", "IN"})
_WRONG_START = "The provided starting key is invalid"
_CONDITIONS_MAX = 2


def _constraints(ask: JudgedRequest) -> dict[str, KeyConstraint]:
    """The conditions on keys of a Query. ExpressionError with the service's message."""
    for one in ask.measured.expressions:
        if one.kind == KEY_CONDITION and one.expression.root is not None:
            return key_constraints(one.expression.root, one.names, one.values)
    found = ask.body.get("KeyConditions") or {}
    return {
        name: KeyConstraint(said["ComparisonOperator"], tuple(said.get("AttributeValueList") or ()))
        for name, said in found.items()
    }


def _index_of(ask: JudgedRequest, table: StrictTable) -> StrictIndex | StrictLocalIndex | None:
    name = str(ask.body.get("IndexName"))
    return table.gsis.get(name) or table.lsis.get(name)


def schema_of(ask: JudgedRequest, table: StrictTable) -> KeySchema:
    """The key of what a Query or Scan reads: of the index that it names, else of the table."""
    index = _index_of(ask, table)
    return table.key_schema if index is None else index.key_schema


@rule(
    REQUEST_RULES,
    "start-key-values",
    "Query",
    "Scan",
    refuses="an ExclusiveStartKey with values that DynamoDB has not",
    source=GUIDE + "HowItWorks.NamingRulesDataTypes.html; message as observed",
    certainty="observed",
)
def _start_values(ask: JudgedRequest) -> Refusal | None:
    for value in (ask.body.get("ExclusiveStartKey") or {}).values():
        try:
            value_bytes(value)
        except NotHeld as error:
            return invalid(f"{_WRONG_START}: {error}")
    return None


@rule(
    REQUEST_RULES,
    "query-conditions",
    "Query",
    refuses="no conditions on keys or too many of them, and in KeyConditionExpression anything but a condition on a "
    "key: OR, NOT, IN, <>, other functions than begins_with, nested attributes, two conditions on one attribute",
    source=API + "API_Query.html (KeyConditionExpression)",
)
def _query_conditions(ask: JudgedRequest) -> Refusal | None:
    if KEY_CONDITION not in ask.body and "KeyConditions" not in ask.body:
        return invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
    try:
        constraints = _constraints(ask)
    except ExpressionError as error:
        return invalid(str(error))
    for constraint in constraints.values():
        refusal = constraint_refusal(constraint.operator, constraint.values)
        if refusal is not None:
            return refusal
    most = _CONDITIONS_MAX if ask.table is None else max(_CONDITIONS_MAX, len(schema_of(ask, ask.table)))
    if not 1 <= len(constraints) <= most:
        return invalid(f"Conditions can be of length 1 or {most} only")
    return None


@rule(
    REQUEST_RULES,
    "scan-segments",
    "Scan",
    refuses="Segment without TotalSegments, a segment out of range, more than 1,000,000 segments",
    source=API + "API_Scan.html",
)
def _segments(ask: JudgedRequest) -> Refusal | None:
    segment, total = ask.body.get("Segment"), ask.body.get("TotalSegments")
    if segment is None and total is None:
        return None
    if total is None:
        return invalid(
            "The TotalSegments parameter is required but was not present in the request when Segment "
            "parameter is present"
        )
    if segment is None:
        return invalid(
            "The Segment parameter is required but was not present in the request when parameter "
            "TotalSegments is present"
        )
    if not 1 <= int(total) <= 1_000_000:
        return invalid_values(f"TotalSegments must be between 1 and 1000000, it is {total}")
    if not 0 <= int(segment) < int(total):
        return invalid(
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: "
            f"Segment: {segment} is not less than TotalSegments: {total}"
        )
    return None


@rule(
    RULES,
    "query-key",
    "Query",
    refuses="conditions that do not fit the key of the table or index: without the partition key, not = on it, on "
    "another attribute, of another type",
    source=API + "API_Query.html (KeyConditionExpression); messages as observed",
    certainty="observed",
)
def _query_key(ask: JudgedRequest) -> Refusal | None:
    if ask.table is None:
        return None
    schema, constraints = schema_of(ask, ask.table), _constraints(ask)
    if len(schema) == 1 and len(constraints) > 1:
        return invalid("Query key condition not supported")
    return _missing_key(schema, constraints) or _key_refusal(ask.table, schema, constraints)


def _missing_key(schema: KeySchema, constraints: Mapping[str, KeyConstraint]) -> Refusal | None:
    """The partition key is there whole, of the sort key a beginning, and nothing else."""
    left = len(constraints)
    for name, role in schema:
        if name in constraints:
            left -= 1
        elif role == "HASH" or left > 0:
            return invalid(f"Query condition missed key schema element: {name}")
    return invalid("Query key condition not supported") if left else None


def _key_refusal(table: StrictTable, schema: KeySchema, constraints: Mapping[str, KeyConstraint]) -> Refusal | None:
    used = [(name, role) for name, role in schema if name in constraints]
    for place, (name, role) in enumerate(used):
        constraint = constraints[name]
        if constraint.operator in _NOT_INDEXABLE:
            return invalid("Attempted conditional constraint is not an indexable operation")
        if any(type_of(value) != table.definitions.get(name) for value in constraint.values):
            return invalid_values("Condition parameter type does not match schema type")
        if constraint.operator != "EQ" and (role == "HASH" or place < len(used) - 1):
            return invalid("Query key condition not supported")
        for value in constraint.values if constraint.operator == "EQ" else ():
            refusal = key_piece_refusal(name, role, value)
            if refusal is not None:
                return refusal
    return None


@rule(
    RULES,
    "start-key",
    "Query",
    "Scan",
    refuses="an ExclusiveStartKey that is not a key of the table (and of the index), or outside of the conditions of a "
    "Query",
    source=API + "API_Query.html (ExclusiveStartKey); messages as observed",
    certainty="observed",
)
def _start_key(ask: JudgedRequest) -> Refusal | None:
    start = ask.body.get("ExclusiveStartKey")
    if ask.table is None or start is None:
        return None
    roles = dict([*schema_of(ask, ask.table), *ask.table.key_schema])
    if start.keys() != roles.keys():
        return invalid(f"{_WRONG_START}: The provided key element does not match the schema")
    for name, role in roles.items():
        if type_of(start[name]) != ask.table.definitions.get(name):
            return invalid(f"{_WRONG_START}: The provided key element does not match the schema")
        refusal = key_piece_refusal(name, role, start[name])
        if refusal is not None:
            return invalid(f"{_WRONG_START}: {refusal.message}")
    if ask.operation == "Scan":
        return None
    for name, constraint in _constraints(ask).items():
        if not _holds(constraint, start[name]):
            return invalid("The provided starting key is outside query boundaries based on provided conditions")
    return None


def _holds(constraint: KeyConstraint, value: Mapping[str, Any]) -> bool:
    """Whether a key's value fits a condition on it; both are of the key's type."""
    values = constraint.values
    if constraint.operator == "EQ":
        return bool(canonical(values[0]) == canonical(value))
    mine, first = order_key(value), order_key(values[0])
    match constraint.operator:
        case "LT":
            return bool(mine < first)
        case "LE":
            return bool(mine <= first)
        case "GT":
            return bool(mine > first)
        case "GE":
            return bool(mine >= first)
        case "BETWEEN":
            return bool(first <= mine <= order_key(values[1]))
        case _:
            return bool(mine.startswith(first))
