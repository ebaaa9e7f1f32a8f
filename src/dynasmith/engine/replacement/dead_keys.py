"""The source keys of what the copy of a replacement could not write."""

from collections.abc import Iterable

from dynasmith.engine.replacement.item_mapping import ItemMapping
from dynasmith.errors import ItemInvalid
from dynasmith.items.key import canonical_key
from dynasmith.items.wire import RawItem
from dynasmith.ports.items import DeadLetter


def dead_keys(letters: Iterable[DeadLetter], mapping: ItemMapping) -> list[bytes]:
    """Each key once."""
    found = (_key(letter, mapping) for letter in letters)
    return list(dict.fromkeys(key for key in found if key is not None))


def _key(letter: DeadLetter, mapping: ItemMapping) -> bytes | None:
    """The source key of a dead letter: that of an item as it was read, or as it should be written."""
    item = RawItem(letter.item)
    if letter.code != "transform" and (owner := mapping.owner(item)) is not None:
        return owner
    try:
        return canonical_key(item, mapping.source)
    except ItemInvalid:
        return None
