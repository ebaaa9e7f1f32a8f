"""Places of items that look personal, and that nobody named so: counted, never shown. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from dynasmith.tables.attribute_path import AttributePath, quoted_name, read_path
from dynasmith.validate.finding import Severity
from dynasmith.validate.item_checks import PERSONAL
from dynasmith.validate.item_findings import ItemsFinding
from dynasmith.validate.item_sample import ItemSampleSize
from dynasmith.validate.personal_values import is_personal_name, personal_kinds

Names = tuple[str, ...]
PLACES_MAX: Final = 1_000
"""So many places are told apart; what stands deeper or comes later counts for the place above it."""
ENTRIES_MAX: Final = 30
"""A map with more names than this is keyed by values: what it holds counts for its own place, whose name is not one."""
CARD_SHARE: Final = 0.5
"""Of the values of a place at least this part must look like cards: of others one in ten does by chance."""
BY_NAME: Final = "a name that is often personal"
IN_NAMES: Final = "as names of entries"
_CARDS: Final = "numbers of payment cards"


@dataclass(slots=True)
class _Place:
    """One place: how many items hold what there, how many have a value at all, and the names of its entries."""

    items: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    entries: set[str] = field(default_factory=set)
    is_named: bool = False


class PersonalExaminer:
    """Looks at every text and number of items for what is personal. ``named`` are the places that a definition names.

    Values and names that look personal themselves are counted and forgotten at once.
    """

    def __init__(self, table: str, named: Sequence[str]) -> None:
        self._table = table
        self._named: list[AttributePath] = [path for each in named if (path := read_path(each)) is not None]
        self._places: dict[Names, _Place] = {}

    def add(self, tree: Mapping[str, Any]) -> None:
        """Look at one item, in DynamoDB JSON."""
        seen: dict[Names, set[str]] = {}
        self._map(tree, (), seen)
        for names, kinds in seen.items():
            place = self._place(names)
            place.items += 1
            for kind in kinds:
                place.kinds[kind] = place.kinds.get(kind, 0) + 1

    def _place(self, names: Names) -> _Place:
        if names not in self._places:
            self._places[names] = _Place(is_named=any(path.covers(AttributePath("", names)) for path in self._named))
        return self._places[names]

    def _map(self, tree: Mapping[str, Any], names: Names, seen: dict[Names, set[str]]) -> None:
        here = self._place(names)
        if here.is_named:
            return
        for name, value in tree.items():
            kinds = [f"{kind} {IN_NAMES}" for kind in personal_kinds(name)]
            if kinds:
                seen.setdefault(names, set()).update(kinds)
            elif name in here.entries or (len(self._places) < PLACES_MAX and not _is_keyed(here, names)):
                here.entries.add(name)
                self._value(value, (*names, name), seen)
                continue
            self._value(value, names, seen)

    def _value(self, value: Mapping[str, Any], names: Names, seen: dict[Names, set[str]]) -> None:
        ((kind, content),) = value.items()
        match kind:
            case "M":
                self._map(content, names, seen)
            case "L":
                for each in content:
                    self._value(each, names, seen)
            case "SS" | "NS":
                for each in content:
                    self._text(str(each), names, seen)
            case "S" | "N":
                self._text(str(content), names, seen)

    def _text(self, text: str, names: Names, seen: dict[Names, set[str]]) -> None:
        place = self._place(names)
        if text and not place.is_named:
            found = seen.setdefault(names, set())
            found.update(personal_kinds(text))
            if names and is_personal_name(names[-1]):
                found.add(BY_NAME)

    def findings(self, sample: ItemSampleSize) -> Iterator[ItemsFinding]:
        """A finding for each place, in the order of their names: a warning for values, a notice for a name alone."""
        for names, place in sorted(self._merged().items()):
            kinds = {kind: count for kind, count in place.kinds.items() if kind != BY_NAME}
            if kinds.get(_CARDS, 0) < place.items * CARD_SHARE:
                kinds.pop(_CARDS, None)
            if not kinds and BY_NAME not in place.kinds:
                continue
            where = ".".join(map(quoted_name, names))
            what = ", ".join(f"{count:,} with {kind}" for kind, count in sorted(kinds.items())) or f"{BY_NAME}"
            message = (
                f"{place.items:,} of {sample.of} have {where or 'attributes'}, which is not named as personal: {what}."
            )
            severity: Severity = "warning" if kinds else "notice"
            yield ItemsFinding.of(PERSONAL, self._table, where, severity, message, sample, count=place.items, keys=())

    def _merged(self) -> dict[Names, _Place]:
        """The places; those within a map that is keyed by values as the place of that map."""
        merged: dict[Names, _Place] = {}
        for names, place in self._places.items():
            if place.is_named:
                continue
            above = next((names[:at] for at in range(1, len(names)) if self._is_keyed(names[:at])), names)
            into = merged.setdefault(above, _Place())
            into.items = max(into.items, place.items)
            for kind, count in place.kinds.items():
                into.kinds[kind] = max(into.kinds.get(kind, 0), count)
        return merged

    def _is_keyed(self, names: Names) -> bool:
        place = self._places.get(names)
        return place is not None and _is_keyed(place, names)


def _is_keyed(place: _Place, names: Names) -> bool:
    """Whether the names in a map are values; those of an item itself are attributes, however many."""
    return bool(names) and len(place.entries) > ENTRIES_MAX
