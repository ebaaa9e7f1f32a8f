"""Which form an item of a definition has: plain, or DynamoDB JSON."""

from typing import Any

# The type descriptors of DynamoDB JSON (API, shape AttributeValue).
DESCRIPTORS = frozenset(("S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"))


def is_dynamodb_json(item: dict[str, Any]) -> bool:
    """Is the item DynamoDB JSON: is every attribute a map of exactly one type descriptor? Anything else is plain."""
    return bool(item) and all(
        isinstance(value, dict) and len(value) == 1 and next(iter(value)) in DESCRIPTORS for value in item.values()
    )


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
