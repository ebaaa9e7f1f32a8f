"""What was read of an expression as a text again, without parentheses around operands: not every engine reads those."""

from collections.abc import Iterable

from dynasmith.strict.expressions.nodes import (
    CONNECTORS,
    DocumentPath,
    FunctionNode,
    Node,
    OperatorNode,
    UpdateAction,
    ValueName,
)


def path_expression(path: DocumentPath) -> str:
    """A document path as it is written."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path.parts)
    return "".join(parts).removeprefix(".")


def text_of(node: Node) -> str:
    """A condition or an operand as it is written."""
    if isinstance(node, DocumentPath):
        return path_expression(node)
    if isinstance(node, ValueName):
        return node.name
    if isinstance(node, FunctionNode):
        return f"{node.name}({', '.join(text_of(argument) for argument in node.arguments)})"
    operator, operands = node.operator, [_inside(operand) for operand in node.operands]
    if operator == "NOT":
        return f"NOT {operands[0]}"
    if operator == "BETWEEN":
        return f"{operands[0]} BETWEEN {operands[1]} AND {operands[2]}"
    if operator == "IN":
        return f"{operands[0]} IN ({', '.join(operands[1:])})"
    return f" {operator} ".join(operands)


def _inside(node: Node) -> str:
    connected = isinstance(node, OperatorNode) and node.operator in CONNECTORS
    return f"({text_of(node)})" if connected else text_of(node)


def update_text(actions: Iterable[UpdateAction]) -> str:
    """An update expression as it is written."""
    clauses: dict[str, list[str]] = {}
    for action in actions:
        path = path_expression(action.path)
        if action.value is not None:
            path += (" = " if action.clause == "SET" else " ") + text_of(action.value)
        clauses.setdefault(action.clause, []).append(path)
    return " ".join(f"{clause} {', '.join(parts)}" for clause, parts in clauses.items())
