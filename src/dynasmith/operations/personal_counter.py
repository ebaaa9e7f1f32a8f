"""A transform that counts what becomes of personal values: masked, dropped or passed, attribute by attribute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeAlias

from dynasmith.items.ctx import Context
from dynasmith.items.personal_counts import Personal, PersonalCounts
from dynasmith.items.transform import Function, Result, several_items
from dynasmith.operations.operation import Item
from dynasmith.operations.personal_data import PersonalPlace, personal_places
from dynasmith.tables.attribute_path import AttributePath, read_path

_Values: TypeAlias = list[Any]
_Source: TypeAlias = tuple[str, AttributePath, tuple[PersonalPlace, ...]]


@dataclass(slots=True)
class PersonalCounter:
    """A function for a ``Transform`` that does what ``function`` does (nothing, where it is None), and counts.

    ``names`` are the personal attributes of the items that it is given. A place that an operation masks holds masked
    values, whatever they are; what a function made of a value is told by comparing. Items that are left out (a sample,
    a function that returns None) are not counted. About 3 us for each attribute of an item.
    """

    function: Function | None
    names: tuple[str, ...]
    _sources: tuple[_Source, ...] = field(init=False, repr=False)
    _taken: dict[str, list[int]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        places = personal_places(self.names, self.function)
        self._sources = tuple(
            (name, path, tuple(place for place in places if place.name == name))
            for name in self.names
            if (path := read_path(name)) is not None
        )

    @property
    def masks(self) -> bool:
        """Whether the function masks."""
        return bool(getattr(self.function, "masks", False))

    def take(self) -> Personal:
        """What was counted since it was asked before."""
        taken, self._taken = self._taken, {}
        return {name: PersonalCounts(*counts) for name, counts in taken.items()}

    def __call__(self, item: Item, ctx: Context) -> Result:
        """What the function makes of it. Raises what that raises."""
        before = [_values(item, path) for _, path, _ in self._sources]
        result = item if self.function is None else self.function(item, ctx)
        if result is None:
            return None
        if isinstance(result, Mapping):
            self._count(before, [[_values(result, place.path) for place in places] for *_, places in self._sources])
            return result
        return self._several(before, several_items(result))

    def _several(self, before: Sequence[_Values], made: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """The items of one item as they come: its values may stand in any of them."""
        after: list[list[_Values]] = [[[] for _ in places] for *_, places in self._sources]
        is_empty = True
        for one in made:
            is_empty = False
            for found, (*_, places) in zip(after, self._sources, strict=True):
                for values, place in zip(found, places, strict=True):
                    values += _values(one, place.path)
            yield one
        if not is_empty:
            self._count(before, after)

    def _count(self, before: Sequence[_Values], after: Sequence[Sequence[_Values]]) -> None:
        for (name, _, places), values, found in zip(self._sources, before, after, strict=True):
            sums = self._taken.get(name) or self._taken.setdefault(name, [0, 0, 0])
            if not (count := len(values)):
                continue
            there = passed = 0
            for place, made in zip(places, found, strict=True):
                there = max(there, len(made))
                if place.state != "masked":
                    passed = max(passed, _passed(values, place, made))
            passed = min(count, passed)
            masked = max(0, min(count, there) - passed)
            sums[0] += masked
            sums[1] += count - passed - masked
            sums[2] += passed


def _passed(before: _Values, place: PersonalPlace, after: _Values) -> int:
    """How many values at a place that no operation masks are as they were."""
    return len(after) if place.state == "passing" else (Counter(before) & Counter(after)).total()


def _values(item: Mapping[str, Any], path: AttributePath) -> _Values:
    """The values at a place, those of maps, lists and sets one by one."""
    found: _Values = []
    names = path.names
    if names[0] in item:
        _add(item[names[0]], names, 1, found)
    return found


def _add(value: Any, names: tuple[str, ...], at: int, found: _Values) -> None:  # noqa: ANN401  # of an item
    """Add what a value has below the names from ``at`` on. Exact types first: these are most of all."""
    kind = type(value)
    if kind is str or kind is Decimal:
        if value != "" and at == len(names):
            found.append(value)
    elif kind is dict or isinstance(value, Mapping):
        if at == len(names):
            for each in value.values():
                _add(each, names, at, found)
        elif names[at] in value:
            _add(value[names[at]], names, at + 1, found)
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            _add(each, names, at, found)
    elif value is not None and at == len(names):
        found.append(bytes(value) if isinstance(value, bytearray | memoryview) else value)
