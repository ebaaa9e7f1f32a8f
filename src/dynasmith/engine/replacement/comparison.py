"""Compare items of one table of a replacement with what the other one holds; what differs becomes dirty.

An item whose time to live (TTL) has passed is left out where both tables have it: one that TTL deleted would be put
back for ever. One that its table alone still has is compared.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dynasmith.engine.replacement.item_mapping import ItemMapping
from dynasmith.engine.replacement.marks import BY_VERIFY, Mark
from dynasmith.errors import ItemInvalid
from dynasmith.items.key import canonical_key
from dynasmith.items.transform import ItemRefused
from dynasmith.items.wire import RawItem


def never(item: RawItem) -> bool:
    """Of a table without TTL no item expires."""
    del item
    return False


@dataclass(frozen=True, slots=True)
class ExpiryCheck:
    """Whether the time to live of an item of the ``source``, or of the ``target``, has passed."""

    source: Callable[[RawItem], bool] = never
    target: Callable[[RawItem], bool] = never


@dataclass(frozen=True, slots=True)
class PendingComparison:
    """Some items of one table: the ``keys`` that must be read in the other one, and what ``marks`` makes of the items
    that it has of them."""

    keys: Sequence[bytes]
    marks: Callable[[Mapping[bytes, RawItem]], list[Mark]]


class ItemComparison(Protocol):
    """One direction of a comparison. Keys are canonical: `dynasmith.items.key.canonical_key`."""

    def begin(self, items: Sequence[RawItem]) -> PendingComparison:
        """Begin to compare some items of the table that is read."""
        ...


@dataclass(frozen=True, slots=True)
class SourceComparison:
    """A mark for each item of the source that the target does not hold as it should."""

    mapping: ItemMapping
    expired: ExpiryCheck = ExpiryCheck()

    def begin(self, items: Sequence[RawItem]) -> PendingComparison:
        """See `ItemComparison`."""
        wanted: dict[bytes, dict[bytes, RawItem] | None] = {}
        for item in items:
            if not self.expired.source(item):
                made = _wanted(item, self.mapping)
                wanted[canonical_key(item, self.mapping.source)] = made and {
                    place: each for place, each in made.items() if not self.expired.target(each)
                }
        places = dict.fromkeys(place for made in wanted.values() if made for place in made)

        def marks(standing: Mapping[bytes, RawItem]) -> list[Mark]:
            return [
                Mark(key=key, by=BY_VERIFY)
                for key, made in wanted.items()
                if made is None
                or any(not _same(self.mapping, standing.get(place), item) for place, item in made.items())
            ]

        return PendingComparison(tuple(places), marks)


@dataclass(slots=True)
class TargetComparison:
    """A mark for each item of the target that its source item does not make. ``foreign`` counts items that belong to no
    source key."""

    mapping: ItemMapping
    expired: ExpiryCheck = ExpiryCheck()
    foreign: int = field(default=0, init=False)

    def begin(self, items: Sequence[RawItem]) -> PendingComparison:
        """See `ItemComparison`."""
        owners: dict[bytes, dict[bytes, RawItem]] = {}
        for item in items:
            owner = self.mapping.owner(item)
            if owner is None:
                self.foreign += 1
            else:
                owners.setdefault(owner, {})[canonical_key(item, self.mapping.target)] = item

        def marks(found: Mapping[bytes, RawItem]) -> list[Mark]:
            made = []
            for owner, held in owners.items():
                wrong = self._wrong(held, found.get(owner))
                if wrong:
                    made.append(Mark(key=owner, candidates=wrong, by=BY_VERIFY))
            return made

        return PendingComparison(tuple(owners), marks)

    def _wrong(self, held: Mapping[bytes, RawItem], source: RawItem | None) -> frozenset[bytes]:
        """The places of one source key that hold what they should not."""
        wanted = {} if source is None else _wanted(source, self.mapping) or {}
        late = source is not None and self.expired.source(source)
        return frozenset(
            place
            for place, item in held.items()
            if place not in wanted
            or not (_same(self.mapping, item, wanted[place]) or late or self.expired.target(item))
        )


def _wanted(item: RawItem, mapping: ItemMapping) -> dict[bytes, RawItem] | None:
    try:
        return mapping.items(item)
    except (ItemRefused, ItemInvalid):
        return None


def _same(mapping: ItemMapping, one: RawItem | None, other: RawItem) -> bool:
    return one is not None and mapping.same(one, other)
