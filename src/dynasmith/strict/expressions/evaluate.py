"""What an expression means of an item: whether a condition holds, and what a projection leaves of it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dynasmith.strict.expressions.nodes import DocumentPath, FunctionNode, Node, OperatorNode, ValueName
from dynasmith.strict.expressions.paths import ResolvedPath, resolved
from dynasmith.strict.expressions.values import ORDERED, canonical, order_key, size_of, type_of

Item = Mapping[str, Any]
_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": lambda one, other: bool(one < other),
    "<=": lambda one, other: bool(one <= other),
    ">": lambda one, other: bool(one > other),
    ">=": lambda one, other: bool(one >= other),
}


def value_at(item: Item, path: ResolvedPath) -> Any:
    """The attribute value at a path; None where there is none."""
    value: Any = {"M": item}
    for part in path:
        content = value.get("L" if isinstance(part, int) else "M")
        if isinstance(part, int):
            value = content[part] if content is not None and part < len(content) else None
        else:
            value = None if content is None else content.get(part)
        if value is None:
            return None
    return value


class Evaluation:
    """Evaluates conditions with the names and values of one request."""

    def __init__(self, names: Mapping[str, str], values: Mapping[str, Mapping[str, Any]]) -> None:
        self._names = names
        self._values = values

    def value(self, node: Node, item: Item) -> Any:
        """The value of an operand; None for what is not there."""
        if isinstance(node, DocumentPath):
            return value_at(item, resolved(node, self._names))
        if isinstance(node, ValueName):
            return self._values.get(node.name)
        if isinstance(node, FunctionNode) and node.name == "size":
            size = size_of(self.value(node.arguments[0], item))
            return None if size is None else {"N": str(size)}
        return None

    def holds(self, node: Node, item: Item) -> bool:
        """Whether a condition is true of an item."""
        if isinstance(node, FunctionNode):
            return self._function(node, item)
        if not isinstance(node, OperatorNode):
            return False
        operator, operands = node.operator, node.operands
        if operator == "NOT":
            return not self.holds(operands[0], item)
        if operator == "AND":
            return all(self.holds(operand, item) for operand in operands)
        if operator == "OR":
            return any(self.holds(operand, item) for operand in operands)
        return self._compare(operator, [self.value(operand, item) for operand in operands])

    def _compare(self, operator: str, values: list[Any]) -> bool:
        first, others = values[0], values[1:]
        if operator in {"=", "IN"}:
            return any(_equal(first, other) for other in others)
        if operator == "<>":
            return not _equal(first, others[0])
        if operator == "BETWEEN":
            return _ordered(">=", first, others[0]) and _ordered("<=", first, others[1])
        return _ordered(operator, first, others[0])

    def _function(self, node: FunctionNode, item: Item) -> bool:
        value, *others = (self.value(argument, item) for argument in node.arguments)
        if node.name == "attribute_not_exists":
            return value is None
        if value is None:
            return False
        if node.name == "attribute_exists":
            return True
        other = others[0]
        if other is None:
            return False
        if node.name == "attribute_type":
            return bool(type_of(value) == other.get("S"))
        return _begins(value, other) if node.name == "begins_with" else _contains(value, other)


def _equal(one: Any, other: Any) -> bool:
    return one is not None and other is not None and bool(canonical(one) == canonical(other))


def _ordered(operator: str, one: Any, other: Any) -> bool:
    kind = type_of(one)
    if kind not in ORDERED or kind != type_of(other):
        return False
    return _ORDER[operator](order_key(one), order_key(other))


def _begins(value: Any, other: Any) -> bool:
    kind = type_of(value)
    return kind in {"S", "B"} and kind == type_of(other) and bool(order_key(value).startswith(order_key(other)))


def _contains(value: Any, other: Any) -> bool:
    kind, wanted = type_of(value), type_of(other)
    if kind in {"S", "B"}:
        return kind == wanted and bool(order_key(other) in order_key(value))
    if kind == "L":
        return any(_equal(member, other) for member in value["L"])
    return kind in {"SS", "NS", "BS"} and kind[0] == wanted and bool(canonical(other)[1] in canonical(value)[1])


def projected(item: Item, paths: Iterable[ResolvedPath]) -> dict[str, Any]:
    """What paths leave of an item: each with what it is in, elements of lists one after the other."""
    tree: dict[str | int, Any] = {}
    for path in paths:
        branch = tree
        for part in path[:-1]:
            branch = branch.setdefault(part, {})
        branch[path[-1]] = None
    kept = _kept({"M": item}, tree)
    return {} if kept is None else dict(kept["M"])


def _kept(value: Any, tree: Mapping[str | int, Any] | None) -> Any:
    if tree is None:
        return value
    if all(isinstance(part, int) for part in tree):
        members = value.get("L")
        places = [part for part in sorted(tree, key=str) if isinstance(part, int)] if members is not None else []
        found = [
            one
            for place in sorted(places)
            if place < len(members) and (one := _kept(members[place], tree[place])) is not None
        ]
        return {"L": found} if found else None
    content = value.get("M")
    if content is None:
        return None
    inside = {
        name: one
        for name, branch in tree.items()
        if name in content and (one := _kept(content[name], branch)) is not None
    }
    return {"M": inside} if inside else None
