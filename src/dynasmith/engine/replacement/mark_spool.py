"""What was captured, kept: marks, what was forgotten of them, and how far each shard was read."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec
from msgspec import Struct

from dynasmith.engine.replacement.dirty_set import DirtyKey, DirtySet
from dynasmith.engine.replacement.marks import BY_STREAM, Mark
from dynasmith.engine.replacement.own_writes import OwnWrites
from dynasmith.engine.replacement.shards import ShardPosition
from dynasmith.errors import CheckpointError
from dynasmith.ports.record_log import RecordLog

IDLE_SECONDS: Final = 30.0
"""How often it is kept that nothing came, so that a gap of the capture is known."""
ENTRIES_MIN: Final = 20_000
"""A spool of fewer entries is read back in a second, and is left as it is."""
ENTRIES_EACH_MAX: Final = 4
"""Entries for each dirty key, from which on the marks are written anew in their place; not before as much as was
written then has come again."""
MARKS_AT_ONCE: Final = 10_000
"""Marks that are written together then: about 1 MB."""


class _Marked(Struct, frozen=True, tag="m", tag_field="t", omit_defaults=True):
    key: str
    candidates: tuple[str, ...]
    number: int
    since: float
    by: str = BY_STREAM


class _Forgotten(Struct, frozen=True, tag="f", tag_field="t"):
    key: str
    number: int


class _Positions(Struct, frozen=True, tag="p", tag_field="t"):
    at: float
    shards: dict[str, ShardPosition]


class _Own(Struct, frozen=True, tag="o", tag_field="t", omit_defaults=True):
    read: tuple[bytes, ...]
    epoch: int = 0


_Entry: TypeAlias = _Marked | _Forgotten | _Positions | _Own
_decode: Final[Callable[[bytes], _Entry]] = msgspec.json.Decoder(_Entry).decode
_encode: Final = msgspec.json.Encoder().encode


class SpoolContent(Struct, frozen=True):
    """What a spool held when it was opened. ``at`` is when the capture was last known to run (Unix seconds); None where
    it never was."""

    positions: dict[str, ShardPosition]
    at: float | None


class MarkSpool:
    """Written from one thread, but `forgotten` may be called from any. ``now`` gives Unix seconds. What is kept grows
    with the marks that there are, and not with time."""

    def __init__(self, log: RecordLog, now: Callable[[], float]) -> None:
        self._log, self._now = log, now
        self._forgotten: list[DirtyKey] = []
        self._kept_at = 0.0
        self._dirty = DirtySet()
        self._own = OwnWrites()
        self._own_epoch, self._own_read = 0, list[bytes]()
        self._positions: dict[str, ShardPosition] = {}
        self._number = self._entries = self._entries_anew = 0

    def restore(self, dirty: DirtySet, own: OwnWrites | None = None) -> SpoolContent:
        """Put what is kept into an empty ``dirty``, which is then what must be kept, and take from ``own`` what was
        read of it. Raises CheckpointError where an entry is damaged."""
        self._dirty, self._own, at = dirty, own or OwnWrites(), None
        for entry in self._log.read():
            self._entries += 1
            match _read(entry):
                case _Marked(number=number) as mark:
                    dirty.add([_mark(mark)])
                    self._number = max(self._number, number)
                case _Forgotten(key, number):
                    dirty.forget(key.encode(), number)
                    self._number = max(self._number, number)
                case _Positions() as read:
                    self._positions |= read.shards
                    at = read.at
                case _Own(digests, epoch):
                    self._add_own(digests, epoch)
                    if epoch == self._own.epoch:
                        self._own.take(*digests)
        return SpoolContent(dict(self._positions), at)

    def keep(self, marks: Sequence[Mark], positions: Mapping[str, ShardPosition], own: Sequence[bytes] = ()) -> None:
        """Keep marks, how far the shards were read that they come from, and which own writes were met there; all or
        nothing."""
        self._kept_at = self._now()
        forgotten, self._forgotten = self._forgotten, []
        entries: list[_Entry] = [_Forgotten(dirty.key.decode(), dirty.number) for dirty in forgotten]
        entries += [_marked(mark) for mark in marks]
        epoch = self._own.epoch
        if own:
            entries.append(_Own(tuple(own), epoch))
        entries.append(_Positions(self._kept_at, dict(positions)))
        self._log.append([_encode(entry) for entry in entries])
        self._own.keep(own)
        self._add_own(own, epoch)
        self._positions |= positions
        self._number = max((self._number, *(mark.number for mark in marks)))
        self._entries += len(entries)

    def forgotten(self, dirty: Sequence[DirtyKey]) -> None:
        """These were handled. It is kept with what comes next: a run that was killed before handles them again."""
        self._forgotten += dirty

    def idle(self) -> None:
        """Everything that was kept is in the dirty set: write the marks anew where most of what is kept is forgotten.
        And keep now and then that the stream was looked at, and what was forgotten."""
        if self._entries > max(ENTRIES_MIN, ENTRIES_EACH_MAX * len(self._dirty), 2 * self._entries_anew):
            self._compact()
        if self._now() - self._kept_at >= IDLE_SECONDS:
            self.keep((), {})

    def _compact(self) -> None:
        """A key that is finished in this moment may stay: it is handled again. Marks that are made in this moment by
        the drain itself are kept too."""
        marks = self._dirty.marks()
        self._add_own((), self._own.epoch)
        self._kept_at = self._now()
        self._log.replace(self._snapshot(marks))
        self._entries = self._entries_anew = len(marks) + 2

    def _snapshot(self, marks: Sequence[Mark]) -> Iterator[list[bytes]]:
        numbered = _Forgotten("", max((self._number, *(mark.number for mark in marks))))  # later marks have higher ones
        yield [_encode(numbered), _encode(_Positions(self._kept_at, self._positions))]
        for start in range(0, len(marks), MARKS_AT_ONCE):
            yield [_encode(_marked(mark)) for mark in marks[start : start + MARKS_AT_ONCE]]
        for start in range(0, len(self._own_read), MARKS_AT_ONCE):
            yield [_encode(_Own(tuple(self._own_read[start : start + MARKS_AT_ONCE]), self._own_epoch))]

    def _add_own(self, digests: Sequence[bytes], epoch: int) -> None:
        """Remember which own writes were read in the latest epoch; the log of writes has left out those before."""
        if epoch > self._own_epoch:
            self._own_epoch, self._own_read = epoch, []
        if epoch == self._own_epoch:
            self._own_read += digests

    def close(self) -> None:
        """Keep what was forgotten, and close the log."""
        if self._forgotten:
            self.keep((), {})
        self._log.close()


def _marked(mark: Mark) -> _Marked:
    candidates = tuple(sorted(each.decode() for each in mark.candidates))
    return _Marked(mark.key.decode(), candidates, mark.number, mark.since, mark.by)


def _mark(kept: _Marked) -> Mark:
    candidates = frozenset(each.encode() for each in kept.candidates)
    return Mark(key=kept.key.encode(), candidates=candidates, number=kept.number, since=kept.since, by=kept.by)


def _read(entry: bytes) -> _Entry:
    try:
        return _decode(entry)
    except msgspec.DecodeError as error:
        raise CheckpointError(
            f"What was captured is damaged: {error}.", hint="abort the replacement and start another"
        ) from error
