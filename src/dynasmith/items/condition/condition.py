"""``Condition``: a condition that can be shown, evaluated here, and sent to the service."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, assert_never

from dynasmith.items.condition.evaluate import matches
from dynasmith.items.condition.parse import KEYWORDS, parse_node
from dynasmith.items.condition.tree import (
    AllOf,
    AnyOf,
    Between,
    Compare,
    FunctionCall,
    In,
    Node,
    Not,
    Operand,
    Path,
    Size,
    Value,
)
from dynasmith.items.value import encode_tree


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition as Scan, Query and writes take it: the expression, its names, its values in DynamoDB JSON."""

    expression: str
    names: Mapping[str, str]
    values: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on items. ``str`` gives a text that parses to the same."""

    node: Node

    def __call__(self, item: Mapping[str, Any]) -> bool:
        """Whether the item meets the condition."""
        return matches(self.node, item)

    def matches(self, item: Mapping[str, Any]) -> bool:
        """Whether an item in plain Python (or a LazyItem) meets it. Touches only the attributes that it names."""
        return matches(self.node, item)

    def filter(self) -> Filter:
        """The same for the service. Names and values are placeholders, so that no reserved word is in the way."""
        writer = _Placeholders()
        expression = _write(self.node, writer)
        names = {placeholder: name for name, placeholder in writer.names.items()}
        return Filter(expression, names, writer.values)

    def __str__(self) -> str:
        return _write(self.node, _Inline())


class Expressions:
    """Several expressions of one request, which share the placeholders of its names and values."""

    def __init__(self) -> None:
        self._writer = _Placeholders()

    def of(self, nodes: Sequence[Node]) -> str:
        """The expression that all of these hold."""
        return " AND ".join([_inner(node, self._writer) for node in nodes])

    def paths(self, paths: Sequence[Path]) -> str:
        """A projection expression."""
        return ", ".join([_operand(path, self._writer) for path in paths])

    @property
    def names(self) -> dict[str, str]:
        """The placeholders of names."""
        return {placeholder: name for name, placeholder in self._writer.names.items()}

    @property
    def values(self) -> dict[str, Mapping[str, Any]]:
        """The placeholders of values, in DynamoDB JSON."""
        return self._writer.values


def parse_condition(text: str) -> Condition:
    """The condition that a person wrote. Raises UsageError, which shows the place and what was expected there."""
    return Condition(parse_node(text))


class _Inline:
    """Names and values as a person writes them."""

    def name(self, name: str) -> str:
        plain = name.isidentifier() and name.upper() not in KEYWORDS
        return name if plain else '"' + name.replace('"', '""') + '"'

    def value(self, value: Any) -> str:
        if isinstance(value, str):
            return "'" + value.replace("'", "''") + "'"
        if value is None or isinstance(value, bool):
            return str(value).lower() if value is not None else "null"
        return str(value) if not isinstance(value, bytes) else "'" + b64encode(value).decode() + "'"


@dataclass
class _Placeholders:
    """Names and values as the service wants them; one placeholder for each name."""

    names: dict[str, str] = field(default_factory=dict)
    values: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def name(self, name: str) -> str:
        return self.names.setdefault(name, f"#n{len(self.names)}")

    def value(self, value: Any) -> str:
        placeholder = f":v{len(self.values)}"
        self.values[placeholder] = encode_tree(value)
        return placeholder


def _write(node: Node, to: _Inline | _Placeholders) -> str:
    match node:
        case Compare(comparator, left, right):
            return f"{_operand(left, to)} {comparator} {_operand(right, to)}"
        case Between(operand, low, high):
            return f"{_operand(operand, to)} BETWEEN {_operand(low, to)} AND {_operand(high, to)}"
        case In(operand, options):
            return f"{_operand(operand, to)} IN ({', '.join([_operand(option, to) for option in options])})"
        case FunctionCall(function, path, operand):
            second = "" if operand is None else f", {_operand(operand, to)}"
            return f"{function}({_operand(path, to)}{second})"
        case Not(term):
            return f"NOT {_inner(term, to)}"
        case AllOf(terms):
            return " AND ".join([_inner(term, to) for term in terms])
        case AnyOf(terms):
            return " OR ".join([_inner(term, to) for term in terms])
        case _:
            assert_never(node)


def _inner(node: Node, to: _Inline | _Placeholders) -> str:
    text = _write(node, to)
    return f"({text})" if isinstance(node, AllOf | AnyOf) else text


def _operand(operand: Operand, to: _Inline | _Placeholders) -> str:
    match operand:
        case Path(parts):
            pieces = [f"[{part}]" if isinstance(part, int) else f".{to.name(part)}" for part in parts]
            return "".join(pieces)[1:]
        case Size(path):
            return f"size({_operand(path, to)})"
        case Value(value):
            return to.value(value)
        case _:
            assert_never(operand)
