"""The undo journal of a job whose changes are made by workers: it stays with the job, and is asked for over the line.

So there is one writer of it, under the lease of the job, wherever it is kept; a worker sends nothing to a table before
the job said that the change is in the journal.
"""

from collections.abc import Callable, Sequence

import msgspec

from dynasmith.ports.journal import (
    JournalEntry,
    JournalEntryId,
    JournalFrame,
    JournalReader,
    UndoJournal,
)
from dynasmith.ports.remote_reference import RemoteReference


class _Begin(msgspec.Struct, tag=True, array_like=True):
    segment: int
    mark: bytes


class _Append(msgspec.Struct, tag=True, array_like=True):
    segment: int
    voids: list[tuple[int, int]]
    changes: list[bytes]


class _Mark(msgspec.Struct, tag=True, array_like=True):
    segment: int
    voids: list[tuple[int, int]]


class _Last(msgspec.Struct, tag=True, array_like=True):
    segment: int


class _Frame(msgspec.Struct, tag=True, array_like=True):
    segment: int
    place: int


_encode = msgspec.msgpack.Encoder().encode
_decode_question = msgspec.msgpack.Decoder(_Begin | _Append | _Mark).decode
_decode_entries = msgspec.msgpack.Decoder(list[tuple[int, int, bytes]]).decode
_decode_ids = msgspec.msgpack.Decoder(list[tuple[int, int]]).decode
_decode_look = msgspec.msgpack.Decoder(_Last | _Frame).decode
_decode_last = msgspec.msgpack.Decoder(int | None).decode
_decode_frame = msgspec.msgpack.Decoder(JournalFrame).decode


class JournalService(RemoteReference):
    """The journal, where the job is."""

    def __init__(self, journal: UndoJournal) -> None:
        self._journal = journal

    async def ask(self, question: bytes) -> bytes:
        """Do what a worker asks. Raises what the journal raises, which ends the job."""
        asked: _Begin | _Append | _Mark = _decode_question(question)
        if isinstance(asked, _Begin):
            entries = await self._journal.begin(asked.segment, asked.mark)
            return _encode([(*entry.id, entry.change) for entry in entries])
        if asked.voids:
            self._journal.void(asked.segment, [JournalEntryId(*one) for one in asked.voids])
        if isinstance(asked, _Append):
            return _encode([tuple(one) for one in await self._journal.append(asked.segment, asked.changes)])
        return await self._journal.mark(asked.segment)


class RemoteJournal:
    """The journal, where the worker is. Keeps `dynasmith.ports.journal.UndoJournal`."""

    def __init__(self, service: RemoteReference) -> None:
        self._service = service
        self._voids: dict[int, list[tuple[int, int]]] = {}
        self._check: Callable[[], None] = lambda: None

    async def begin(self, segment: int, mark: bytes) -> Sequence[JournalEntry]:
        """See the port."""
        found = _decode_entries(await self._service.ask(_encode(_Begin(segment, mark))))
        return [JournalEntry(JournalEntryId(frame, number), change) for frame, number, change in found]

    def guard(self, check: Callable[[], None]) -> None:
        """See the port."""
        self._check = check

    async def append(self, segment: int, changes: Sequence[bytes]) -> Sequence[JournalEntryId]:
        """See the port."""
        self._check()
        asked = _Append(segment, self._voids.pop(segment, []), list(changes))
        return [JournalEntryId(*one) for one in _decode_ids(await self._service.ask(_encode(asked)))]

    def void(self, segment: int, ids: Sequence[JournalEntryId]) -> None:
        """See the port."""
        self._voids.setdefault(segment, []).extend((one.frame, one.number) for one in ids)

    async def mark(self, segment: int) -> bytes:
        """See the port."""
        return await self._service.ask(_encode(_Mark(segment, self._voids.pop(segment, []))))

    async def close(self) -> None:
        """Nothing is open here. Voids that wait are of pages that come again."""


class JournalReaderService(RemoteReference):
    """A journal that is read back, where the job is."""

    def __init__(self, journal: JournalReader) -> None:
        self._journal = journal

    async def ask(self, question: bytes) -> bytes:
        """What a worker wants to read."""
        asked: _Last | _Frame = _decode_look(question)
        if isinstance(asked, _Last):
            return _encode(self._journal.last(asked.segment))
        return _encode(self._journal.read(asked.segment, asked.place))


class RemoteJournalReader:
    """A journal that is read back, where the worker is; also beside the job, which then asks itself."""

    def __init__(self, service: RemoteReference) -> None:
        self._service = service

    async def last(self, segment: int) -> int | None:
        """The place of the segment's last frame; None where it has none."""
        found: int | None = _decode_last(await self._service.ask(_encode(_Last(segment))))
        return found

    async def read(self, segment: int, place: int) -> JournalFrame:
        """The frame at a place."""
        return _decode_frame(await self._service.ask(_encode(_Frame(segment, place))))
