"""What a change of the source leaves behind: its key, and the keys that it may have in the target."""

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from msgspec import Struct

from dynasmith.engine.replacement.item_mapping import ItemMapping
from dynasmith.items.key import canonical_key
from dynasmith.ports.streams import ChangeRecord

BY_STREAM: Final = "stream"
BY_COPY: Final = "copy"
BY_VERIFY: Final = "verify"
BY_LATE: Final = "late"
"""A write of others to the table that is not in use."""


class Mark(Struct, frozen=True, kw_only=True):
    """A source key that may not be equal in the target. ``candidates`` are target keys at which an item of it may stand
    that is not wanted any more. ``number`` grows with each mark; ``since`` is when it was made (Unix seconds)."""

    key: bytes
    candidates: frozenset[bytes] = frozenset()
    number: int = 0
    since: float = 0.0
    by: str = BY_STREAM


class ReadRecords(NamedTuple):
    """What some records of a stream come to: marks, and the digests of own writes that were met."""

    marks: Sequence[Mark] = ()
    own: Sequence[bytes] = ()


class RecordReader(Protocol):
    """Makes marks of the records of a stream, in their order, each once."""

    def read(self, records: Sequence[ChangeRecord]) -> ReadRecords:
        """What they come to. Done again with the same records where the process was killed before it was kept."""
        ...


class FollowedRecords:
    """The stream of the table in use: each record makes its key dirty."""

    def __init__(self, mapping: ItemMapping) -> None:
        self._mapping = mapping

    def read(self, records: Sequence[ChangeRecord]) -> ReadRecords:
        """A mark for each key."""
        return ReadRecords(marks_of(records, self._mapping))


class PassedRecords:
    """The stream of the new table before it is in use: only our own writes are in it, and both tables are equal when it
    comes in use."""

    def read(self, records: Sequence[ChangeRecord]) -> ReadRecords:  # noqa: ARG002
        """Nothing."""
        return ReadRecords()


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
