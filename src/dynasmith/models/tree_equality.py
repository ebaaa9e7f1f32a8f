"""Whether two stored values are one value: numbers by their value, sets without order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any


def same_tree(one: Any, other: Any) -> bool:
    """Whether two values of DynamoDB JSON are the same to DynamoDB."""
    if one == other:
        return True
    if not isinstance(one, dict) or not isinstance(other, dict) or one.keys() != other.keys() or len(one) != 1:
        return False
    ((tag, left),) = one.items()
    right = other[tag]
    match tag:
        case "N":
            return Decimal(left) == Decimal(right)
        case "SS" | "BS":
            return set(left) == set(right)
        case "NS":
            return {Decimal(member) for member in left} == {Decimal(member) for member in right}
        case "L":
            return len(left) == len(right) and all(map(same_tree, left, right))
        case "M":
            return same_item(left, right)
        case "SEALED":  # whichever key encrypts it
            return same_tree(left.tree, right.tree)
    return False


def same_item(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two items of DynamoDB JSON are the same."""
    return one.keys() == other.keys() and all(same_tree(value, other[name]) for name, value in one.items())
