"""Whether an item meets a condition, as the service would decide it.

What is not there meets no comparison but ``<>``, and values of different types are unequal and have no order. Two
attributes that are both absent are unequal here; no source says what the service makes of them, and engines differ.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, assert_never

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
from dynasmith.items.value import kind_of, same_value

_MISSING: Final = object()


def matches(node: Node, item: Mapping[str, Any]) -> bool:
    """Whether the item meets the condition. Touches only the attributes that it names."""
    match node:
        case Compare(comparator, left, right):
            return _compare(comparator, _value(left, item), _value(right, item))
        case Between(operand, low, high):
            value = _value(operand, item)
            return _compare(">=", value, _value(low, item)) and _compare("<=", value, _value(high, item))
        case In(operand, options):
            value = _value(operand, item)
            return any(_compare("=", value, _value(option, item)) for option in options)
        case FunctionCall(function, path, operand):
            return _call(function, _value(path, item), _MISSING if operand is None else _value(operand, item))
        case Not(term):
            return not matches(term, item)
        case AllOf(terms):
            return all(matches(term, item) for term in terms)
        case AnyOf(terms):
            return any(matches(term, item) for term in terms)
        case _:
            assert_never(node)


def _value(operand: Operand, item: Mapping[str, Any]) -> Any:
    match operand:
        case Value(value):
            return value
        case Path(parts):
            return _inside(item, parts)
        case Size(path):
            return _size(_inside(item, path.parts))
        case _:
            assert_never(operand)


def _inside(item: Mapping[str, Any], parts: tuple[str | int, ...]) -> Any:
    value: Any = item
    for part in parts:
        if isinstance(part, int):
            if not isinstance(value, list | tuple) or part >= len(value):
                return _MISSING
            value = value[part]
        else:
            if not isinstance(value, Mapping):
                return _MISSING
            value = value.get(part, _MISSING)
    return value


def _size(value: Any) -> Any:
    """Characters of a string, bytes of binary, members of a set, list or map; nothing else has a size."""
    if isinstance(value, str | bytes | list | tuple | set | frozenset | Mapping):
        return Decimal(len(value))
    return _MISSING


def _compare(comparator: str, left: Any, right: Any) -> bool:
    if left is _MISSING or right is _MISSING:
        return comparator == "<>"
    if comparator == "=":
        return same_value(left, right)
    if comparator == "<>":
        return not same_value(left, right)
    kind = kind_of(left)
    if kind != kind_of(right) or kind not in ("S", "N", "B"):
        return False
    match comparator:
        case "<":
            return bool(left < right)
        case "<=":
            return bool(left <= right)
        case ">":
            return bool(left > right)
        case _:
            return bool(left >= right)


def _call(function: str, value: Any, operand: Any) -> bool:
    if function == "attribute_not_exists":
        return value is _MISSING
    if value is _MISSING:
        return False
    match function:
        case "attribute_exists":
            return True
        case "attribute_type":
            return bool(kind_of(value) == operand)
        case "begins_with":
            return _begins_with(value, operand)
        case _:
            return operand is not _MISSING and _contains(value, operand)


def _begins_with(value: Any, operand: Any) -> bool:
    if isinstance(value, str) and isinstance(operand, str):
        return value.startswith(operand)
    return isinstance(value, bytes) and isinstance(operand, bytes) and value.startswith(operand)


def _contains(value: Any, operand: Any) -> bool:
    if isinstance(value, str):
        return isinstance(operand, str) and operand in value
    if isinstance(value, bytes):
        return isinstance(operand, bytes) and operand in value
    if isinstance(value, list | tuple | set | frozenset):
        return any(same_value(member, operand) for member in value)
    return False
