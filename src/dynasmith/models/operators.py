"""What each operator works on: for an attribute of another type DynamoDB finds nothing, and reports no error."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from typing import Any, Final

from dynasmith.errors import UsageError

_ORDERED: Final = frozenset({"S", "N", "B"})
OPERATOR_TAGS: Final = {
    "<": _ORDERED,
    "<=": _ORDERED,
    ">": _ORDERED,
    ">=": _ORDERED,
    "BETWEEN": _ORDERED,
    "begins_with": frozenset({"S", "B"}),
    "contains": frozenset({"S", "B", "SS", "NS", "BS", "L"}),
    "size": frozenset({"S", "B", "SS", "NS", "BS", "L", "M"}),
}
"""The types that each operator works on, of those that do not work on all. Source: Amazon DynamoDB Developer Guide,
"Comparison operator and function reference"."""
_WORKS_ON: Final = {
    "begins_with": "text and bytes",
    "contains": "text, sets and lists",
    "size": "text, bytes, sets, lists and maps",
}


def check_operator(place: object, operator: str, tags: Collection[str]) -> None:
    """Raise UsageError where the operator can never hold for values of these types."""
    allowed = OPERATOR_TAGS.get(operator)
    if allowed is not None and allowed.isdisjoint(tags):
        name = {"BETWEEN": "between()"}.get(operator, operator if operator[0] in "<>" else f"{operator}()")
        works_on = _WORKS_ON.get(operator, "text, numbers and bytes")
        raise UsageError(f"{place} is stored as {' or '.join(tags)}, and {name} works on {works_on}.")


def check_same_type(place: object, tags: Collection[str], other: object, others: Collection[str]) -> None:
    """Raise UsageError where two attributes can never have the same type."""
    if set(tags).isdisjoint(others):
        raise UsageError(
            f"{place} is stored as {' or '.join(tags)}, and {other} as {' or '.join(others)}.",
            hint="compare or set attributes of one type",
        )


def members_of(place: object, given: Iterable[Any]) -> set[Any]:
    """The members of a set that are given one by one or as one collection. Raises UsageError for none."""
    members: list[Any] = []
    for each in given:
        members += each if isinstance(each, AbstractSet | list | tuple) else [each]
    if not members:
        raise UsageError(f"No members are given for the set {place}.", hint="leave the action out")
    return set(members)


def is_nothing(value: Any) -> bool:
    """Whether an item has no attribute for the value: None, and an empty set."""
    return value is None or (isinstance(value, AbstractSet) and not value)
