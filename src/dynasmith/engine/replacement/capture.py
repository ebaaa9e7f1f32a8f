"""Read the change stream of the source: each record makes its key dirty, and is kept before its position is."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from dynasmith.engine.replacement.dirty_set import DirtySet
from dynasmith.engine.replacement.marks import Mark, RecordReader
from dynasmith.engine.replacement.shards import ShardPosition, readable_shards
from dynasmith.ports.streams import ChangeRecord, IteratorExpired, RecordsTrimmed, Shard, StreamReader

PAGES: Final = 2
"""How often an open shard must have had no record before it counts as read: the service sometimes gives an empty page
where there are records."""
LISTING_SECONDS: Final = 5.0
"""How long a list of shards holds; DescribeStream may be called 10 times a second in an account."""


class CaptureGap(Exception):
    """Records were gone from the stream before they were read: which keys they were of is not known."""


class KeptMarks(Protocol):
    """Keeps marks and positions for another process: `dynasmith.engine.replacement.mark_spool.MarkSpool`."""

    def keep(self, marks: Sequence[Mark], positions: Mapping[str, ShardPosition], own: Sequence[bytes] = ()) -> None:
        """Keep marks, how far the shards were read that they come from, and which own writes were met there; all or
        nothing."""
        ...


class StreamCapture:
    """The capture of one stream, from where ``positions`` say. ``reading`` makes marks of records. ``now`` gives Unix
    seconds. With ``heals`` records that are gone from the stream are passed over: every item is compared afterwards."""

    def __init__(
        self,
        stream: StreamReader,
        reading: RecordReader,
        dirty: DirtySet,
        kept: KeptMarks,
        positions: Mapping[str, ShardPosition],
        now: Callable[[], float],
        *,
        heals: bool = False,
    ) -> None:
        self._stream, self._reading, self._dirty, self._kept = stream, reading, dirty, kept
        self._now, self.heals = now, heals
        self.positions = dict(positions)
        self._iterators: dict[str, str] = {}
        self._shards: Sequence[Shard] = ()
        self._listed_at: float | None = None
        self._empty: dict[str, int] = {}
        self._near: dict[str, int] = {}
        self.records = 0
        self.more = False
        self.seen: set[bytes] | None = None
        """The keys of records since somebody put a set here."""

    def round(self) -> int:
        """Read a page of each shard that may be read; how many records there were. Raises CaptureGap."""
        shards = self._listed()
        self.more = False
        found = sum(self._read(shard) for shard in readable_shards(shards, self.positions))
        self.records += found
        return found

    def _listed(self) -> Sequence[Shard]:
        """The shards; listed again now and then, and where one ended."""
        now = self._now()
        if self._listed_at is None or now - self._listed_at >= LISTING_SECONDS:
            self._shards, self._listed_at = self._stream.shards(), now
            there = {shard.id for shard in self._shards}
            lost = [id_ for id_, position in self.positions.items() if not position.ended and id_ not in there]
            for shard in lost:
                self._trimmed(shard)
            for pages in (self._empty, self._near):
                known = {shard: pages.get(shard, 0) for shard in there}
                pages.clear()
                pages |= known
        return self._shards

    def await_quiet(self) -> None:
        """Count pages from now on: what was written before this is read once `quiet` says so, or `near`."""
        self._listed_at = None
        self._empty = dict.fromkeys(self._empty, 0)
        self._near = dict.fromkeys(self._near, 0)

    @property
    def quiet(self) -> bool:
        """Whether each shard was read to its end, or had no record at the last two looks."""
        return self._counted(self._empty)

    @property
    def near(self) -> bool:
        """Whether each shard was read to its end, or twice to a page that was not full: while somebody writes, a shard
        may never be empty."""
        return self._counted(self._near)

    def _counted(self, pages: Mapping[str, int]) -> bool:
        listed = self._listed_at is not None and bool(pages)
        return listed and all(count >= PAGES or self._position(shard).ended for shard, count in pages.items())

    def _position(self, shard: str) -> ShardPosition:
        return self.positions.get(shard, ShardPosition())

    def _read(self, shard: Shard) -> int:
        position = self._position(shard.id)
        try:
            iterator = self._iterators.pop(shard.id, "") or self._stream.iterator(shard.id, position.after)
            page = self._stream.page(iterator)
        except IteratorExpired:
            return 0  # the next round takes another one
        except RecordsTrimmed:
            self._trimmed(shard.id)
            return 0
        if page.records or page.next is None:
            records = [each for each in page.records if not _was_read(each, position)]
            after = records[-1].sequence if records else position.after
            position = ShardPosition(after, ended=page.next is None)
            found = self._reading.read(records)
            marks = self._dirty.numbered(found.marks, self._now())
            self._kept.keep(marks, {shard.id: position}, found.own)
            self._dirty.add(marks)
            self.positions[shard.id] = position
            if self.seen is not None:
                self.seen |= {mark.key for mark in marks}
        if page.next is None:
            self._listed_at = None  # others continue it
        else:
            self._iterators[shard.id] = page.next
        self.more |= page.more
        self._empty[shard.id] = 0 if page.records else self._empty.get(shard.id, 0) + 1
        self._near[shard.id] = self._near.get(shard.id, 0) + (not page.more)
        return len(page.records)

    def _trimmed(self, shard: str) -> None:
        if not self.heals:
            raise CaptureGap(shard)
        self.positions.pop(shard, None)
        self._empty.pop(shard, None)
        self._near.pop(shard, None)


def _was_read(record: ChangeRecord, position: ShardPosition) -> bool:
    """Whether a record comes a second time: sequence numbers of a shard grow."""
    return bool(position.after) and int(record.sequence) <= int(position.after)
