"""Rules of expressions that need no table: grammar, names and values, operands, paths that overlap."""

import re
from collections.abc import Mapping
from typing import Any

from dynasmith.strict.expressions.condition_check import condition_error
from dynasmith.strict.expressions.expression import PROJECTION, UPDATE
from dynasmith.strict.expressions.paths import overlap_error, resolved
from dynasmith.strict.expressions.request import RequestExpression, holders
from dynasmith.strict.expressions.update_check import update_error
from dynasmith.strict.measures.sizes import NotHeld, value_bytes
from dynasmith.strict.rules.rule import JudgedRequest, Refusal, StrictRule, invalid, rule
from dynasmith.strict.rules.tables import API, GUIDE

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
_MEMBERS = ("Names", "Values")
_PLACEHOLDER = {"Names": re.compile(r"#[0-9A-Za-z_]+\Z"), "Values": re.compile(r":[0-9A-Za-z_]+\Z")}
# The parameters from before there were expressions, and the expressions that took their place, by operation.
OLD_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "PutItem": ("Expected", "ConditionalOperator"),
    "DeleteItem": ("Expected", "ConditionalOperator"),
    "UpdateItem": ("AttributeUpdates", "Expected", "ConditionalOperator"),
    "GetItem": ("AttributesToGet",),
    "BatchGetItem": ("AttributesToGet",),
    "Query": ("AttributesToGet", "QueryFilter", "ConditionalOperator", "KeyConditions"),
    "Scan": ("AttributesToGet", "ScanFilter", "ConditionalOperator"),
}
NEW_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "PutItem": ("ConditionExpression",),
    "DeleteItem": ("ConditionExpression",),
    "UpdateItem": ("UpdateExpression", "ConditionExpression"),
    "GetItem": ("ProjectionExpression",),
    "BatchGetItem": ("ProjectionExpression",),
    "Query": ("ProjectionExpression", "FilterExpression", "KeyConditionExpression"),
    "Scan": ("ProjectionExpression", "FilterExpression"),
}


@rule(
    RULES,
    "expressions-or-parameters",
    *OLD_PARAMETERS,
    refuses="expressions and the parameters from before there were expressions in one request; names or values without "
    "an expression",
    source=GUIDE + "LegacyConditionalParameters.html; messages as observed",
)
def _mixed(ask: JudgedRequest) -> Refusal | None:
    for _, holder in holders(ask.body):
        refusal = _mixed_in(holder, ask.operation)
        if refusal is not None:
            return refusal
    return None


def _mixed_in(holder: Mapping[str, Any], operation: str) -> Refusal | None:
    new = [name for name in NEW_PARAMETERS[operation] if name in holder]
    old = [name for name in OLD_PARAMETERS[operation] if name in holder]
    if "KeyConditions" in old and "KeyConditionExpression" not in new:
        old.remove("KeyConditions")  # they go with a filter or projection that is an expression
    if new and old:
        return invalid(
            "Can not use both expression and non-expression parameters in the same request: Non-expression parameters: "
            f"{{{', '.join(old)}}} Expression parameters: {{{', '.join(new)}}}"
        )
    for member in _MEMBERS if not new else ():
        if f"ExpressionAttribute{member}" in holder:
            return invalid(f"ExpressionAttribute{member} can only be specified when using expressions")
    return None


@rule(
    RULES,
    "expression-placeholders",
    *OPERATIONS,
    refuses="no names or values where their member is there, a placeholder that is none, a value that DynamoDB has not",
    source=GUIDE + "Expressions.ExpressionAttributeNames.html, Expressions.ExpressionAttributeValues.html",
    certainty="observed",
)
def _placeholders(ask: JudgedRequest) -> Refusal | None:
    for _, holder in holders(ask.body):
        for member in _MEMBERS:
            given = holder.get(f"ExpressionAttribute{member}")
            refusal = _placeholder_refusal(member, given) if isinstance(given, dict) else None
            if refusal is not None:
                return refusal
    return None


def _placeholder_refusal(member: str, given: Mapping[str, Any]) -> Refusal | None:
    name = f"ExpressionAttribute{member}"
    if not given:
        return invalid(f"{name} must not be empty")
    for placeholder in given:
        if not _PLACEHOLDER[member].match(placeholder):
            return invalid(f'{name} contains invalid key: Syntax error; key: "{placeholder}"')
    for placeholder, value in given.items():
        if member == "Values":
            try:
                value_bytes(value)
            except NotHeld as error:
                return invalid(f"{name} contains invalid value: {error} for key {placeholder}")
        elif not value:
            return invalid(f"{name} contains invalid value: the name of an attribute is empty for key {placeholder}")
    return None


@rule(
    RULES,
    "expression-grammar",
    *OPERATIONS,
    refuses="an expression that the grammar has not: its syntax, functions that there are not or where they cannot "
    "stand, redundant parentheses, a clause twice, more than 4 KB",
    source=GUIDE + "Expressions.OperatorsAndFunctions.html, Expressions.UpdateExpressions.html, Constraints.html",
)
def _grammar(ask: JudgedRequest) -> Refusal | None:
    return _first(ask, lambda one: one.expression.error)


@rule(
    RULES,
    "reserved-words",
    *OPERATIONS,
    refuses="a reserved word as an attribute's name in an expression",
    source=GUIDE + "ReservedWords.html",
)
def _reserved(ask: JudgedRequest) -> Refusal | None:
    return _first(ask, _reserved_error)


def _reserved_error(one: RequestExpression) -> str | None:
    word = one.expression.reserved
    return None if word is None else f"Attribute name is a reserved keyword; reserved keyword: {word}"


@rule(
    RULES,
    "expression-undefined",
    *OPERATIONS,
    refuses="a placeholder that the call does not define",
    source=GUIDE + "Expressions.ExpressionAttributeValues.html; messages as observed",
    certainty="observed",
)
def _undefined(ask: JudgedRequest) -> Refusal | None:
    return _first(ask, _undefined_error)


def _undefined_error(one: RequestExpression) -> str | None:
    for alias in one.expression.aliases:
        if alias not in one.names:
            return f"An expression attribute name used in the document path is not defined; attribute name: {alias}"
    for value in one.expression.values:
        if value not in one.values:
            return f"An expression attribute value used in expression is not defined; attribute value: {value}"
    return None


@rule(
    RULES,
    "expression-operands",
    *OPERATIONS,
    refuses="too few or too many operands, an operand of a type that the function or operator does not take, equal "
    "operands, bounds of BETWEEN the wrong way round, paths of an update or a projection that overlap",
    source=GUIDE + "Expressions.OperatorsAndFunctions.html, Expressions.UpdateExpressions.html; messages as observed",
    certainty="observed",
)
def _operands(ask: JudgedRequest) -> Refusal | None:
    return _first(ask, _operand_error)


def _operand_error(one: RequestExpression) -> str | None:
    read = one.expression
    if _undefined_error(one) is not None or read.error is not None:
        return None  # another rule's, which is off
    if read.kind == UPDATE:
        return update_error(read.actions, one.names, one.values)
    if read.kind == PROJECTION:
        return overlap_error(resolved(path, one.names) for path in read.paths)
    return None if read.root is None else condition_error(read.root, one.names, one.values)


@rule(
    RULES,
    "expression-unused",
    *OPERATIONS,
    refuses="a name or value that no expression of the call uses",
    source=GUIDE + "Expressions.ExpressionAttributeNames.html; messages as observed",
    certainty="observed",
)
def _unused(ask: JudgedRequest) -> Refusal | None:
    for _, holder in holders(ask.body):
        for member in _MEMBERS:
            given = holder.get(f"ExpressionAttribute{member}")
            if not isinstance(given, dict):
                continue
            mine = [one.expression for one in ask.measured.expressions if one.names is given or one.values is given]
            taken = {name for one in mine for name in (one.aliases if member == "Names" else one.values)}
            unused = [name for name in given if name not in taken]
            if unused:
                return invalid(
                    f"Value provided in ExpressionAttribute{member} unused in expressions: keys: "
                    f"{{{', '.join(unused)}}}"
                )
    return None


@rule(
    RULES,
    "attributes-once",
    "GetItem",
    "BatchGetItem",
    "Query",
    "Scan",
    refuses="an attribute twice in AttributesToGet",
    source=API + "API_GetItem.html (AttributesToGet); message as observed",
    certainty="observed",
)
def _attributes_once(ask: JudgedRequest) -> Refusal | None:
    for _, holder in holders(ask.body):
        wanted = holder.get("AttributesToGet") or ()
        twice = next((name for place, name in enumerate(wanted) if name in wanted[:place]), None)
        if twice is not None:
            return invalid(f"One or more parameter values were invalid: Duplicate value in attribute name: {twice}")
    return None


def _first(ask: JudgedRequest, error_of: Any) -> Refusal | None:
    for one in ask.measured.expressions:
        error = error_of(one)
        if error is not None:
            return invalid(f"Invalid {one.kind}: {error}")
    return None
