"""Compare the two tables of a replacement, item by item, from either side; what differs becomes dirty."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from dynasmith.engine.replacement.item_mapping import ItemMapping
from dynasmith.engine.replacement.marks import BY_VERIFY, Mark
from dynasmith.errors import ItemInvalid
from dynasmith.items.digest import item_hash
from dynasmith.items.key import canonical_key
from dynasmith.items.transform import ItemRefused
from dynasmith.items.wire import RawItem
from dynasmith.ports.owned_items import OwnedItems

ITEMS_AT_ONCE: Final = 100


def differences_from_source(
    pages: Iterable[Sequence[RawItem]], mapping: ItemMapping, items: OwnedItems, check: Callable[[], None]
) -> Iterator[Mark]:
    """A mark for each item of the source that the target does not hold as it should. Reads the target strongly."""
    for some in _pieces(pages):
        check()
        wanted = {canonical_key(item, mapping.source): _wanted(item, mapping) for item in some}
        places = dict.fromkeys(place for made in wanted.values() if made for place in made)
        standing = items.read_target(list(places)) if places else {}
        for key, made in wanted.items():
            if made is None or any(not _same(standing.get(place), item) for place, item in made.items()):
                yield Mark(key=key, by=BY_VERIFY)


def differences_from_target(
    pages: Iterable[Sequence[RawItem]],
    mapping: ItemMapping,
    items: OwnedItems,
    check: Callable[[], None],
    foreign: Callable[[bytes], None],
) -> Iterator[Mark]:
    """A mark for each item of the target that its source item does not make. ``foreign`` is told the keys of items that
    belong to no source key. Reads the source strongly."""
    for some in _pieces(pages):
        check()
        owners: dict[bytes, dict[bytes, RawItem]] = {}
        for item in some:
            place, owner = canonical_key(item, mapping.target), mapping.owner(item)
            if owner is None:
                foreign(place)
            else:
                owners.setdefault(owner, {})[place] = item
        found = items.read_source(list(owners)) if owners else {}
        for owner, held in owners.items():
            source = found.get(owner)
            wanted = {} if source is None else _wanted(source, mapping) or {}
            wrong = frozenset(place for place, item in held.items() if not _same(wanted.get(place), item))
            if wrong:
                yield Mark(key=owner, candidates=wrong, by=BY_VERIFY)


def _wanted(item: RawItem, mapping: ItemMapping) -> dict[bytes, RawItem] | None:
    try:
        return mapping.items(item)
    except (ItemRefused, ItemInvalid):
        return None


def _same(one: RawItem | None, other: RawItem) -> bool:
    return one is not None and (bytes(one) == bytes(other) or item_hash(one) == item_hash(other))


def _pieces(pages: Iterable[Sequence[RawItem]]) -> Iterator[Sequence[RawItem]]:
    for page in pages:
        for start in range(0, len(page), ITEMS_AT_ONCE):
            yield page[start : start + ITEMS_AT_ONCE]
