"""What an expression says of the types of its operands: the constants of a request, and what functions give."""

from collections.abc import Mapping
from typing import Any

from dynasmith.strict.expressions.nodes import FunctionNode, Node, OperatorNode, ValueName
from dynasmith.strict.expressions.values import type_of

Values = Mapping[str, Mapping[str, Any]]
_GIVES = {"size": "N", "list_append": "L"}


def known_type(node: Node, values: Values) -> str | None:
    """The type of an operand as far as the request says it."""
    if isinstance(node, ValueName):
        return type_of(values.get(node.name)) or None
    if isinstance(node, FunctionNode):
        if node.name == "if_not_exists" and len(node.arguments) == 2:
            return known_type(node.arguments[1], values)
        return _GIVES.get(node.name)
    return "N" if isinstance(node, OperatorNode) else None


def wrong_type(name: str, kind: str) -> str:
    """The service's message for an operand of a type that the function or operator does not take."""
    return f"Incorrect operand type for operator or function; operator or function: {name}, operand type: {kind}"


def wrong_count(name: str, count: int) -> str:
    """The service's message for a function with too few or too many arguments."""
    return (
        f"Incorrect number of operands for operator or function; operator or function: {name}, number of operands: "
        f"{count}"
    )


def needs_path(name: str) -> str:
    """The service's message for a function whose first argument is no document path."""
    return f"Operator or function requires a document path; operator or function: {name}"
