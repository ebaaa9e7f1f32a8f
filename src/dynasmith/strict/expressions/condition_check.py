"""What is wrong with the operands of a condition, given the names and values of the request."""

from collections.abc import Callable, Iterator, Mapping

from dynasmith.strict.expressions.expression import CONDITION_FUNCTIONS
from dynasmith.strict.expressions.nodes import CONNECTORS, DocumentPath, FunctionNode, Node, OperatorNode, ValueName
from dynasmith.strict.expressions.operand_check import Values, known_type, needs_path, wrong_count, wrong_type
from dynasmith.strict.expressions.paths import path_text, resolved
from dynasmith.strict.expressions.values import ORDERED, TYPES, order_key, type_of

IN_OPERANDS_MAX = 100  # developer guide, Expressions.OperatorsAndFunctions.html
_UNORDERED_OPERATORS = frozenset({"=", "<>", "IN"})


def condition_error(root: Node, names: Mapping[str, str], values: Values) -> str | None:
    """The first thing that is wrong with the operands of a condition."""
    for node in _judged(root):
        operator, operands = (
            (node.name, node.arguments) if isinstance(node, FunctionNode) else (node.operator, node.operands)
        )
        error = (
            _count_error(operator, len(operands))
            or _distinct_error(operator, operands, names)
            or (
                _function_error(operator, operands, values)
                if isinstance(node, FunctionNode)
                else _comparison_error(operator, operands, values)
            )
        )
        if error is not None:
            return error
    return None


def _judged(node: Node) -> Iterator[FunctionNode | OperatorNode]:
    """Functions and comparisons, what is inside first."""
    if isinstance(node, FunctionNode | OperatorNode):
        for operand in node.arguments if isinstance(node, FunctionNode) else node.operands:
            yield from _judged(operand)
        if isinstance(node, FunctionNode) or node.operator not in CONNECTORS:
            yield node


def _count_error(operator: str, count: int) -> str | None:
    if CONDITION_FUNCTIONS.get(operator, count) != count:
        return wrong_count(operator, count)
    if operator == "IN" and count - 1 > IN_OPERANDS_MAX:
        return wrong_count(operator, count)
    return None


def _distinct_error(operator: str, operands: tuple[Node, ...], names: Mapping[str, str]) -> str | None:
    if len(operands) != 2 or not all(isinstance(operand, DocumentPath) for operand in operands):
        return None
    first, second = (resolved(operand, names) for operand in operands if isinstance(operand, DocumentPath))
    if first != second:
        return None
    return (
        "The first operand must be distinct from the remaining operands for this operator or function; operator: "
        f"{operator}, first operand: {path_text(first)}"
    )


def _exists(name: str, operands: tuple[Node, ...], _: Values) -> str | None:
    return None if isinstance(operands[0], DocumentPath) else needs_path(name)


def _begins(name: str, operands: tuple[Node, ...], values: Values) -> str | None:
    for operand in operands:
        kind = known_type(operand, values)
        if kind is not None and kind not in {"S", "B"}:
            return wrong_type(name, kind)
    return None


def _typed(name: str, operands: tuple[Node, ...], values: Values) -> str | None:
    wanted = operands[1]
    kind = known_type(wanted, values)
    if kind != "S" or not isinstance(wanted, ValueName):
        return wrong_type(name, kind or "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}")
    text = values[wanted.name]["S"]
    if text in TYPES:
        return None
    return f"Invalid attribute type name found; type: {text}, valid types: {{B,NULL,SS,BOOL,L,BS,N,NS,S,M}}"


def _sized(name: str, operands: tuple[Node, ...], values: Values) -> str | None:
    kind = known_type(operands[0], values)
    return wrong_type(name, kind) if kind in {"N", "BOOL", "NULL"} else None


_FUNCTIONS: Mapping[str, Callable[[str, tuple[Node, ...], Values], str | None]] = {
    "attribute_exists": _exists,
    "attribute_not_exists": _exists,
    "begins_with": _begins,
    "attribute_type": _typed,
    "size": _sized,
}


def _function_error(name: str, operands: tuple[Node, ...], values: Values) -> str | None:
    check = _FUNCTIONS.get(name)
    return None if check is None else check(name, operands, values)


def _comparison_error(operator: str, operands: tuple[Node, ...], values: Values) -> str | None:
    if operator in _UNORDERED_OPERATORS:
        return None
    for operand in operands:
        kind = known_type(operand, values)
        if kind is not None and kind not in ORDERED:
            return wrong_type(operator, kind)
    return _bounds_error(operands[1:], values) if operator == "BETWEEN" else None


def _bounds_error(bounds: tuple[Node, ...], values: Values) -> str | None:
    low, high = (values.get(bound.name) if isinstance(bound, ValueName) else None for bound in bounds)
    if low is None or high is None:
        return None
    shown = ", ".join(
        f"{which} bound operand: AttributeValue: {{{type_of(value)}:{value[type_of(value)]}}}"
        for which, value in (("lower", low), ("upper", high))
    )
    if type_of(low) != type_of(high):
        return f"The BETWEEN operator requires same data type for lower and upper bounds; {shown}"
    if order_key(low) > order_key(high):
        return f"The BETWEEN operator requires upper bound to be greater than or equal to lower bound; {shown}"
    return None
