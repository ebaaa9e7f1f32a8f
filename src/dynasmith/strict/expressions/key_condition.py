"""The conditions on keys that a KeyConditionExpression says, as KeyConditions would say them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dynasmith.strict.expressions.nodes import DocumentPath, FunctionNode, Node, OperatorNode, ValueName, walk
from dynasmith.strict.expressions.operand_check import Values
from dynasmith.strict.expressions.paths import resolved
from dynasmith.strict.expressions.tokens import ExpressionError

_OPERATORS = {
    "=": "EQ",
    "<": "LT",
    "<=": "LE",
    ">": "GT",
    ">=": "GE",
    "BETWEEN": "BETWEEN",
    "begins_with": "BEGINS_WITH",
}
_TURNED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_INVALID = "Invalid condition in KeyConditionExpression"
_FIRST = frozenset({"BETWEEN", "begins_with"})


@dataclass(frozen=True, slots=True)
class KeyConstraint:
    """One condition on a key attribute: the operator of KeyConditions, and its values."""

    operator: str
    values: tuple[Mapping[str, Any], ...]


def key_constraints(root: Node, names: Mapping[str, str], values: Values) -> dict[str, KeyConstraint]:
    """The conditions by attribute. ExpressionError, with the service's whole message, for what cannot be one."""
    found: dict[str, KeyConstraint] = {}
    _collect(root, names, values, found)
    return found


def is_usual(root: Node) -> bool:
    """Whether the attribute comes first in every condition, without parentheses: how every engine reads it."""
    return all(
        not isinstance(node, OperatorNode) or node.operator == "AND" or isinstance(node.operands[0], DocumentPath)
        for node in walk(root)
    )


def _collect(node: Node, names: Mapping[str, str], values: Values, found: dict[str, KeyConstraint]) -> None:
    if isinstance(node, OperatorNode) and node.operator == "AND":
        for operand in node.operands:
            _collect(operand, names, values, found)
        return
    if isinstance(node, FunctionNode):
        operator, operands = node.name, node.arguments
    elif isinstance(node, OperatorNode):
        operator, operands = node.operator, node.operands
    else:
        raise ExpressionError(f"{_INVALID}: No key attribute specified")
    if operator not in _OPERATORS:
        raise ExpressionError(f"Invalid operator used in KeyConditionExpression: {operator}")
    if any(isinstance(operand, FunctionNode | OperatorNode) for operand in operands):
        raise ExpressionError("KeyConditionExpressions cannot contain nested operations")
    place = _place_of_key(operator, operands)
    if place:
        operator, operands = _TURNED[operator], (operands[1], operands[0])
    path = operands[0]
    assert isinstance(path, DocumentPath)
    name = resolved(path, names)
    if len(name) > 1:
        raise ExpressionError("KeyConditionExpressions cannot have conditions on nested attributes")
    if name[0] in found:
        raise ExpressionError("KeyConditionExpressions must only contain one condition per key")
    constants = tuple(values[operand.name] for operand in operands[1:] if isinstance(operand, ValueName))
    found[str(name[0])] = KeyConstraint(_OPERATORS[operator], constants)


def _place_of_key(operator: str, operands: tuple[Node, ...]) -> int:
    """Which operand is the attribute."""
    if operator in _FIRST and not isinstance(operands[0], DocumentPath):
        raise ExpressionError(f"{_INVALID}: {operator} operator must have the key attribute as its first operand")
    places = [place for place, operand in enumerate(operands) if isinstance(operand, DocumentPath)]
    if not places:
        raise ExpressionError(f"{_INVALID}: No key attribute specified")
    if len(places) > 1:
        raise ExpressionError(f"{_INVALID}: Multiple attribute names used in one condition")
    return places[0]
