"""What an expression is made of once it is read. All of it is frozen, so that it can be kept and shared."""

from collections.abc import Iterator
from dataclasses import dataclass

COMPARATORS = frozenset({"=", "<>", "<", "<=", ">", ">="})
CONNECTORS = frozenset({"AND", "OR", "NOT"})
CONDITIONS = COMPARATORS | CONNECTORS | {"BETWEEN", "IN"}


@dataclass(frozen=True, slots=True)
class DocumentPath:
    """A document path as it is written: names and ``#placeholders``, and the numbers of list elements."""

    parts: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class ValueName:
    """A ``:placeholder``."""

    name: str


@dataclass(frozen=True, slots=True)
class FunctionNode:
    """A function with its arguments."""

    name: str
    arguments: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class OperatorNode:
    """A comparison, BETWEEN, IN, AND, OR, NOT, or the + and - of SET, with its operands in their order."""

    operator: str
    operands: "tuple[Node, ...]"


Node = DocumentPath | ValueName | FunctionNode | OperatorNode


@dataclass(frozen=True, slots=True)
class UpdateAction:
    """One action of an update expression: ``clause`` SET, REMOVE, ADD or DELETE; REMOVE has no value."""

    clause: str
    path: DocumentPath
    value: Node | None = None


def is_condition(node: Node) -> bool:
    """Whether a node can be true or false: an operation of a condition, or a function (which one is checked later)."""
    return isinstance(node, FunctionNode) or (isinstance(node, OperatorNode) and node.operator in CONDITIONS)


def walk(node: Node) -> Iterator[Node]:
    """A node and all that is in it, in the order of the text."""
    yield node
    if isinstance(node, FunctionNode):
        for argument in node.arguments:
            yield from walk(argument)
    elif isinstance(node, OperatorNode):
        for operand in node.operands:
            yield from walk(operand)
