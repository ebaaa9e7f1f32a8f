"""Read the change stream of the source: each record makes its key dirty, and is kept before its position is."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from dynasmith.engine.replacement.dirty_set import DirtySet
from dynasmith.engine.replacement.item_mapping import ItemMapping
from dynasmith.engine.replacement.marks import Mark, marks_of
from dynasmith.engine.replacement.shards import ShardPosition, readable_shards
from dynasmith.ports.streams import IteratorExpired, RecordsTrimmed, Shard, StreamReader

EMPTY_PAGES: Final = 2
"""How often an open shard must have had no record before it counts as read: the service sometimes gives an empty page
where there are records."""


class KeptMarks(Protocol):
    """Keeps marks and positions for another process: `dynasmith.engine.replacement.mark_spool.MarkSpool`."""

    def keep(self, marks: Sequence[Mark], positions: Mapping[str, ShardPosition]) -> None:
        """Keep marks, and how far the shards were read that they come from, both or neither."""
        ...


class StreamCapture:
    """The capture of one stream, from where ``positions`` say. ``now`` gives Unix seconds."""

    def __init__(
        self,
        stream: StreamReader,
        mapping: ItemMapping,
        dirty: DirtySet,
        kept: KeptMarks,
        positions: Mapping[str, ShardPosition],
        now: Callable[[], float],
    ) -> None:
        self._stream, self._mapping, self._dirty, self._kept = stream, mapping, dirty, kept
        self._now = now
        self.positions = dict(positions)
        self._iterators: dict[str, str] = {}
        self._empty: dict[str, int] = {}
        self.records = 0
        self.trimmed = False

    def round(self) -> int:
        """Read a page of each shard that may be read; how many records there were."""
        shards = self._stream.shards()
        self._empty = {shard.id: self._empty.get(shard.id, 0) for shard in shards}
        found = sum(self._read(shard) for shard in readable_shards(shards, self.positions))
        self.records += found
        return found

    def await_quiet(self) -> None:
        """Count empty pages from now on: what was written before this is read once `quiet` says so."""
        self._empty = dict.fromkeys(self._empty, 0)

    @property
    def quiet(self) -> bool:
        """Whether each shard was read to its end, or had no record at the last two looks."""
        return bool(self._empty) and all(
            pages >= EMPTY_PAGES or self._position(shard).ended for shard, pages in self._empty.items()
        )

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
            self.trimmed = True
            self.positions[shard.id] = ShardPosition()
            self._empty[shard.id] = 0
            return 0
        if page.records or page.next is None:
            after = page.records[-1].sequence if page.records else position.after
            position = ShardPosition(after, ended=page.next is None)
            marks = self._dirty.numbered(marks_of(page.records, self._mapping), self._now())
            self._kept.keep(marks, {shard.id: position})
            self._dirty.add(marks)
            self.positions[shard.id] = position
        if page.next is not None:
            self._iterators[shard.id] = page.next
        self._empty[shard.id] = 0 if page.records else self._empty.get(shard.id, 0) + 1
        return len(page.records)
