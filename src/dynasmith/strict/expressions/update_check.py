"""What the actions of an update say against it, given the names and values of the request: overlaps, counts, types."""

from collections.abc import Mapping

from dynasmith.strict.expressions.expression import UPDATE_FUNCTIONS
from dynasmith.strict.expressions.nodes import DocumentPath, FunctionNode, Node, OperatorNode, UpdateAction, walk
from dynasmith.strict.expressions.operand_check import Values, known_type, needs_path, wrong_count, wrong_type
from dynasmith.strict.expressions.paths import overlap_error, resolved

_SETS = frozenset({"SS", "NS", "BS"})
_WORDS = {"S": "STRING", "N": "NUMBER", "B": "BINARY", "NULL": "NULL", "BOOL": "BOOLEAN", "L": "LIST", "M": "MAP"}


def update_error(actions: tuple[UpdateAction, ...], names: Mapping[str, str], values: Values) -> str | None:
    """The first thing that is wrong with the paths and operands of an update."""
    error = overlap_error(resolved(action.path, names) for action in actions)
    for action in actions:
        error = error or _set_operand_error(action, values)
    for action in actions:
        if action.value is not None:
            for node in walk(action.value):
                error = error or _function_error(node, values)
    return error


def _set_operand_error(action: UpdateAction, values: Values) -> str | None:
    """ADD takes a number or a set, DELETE a set."""
    if action.clause not in {"ADD", "DELETE"} or action.value is None:
        return None
    kind = known_type(action.value, values)
    if kind is None or kind in _SETS or (kind == "N" and action.clause == "ADD"):
        return None
    return (
        f"Incorrect operand type for operator or function; operator: {action.clause}, operand type: "
        f"{_WORDS.get(kind, kind)}, typeSet: ALLOWED_FOR_{action.clause}_OPERAND"
    )


def _function_error(node: Node, values: Values) -> str | None:
    if isinstance(node, FunctionNode):
        name, operands, wanted = node.name, node.arguments, "L" if node.name == "list_append" else None
        if len(operands) != UPDATE_FUNCTIONS[name]:
            return wrong_count(name, len(operands))
        if name == "if_not_exists" and not isinstance(operands[0], DocumentPath):
            return needs_path(name)
    elif isinstance(node, OperatorNode):
        name, operands, wanted = node.operator, node.operands, "N"
    else:
        return None
    for operand in operands:
        kind = known_type(operand, values)
        if wanted is not None and kind is not None and kind != wanted:
            return wrong_type(name, kind)
    return None


def assigned_types(
    actions: tuple[UpdateAction, ...], names: Mapping[str, str], values: Values
) -> dict[str, tuple[str, Mapping[str, object] | None]]:
    """The top-level attributes that an update gives a type that the request says: their type, and their value where it
    is a constant of the request.
    """
    found: dict[str, tuple[str, Mapping[str, object] | None]] = {}
    for action in actions:
        path = resolved(action.path, names)
        if len(path) != 1 or action.value is None or action.clause == "DELETE":
            continue
        kind = known_type(action.value, values)
        if kind is not None:
            constant = values.get(getattr(action.value, "name", "")) if action.clause == "SET" else None
            found[str(path[0])] = (kind, constant)
    return found
