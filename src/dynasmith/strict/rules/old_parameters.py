"""Rules of the parameters from before there were expressions: Expected, QueryFilter, ScanFilter, KeyConditions,
AttributeUpdates.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from dynasmith.strict.expressions.values import ORDERED, order_key, type_of
from dynasmith.strict.measures.sizes import NotHeld, value_bytes
from dynasmith.strict.rules.rule import JudgedRequest, Refusal, StrictRule, invalid, invalid_values, rule
from dynasmith.strict.rules.tables import API, GUIDE

RULES: list[StrictRule] = []
_SETS = frozenset({"SS", "NS", "BS"})
_COUNTS = {"NULL": 0, "NOT_NULL": 0, "BETWEEN": 2}
_TYPES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("EQ", "NE"), ORDERED | _SETS),
    **dict.fromkeys(("LE", "LT", "GE", "GT", "CONTAINS", "NOT_CONTAINS", "IN", "BETWEEN"), ORDERED),
    "BEGINS_WITH": frozenset({"S", "B"}),
}


def _arguments_refusal(operator: str, values: Sequence[Any]) -> Refusal | None:
    """The number of values, and that they are of one type."""
    count = len(values)
    if count != _COUNTS.get(operator, 1) and not (operator == "IN" and count > 1):
        return invalid_values(f"Invalid number of argument(s) for the {operator} ComparisonOperator")
    if len({type_of(value) for value in values}) > 1:
        return invalid_values("AttributeValues inside AttributeValueList must be of same type")
    return None


def _range_refusal(operator: str, values: Sequence[Any]) -> Refusal | None:
    if operator != "BETWEEN" or type_of(values[0]) not in ORDERED or order_key(values[0]) <= order_key(values[1]):
        return None
    return invalid("The BETWEEN condition was provided a range where the lower bound is greater than the upper bound")


def _held_refusal(values: Sequence[Any]) -> Refusal | None:
    """A value that DynamoDB has not."""
    for value in values:
        try:
            value_bytes(value)
        except NotHeld as error:
            return invalid(str(error))
    return None


def constraint_refusal(operator: str, values: Sequence[Any]) -> Refusal | None:
    """What is wrong with one condition: its values, their number and types, the bounds of a range."""
    refusal = _held_refusal(values) or _arguments_refusal(operator, values)
    if refusal is not None:
        return refusal
    for value in values:
        if type_of(value) not in _TYPES[operator]:
            return invalid_values(
                f"ComparisonOperator {operator} is not valid for {type_of(value)} AttributeValue type"
            )
    return _range_refusal(operator, values)


def _conditions_refusal(conditions: Mapping[str, Any]) -> Refusal | None:
    for condition in conditions.values():
        refusal = constraint_refusal(condition["ComparisonOperator"], condition.get("AttributeValueList") or ())
        if refusal is not None:
            return refusal
    return None


@rule(
    RULES,
    "old-conditions",
    "Query",
    "Scan",
    refuses="conditions of QueryFilter, ScanFilter or KeyConditions with the wrong number or type of values, or bounds "
    "of BETWEEN the wrong way round",
    source=API + "API_Condition.html",
)
def _conditions(ask: JudgedRequest) -> Refusal | None:
    for member in ("QueryFilter", "ScanFilter", "KeyConditions"):
        conditions = ask.body.get(member)
        refusal = _conditions_refusal(conditions) if isinstance(conditions, dict) else None
        if refusal is not None:
            return refusal
    return None


@rule(
    RULES,
    "old-expectations",
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    refuses="an Expected with members that do not go together, or with the wrong number or type of values",
    source=API + "API_ExpectedAttributeValue.html",
)
def _expectations(ask: JudgedRequest) -> Refusal | None:
    for name, expected in (ask.body.get("Expected") or {}).items():
        refusal = _expected_refusal(name, expected)
        if refusal is not None:
            return refusal
    return None


def _expected_refusal(name: str, expected: Mapping[str, Any]) -> Refusal | None:
    if "AttributeValueList" in expected and "Value" in expected:
        return invalid_values(f"Value and AttributeValueList cannot be used together for Attribute: {name}")
    if "ComparisonOperator" in expected:
        return _compared_refusal(name, expected)
    if "AttributeValueList" in expected:
        return invalid_values(f"AttributeValueList can only be used with a ComparisonOperator for Attribute: {name}")
    exists = expected.get("Exists")
    if exists is not False and "Value" not in expected:
        shown = "null" if exists is None else "true"
        return invalid_values(f"Value must be provided when Exists is {shown} for Attribute: {name}")
    if exists is False and "Value" in expected:
        return invalid_values(f"Value cannot be used when Exists is false for Attribute: {name}")
    return _held_refusal([expected["Value"]]) if "Value" in expected else None


def _compared_refusal(name: str, expected: Mapping[str, Any]) -> Refusal | None:
    operator = expected["ComparisonOperator"]
    if "Exists" in expected:
        return invalid_values(f"Exists and ComparisonOperator cannot be used together for Attribute: {name}")
    given = "AttributeValueList" in expected or "Value" in expected
    if not given and operator not in {"NULL", "NOT_NULL"}:
        return invalid_values(
            f"Value or AttributeValueList must be used with ComparisonOperator: {operator} for Attribute: {name}"
        )
    values = [expected["Value"]] if "Value" in expected else expected.get("AttributeValueList", [])
    return _arguments_refusal(operator, values) or _held_refusal(values) or _range_refusal(operator, values)


@rule(
    RULES,
    "old-updates",
    "UpdateItem",
    refuses="an AttributeUpdates without a value (DELETE excepted), or with a type that its action does not take",
    source=API + "API_AttributeValueUpdate.html, " + GUIDE + "LegacyConditionalParameters.AttributeUpdates.html",
)
def _updates(ask: JudgedRequest) -> Refusal | None:
    for update in (ask.body.get("AttributeUpdates") or {}).values():
        action, value = update.get("Action", "PUT"), update.get("Value")
        if value is None:
            if action != "DELETE":
                return invalid_values("Only DELETE action is allowed when no attribute value is specified")
            continue
        refusal = _held_refusal([value])
        if refusal is not None:
            return refusal
        kind = type_of(value)
        if action == "DELETE" and kind not in _SETS:
            return invalid_values(f"DELETE action with value is not supported for the type {kind}")
        if action == "ADD" and kind not in _SETS | {"N", "L"}:
            return invalid_values(f"ADD action is not supported for the type {kind}")
    return None


@rule(
    RULES,
    "return-values",
    "PutItem",
    "DeleteItem",
    refuses="a ReturnValues other than ALL_OLD or NONE",
    source=API + "API_PutItem.html, API_DeleteItem.html (ReturnValues)",
)
def _returned(ask: JudgedRequest) -> Refusal | None:
    if ask.body.get("ReturnValues", "NONE") in {"ALL_OLD", "NONE"}:
        return None
    return invalid("ReturnValues can only be ALL_OLD or NONE")
