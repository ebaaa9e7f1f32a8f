"""Attribute values as expressions compare them."""

import base64
import binascii
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

ORDERED = frozenset({"S", "N", "B"})
TYPES = frozenset({"S", "N", "B", "SS", "NS", "BS", "BOOL", "NULL", "L", "M"})
_MEMBERS = {"SS": "S", "NS": "N", "BS": "B"}


def type_of(value: Any) -> str:
    """The type of an attribute value, "" for what is none."""
    return next(iter(value), "") if isinstance(value, Mapping) else ""


def order_key(value: Mapping[str, Any]) -> Any:
    """What orders values of the types S, N and B: UTF-8 bytes, the number, the bytes."""
    kind = type_of(value)
    content = str(value[kind])
    if kind == "N":
        try:
            return Decimal(content)
        except InvalidOperation:
            return Decimal(0)
    if kind == "B":
        try:
            return base64.b64decode(content)
        except binascii.Error:
            return content.encode()
    return content.encode("utf-8", "surrogatepass")


def canonical(value: Any) -> Any:
    """A value that is equal for equal attribute values (numbers by value, sets in any order), and hashable."""
    kind = type_of(value)
    if kind in ORDERED:
        return kind, order_key(value)
    content: Any = value[kind] if kind else None
    if kind in _MEMBERS:
        return kind, frozenset(order_key({_MEMBERS[kind]: member}) for member in content)
    if kind == "L":
        return kind, tuple(canonical(member) for member in content)
    if kind == "M":
        return kind, frozenset((name, canonical(member)) for name, member in content.items())
    return kind, content


def size_of(value: Any) -> int | None:
    """What the function size gives: characters of a string, bytes of a binary, members of a set, list or map."""
    kind = type_of(value)
    if kind == "S":
        return len(value["S"])
    if kind == "B":
        return len(order_key(value))
    return len(value[kind]) if kind in {*_MEMBERS, "L", "M"} else None
