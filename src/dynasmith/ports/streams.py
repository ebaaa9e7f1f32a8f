"""The change stream of a table, as the engine reads it: shards, and the records of each in the order of its writes."""

from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias

from msgspec import Struct

from dynasmith.items.wire import RawItem

ChangeKind: TypeAlias = Literal["insert", "modify", "remove"]


class Shard(Struct, frozen=True):
    """One shard of a stream. ``parent`` is the shard that it continues, which must be read before it; it may be trimmed
    already. A closed shard gets no more records."""

    id: str
    parent: str = ""
    closed: bool = False


class ChangeRecord(Struct, frozen=True, kw_only=True):
    """One change of one item: its key, and the item before and after it where the stream keeps them. ``kind`` says
    whether there was one before and after; None where both images say so. ``expired``: time to live deleted it."""

    keys: RawItem
    old: RawItem | None = None
    new: RawItem | None = None
    sequence: str
    kind: ChangeKind | None = None
    expired: bool = False

    @property
    def removed(self) -> bool:
        """Whether there is no item after it."""
        return self.kind == "remove" or (self.kind is None and self.new is None and self.old is not None)

    @property
    def whole(self) -> bool:
        """Whether it shows the item before and after it, where there was one."""
        has_old, has_new = self.old is not None, self.new is not None
        if self.kind is None:
            return has_old or has_new
        return (has_old or self.kind == "insert") and (has_new or self.kind == "remove")


class RecordPage(Struct, frozen=True, kw_only=True):
    """Some records of a shard, and the iterator of the next page; None at the end of a closed shard. ``more``: the page
    is full, so that others stand behind it."""

    records: Sequence[ChangeRecord]
    next: str | None
    more: bool = False


class IteratorExpired(Exception):
    """An iterator of a shard is older than the 15 minutes that it holds; another one reads the same place."""


class RecordsTrimmed(Exception):
    """The records at that place of a shard are older than the 24 hours that a stream keeps."""


class StreamTurnedOff(Exception):
    """The stream is off: what changes from then on makes no record."""


class StreamReader(Protocol):
    """Reads one stream. Every other error is a `dynasmith.errors.DynasmithError`."""

    def shards(self) -> Sequence[Shard]:
        """Every shard that the stream has now. Costs one call for 100 of them. Raises StreamTurnedOff."""
        ...

    def iterator(self, shard: str, after: str) -> str:
        """Where to read a shard: after a sequence number, at its oldest record where that is empty.

        Raises RecordsTrimmed.
        """
        ...

    def page(self, iterator: str) -> RecordPage:
        """Up to 1,000 records, perhaps none. Raises IteratorExpired and RecordsTrimmed."""
        ...
