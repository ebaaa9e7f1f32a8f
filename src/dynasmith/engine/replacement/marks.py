"""What a change of the source leaves behind: its key, and the keys that it may have in the target."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from dynasmith.engine.replacement.item_mapping import ItemMapping
from dynasmith.items.key import canonical_key
from dynasmith.ports.streams import ChangeRecord

BY_STREAM: Final = "stream"
BY_COPY: Final = "copy"
BY_VERIFY: Final = "verify"


class Mark(Struct, frozen=True, kw_only=True):
    """A source key that may not be equal in the target. ``candidates`` are target keys at which an item of it may stand
    that is not wanted any more. ``number`` grows with each mark; ``since`` is when it was made (Unix seconds)."""

    key: bytes
    candidates: frozenset[bytes] = frozenset()
    number: int = 0
    since: float = 0.0
    by: str = BY_STREAM


def marks_of(records: Sequence[ChangeRecord], mapping: ItemMapping) -> list[Mark]:
    """The marks of some records, one each key. Images are asked for keys alone, never for what is to be written."""
    found: dict[bytes, frozenset[bytes]] = {}
    for record in records:
        key = canonical_key(record.keys, mapping.source)
        images = mapping.keys(record.old) | mapping.keys(record.new)
        if mapping.transform is None:  # an item keeps its key then, whatever the stream shows of it
            images |= mapping.keys(record.keys)
        found[key] = found.get(key, frozenset()) | images
    return [Mark(key=key, candidates=candidates) for key, candidates in found.items()]
