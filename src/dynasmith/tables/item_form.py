"""Which form an item of a definition has: plain, or DynamoDB JSON (API, shape AttributeValue)."""

import binascii
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

DESCRIPTORS: Final = frozenset(("S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"))


def is_dynamodb_json(item: dict[str, Any]) -> bool:
    """Is the item DynamoDB JSON: is every attribute one type descriptor with what fits it? Anything else is plain."""
    return bool(item) and all(is_typed(value) for value in item.values())


def is_described(value: Any) -> bool:
    """Is the value a map of exactly one type descriptor, whatever it holds?"""
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in DESCRIPTORS


def is_typed(value: Any) -> bool:
    """Is the value one of DynamoDB JSON, to its last level?"""
    if not is_described(value):
        return False
    ((descriptor, content),) = value.items()
    return _FITS[descriptor](content)


def key_type_of(value: Any, *, dynamodb_json: bool) -> str:
    """``S``, ``N`` or ``B`` for a value that a key can have; otherwise what it is, in words."""
    if dynamodb_json:
        return str(next(iter(value)))
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, str):
        return "S"
    if isinstance(value, int | float):
        return "N"
    return "null" if value is None else f"a {type(value).__name__}".replace("dict", "map")


def _is_text(content: Any) -> bool:
    return isinstance(content, str)


def _is_number(content: Any) -> bool:
    try:
        return isinstance(content, str) and Decimal(content).is_finite()
    except InvalidOperation:
        return False


def _is_binary(content: Any) -> bool:
    try:
        return isinstance(content, str) and binascii.a2b_base64(content, strict_mode=True) is not None
    except ValueError:
        return False


def _each(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda content: isinstance(content, list) and all(map(fits, content))


_FITS: Final[dict[str, Callable[[Any], bool]]] = {
    "S": _is_text,
    "N": _is_number,
    "B": _is_binary,
    "BOOL": lambda content: isinstance(content, bool),
    "NULL": lambda content: content is True,
    "L": _each(is_typed),
    "M": lambda content: isinstance(content, dict) and all(map(is_typed, content.values())),
    "SS": _each(_is_text),
    "NS": _each(_is_number),
    "BS": _each(_is_binary),
}
