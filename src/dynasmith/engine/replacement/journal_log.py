"""A `RecordLog` over a journal: appended, forced to the disk, checked frame by frame, in a folder or in S3.

It stands in one segment of the journal, its generation. `JournalLog.replace` writes another one and then removes the
one before. A generation other than the first begins with an entry that opens it, and counts only where another one
seals it. Killed before that, the one before is read; killed afterwards, the new one is, and what is left of the other
is removed.

A run whose lease has ended may have one frame under way. Before the next run keeps anything, it ends each generation
that is not sealed: a seal that comes after that does not count.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from secrets import randbelow, token_hex
from typing import Any, Final, TypeVar

from dynasmith.errors import CheckpointError, DynasmithError
from dynasmith.ports.journal import SegmentedJournal

LOGS_MAX: Final = 64
"""Logs of one journal. Generation ``n`` of log ``i`` is segment ``LOGS_MAX * n + i``."""
GENERATION_STEP_MAX: Final = 1_000
"""A generation is the last one and up to so many more, at random: what a run that lost its lease has under way is in
another segment than what the next run writes."""

_T = TypeVar("_T")
_BOUND: Final = b'"'
"""What opens, seals or ends a generation is a JSON string, and no entry of a log is."""
_ENDED: Final = b'"ended"'


class JournalLog:
    """Keeps `dynasmith.ports.record_log.RecordLog` in one journal, which may hold other logs under other numbers.
    ``guard`` is called before each write."""

    def __init__(
        self,
        journal: SegmentedJournal,
        guard: Callable[[], None],
        loop_factory: Callable[[], asyncio.AbstractEventLoop],
        number: int = 0,
    ) -> None:
        self._journal, self._number, self._segment = journal, number, number
        self._loop = loop_factory()
        journal.guard(guard)

    def read(self) -> Sequence[bytes]:
        """Every entry that was kept; what a kill cut is taken off. Raises CheckpointError where it is damaged."""
        return self._run(self._read())

    def append(self, entries: Sequence[bytes]) -> None:
        """Keep entries, all or none."""
        self._run(self._journal.append(self._segment, entries))

    def replace(self, batches: Iterable[Sequence[bytes]]) -> None:
        """Keep these entries in place of all that were kept; each batch is a frame. Killed anywhere, either the ones or
        the others are read."""
        self._run(self._replace(batches))

    def close(self) -> None:
        """Close the journal, and the loop on which it is written."""
        try:
            self._run(self._journal.close())
            self._run(self._loop.shutdown_default_executor())
        finally:
            self._loop.close()

    async def _read(self) -> Sequence[bytes]:
        segments, found = await self._segments(), None
        for segment in reversed(segments):
            found = await self._generation(segment)
            if found is not None:
                self._segment = segment
                break
        if found is None and segments:
            raise CheckpointError(
                "What was captured is damaged: its journal has no whole generation.",
                hint="abort the replacement and start another",
            )
        for segment in segments:
            if segment != self._segment:
                await self._remove(segment)
        return found or ()

    async def _generation(self, segment: int) -> Sequence[bytes] | None:
        """Its entries; None where it is not sealed, and never will be."""
        written = await self._written(segment)
        if segment == self._number:
            return written
        if _ENDED not in written and _content(written) is None:
            await self._journal.append(segment, [_ENDED])
            written = await self._written(segment)
        return _content(written)

    async def _written(self, segment: int) -> Sequence[bytes]:
        return [entry.change for entry in await self._journal.begin(segment, b"")]

    async def _remove(self, segment: int) -> None:
        """What is left of it does no harm, and is removed by another run."""
        with suppress(DynasmithError):
            await self._journal.remove(segment)

    async def _replace(self, batches: Iterable[Sequence[bytes]]) -> None:
        latest = max(await self._segments(), default=self._number)
        segment = latest + LOGS_MAX * (1 + randbelow(GENERATION_STEP_MAX))
        token, count = token_hex(8), 0
        await self._journal.append(segment, [_bound("opened", token, 0)])
        for batch in batches:
            if batch:
                await self._journal.append(segment, batch)
                count += len(batch)
        await self._journal.append(segment, [_bound("sealed", token, count)])
        before, self._segment = self._segment, segment
        await self._remove(before)

    async def _segments(self) -> list[int]:
        """The generations of this log, the oldest first."""
        return [segment for segment in await self._journal.segments() if segment % LOGS_MAX == self._number]

    def _run(self, work: Coroutine[Any, Any, _T]) -> _T:
        return self._loop.run_until_complete(work)


def _bound(kind: str, token: str, count: int) -> bytes:
    return f'"{kind} {token} {count}"'.encode()


def _content(written: Sequence[bytes]) -> Sequence[bytes] | None:
    """The entries of a generation; None where it is not sealed."""
    opened: dict[str, int] = {}
    for place, entry in enumerate(written):
        if entry == _ENDED:
            break
        if not entry.startswith(_BOUND):
            continue
        kind, token, count = entry.decode().strip('"').split(" ")
        if kind == "opened":
            opened[token] = place
        elif token in opened and len(_entries(written[opened[token] : place])) >= int(count):
            return _entries(written[opened[token] :])
    return None


def _entries(written: Sequence[bytes]) -> list[bytes]:
    return [entry for entry in written if not entry.startswith(_BOUND)]
