"""How many values of a personal attribute were masked, dropped or passed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import msgspec


class PersonalCounts(msgspec.Struct, frozen=True):
    """Values of one personal attribute in the items that were copied: each element of a list or a set is one, and each
    value in a map. NULL and the empty string are none. ``a + b`` adds them up."""

    #: Replaced by another value.
    masked: int = 0
    #: Taken away, while the rest of the item went on.
    dropped: int = 0
    #: Copied as they were.
    passed: int = 0

    def __add__(self, other: PersonalCounts) -> PersonalCounts:
        return PersonalCounts(self.masked + other.masked, self.dropped + other.dropped, self.passed + other.passed)


Personal: TypeAlias = Mapping[str, PersonalCounts]
"""The counts of each personal attribute, by its path."""


def both(one: Personal, other: Personal) -> dict[str, PersonalCounts]:
    """The sums of two, attribute by attribute."""
    return {name: one.get(name, _NONE) + other.get(name, _NONE) for name in {**one, **other}}


_NONE = PersonalCounts()
