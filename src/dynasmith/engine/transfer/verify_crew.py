"""The readings of a verification by workers: processes of this machine, or a crew elsewhere.

One order is for all readings of both sides, so that a worker that came stays to the end. One side is read at a time,
at its own pace. What a worker found in a page counts when the job has it: of a worker that died at most a page of each
segment is read again.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self

from msgspec.structs import replace

from dynasmith.engine.transfer.event_thread import LoopFactory, StopRequest
from dynasmith.engine.transfer.mover import ConcurrencyLimits
from dynasmith.engine.transfer.movers.keeper import CrewMover
from dynasmith.engine.transfer.movers.order import Work
from dynasmith.engine.transfer.pacer import UNLIMITED
from dynasmith.engine.transfer.page_service import OpenedOnce
from dynasmith.engine.transfer.verify_buckets import Buckets, HeldKeys
from dynasmith.engine.transfer.verify_walks import VerifySide, interrupted
from dynasmith.engine.transfer.verify_workers import (
    PageFindings,
    Pass,
    ReadingSegments,
    VerifyParts,
    WantedBuckets,
    add_entries,
    add_keys,
    add_sums,
    decode_found,
)
from dynasmith.items.key import KeySchema
from dynasmith.jobs.checkpoint import Checkpoint
from dynasmith.jobs.counts import Counts
from dynasmith.ports.crew import Crew
from dynasmith.ports.duplicate_keys import KeyStore
from dynasmith.ports.items import DeadLetter

ID = "verify"
"""What workers know a verification by; nothing of it is kept."""

AT_ONCE = 2
"""Segments of a worker side by side, each with a page read ahead: four requests are under way, which is more than one
core can add up."""


@dataclass(slots=True)
class VerifySegments:
    """The segments of the reading under way, as a crew asks for them; keeps ``MovedSegments``. ``take`` gets what was
    found in each page."""

    of: ReadingSegments
    stop: StopRequest
    take: Callable[[PageFindings], None] = lambda _: None
    dead: int = 0
    more: bool = True
    at: dict[int, Checkpoint] = field(default_factory=dict)
    _queue: deque[int] = field(default_factory=deque)
    _read: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def items_left(self) -> int | None:
        """All are read."""
        return None

    @property
    def left(self) -> int:
        """How many segments nobody reads."""
        return len(self._queue)

    def begin(self, reading: Pass, side: int, take: Callable[[PageFindings], None]) -> asyncio.Event:
        """Let one side be read; the event is set when it was."""
        self.take, self.dead, self._read = take, 0, asyncio.Event()
        numbers = self.of.of(reading, side)
        self.at = {number: Checkpoint(job=ID, segments=self.of.total, segment=number) for number in numbers}
        self._queue.extend(numbers)
        return self._read

    async def next(self) -> Checkpoint | None:
        """The next segment; None where there is none now."""
        return None if self.stop.asked or not self._queue else self.at[self._queue.popleft()]

    def give_back(self, segment: int) -> None:
        """Its worker is gone."""
        if not self.at[segment].done:
            self._queue.appendleft(segment)

    async def save(self, checkpoint: Checkpoint) -> None:
        """Take what was found in a page."""
        before = self.at[checkpoint.segment]
        self.dead += checkpoint.counts.dead - before.counts.dead
        if checkpoint.mark:
            self.take(decode_found(checkpoint.mark))
        self.at[checkpoint.segment] = replace(checkpoint, mark=b"")
        if all(each.done for each in self.at.values()):
            self._read.set()

    async def bury(self, segment: int, page: bytes | None, dead: Sequence[DeadLetter]) -> None:
        """Nothing is kept of what was no item."""

    async def moved(self) -> None:
        """Nothing is written."""

    def cut(self, counts: Counts) -> None:
        """Nothing is cancelled."""


class CrewWalks:
    """Readings by workers; keeps ``Walks``. An asynchronous context: the workers end with it."""

    def __init__(
        self,
        sides: tuple[VerifySide, VerifySide],
        key: KeySchema,
        crew: Crew,
        count: int,
        stop: StopRequest,
        loop_factory: LoopFactory,
    ) -> None:
        self._sides, self._key, self._stop = sides, key, stop
        of = ReadingSegments(sides[0].segments, sides[1].segments)
        self._wanted = WantedBuckets()
        self._segments = VerifySegments(of, stop)
        first, second = (side.there or side.source for side in sides)
        work = Work(
            job=ID,
            segments=of.total,
            name="The verification",
            again="run it again",
            parts=VerifyParts((first, second), of, sides[0].stage, key, self._wanted),
            reads=sides[0].reads,
            writes=UNLIMITED,
            width=ConcurrencyLimits(segments=AT_ONCE),
            digest=False,
            only_new=False,
            loop_factory=loop_factory,
        )
        self._mover = CrewMover(work, crew, count, self._segments, stop)
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        self._segments.more = False
        try:
            if self._running is not None and kind is None:
                self._mover.changes_segments()
                await self._running
            elif self._running is not None:
                self._running.cancel()
                await asyncio.gather(self._running, return_exceptions=True)
        finally:
            for side in self._sides:
                if isinstance(side.source, OpenedOnce):
                    await side.source.close()

    async def sums(self) -> tuple[Buckets, Buckets]:
        """See ``Walks``."""
        return await self._buckets(Pass.SUMS, 0, add_sums), await self._buckets(Pass.SUMS, 1, add_sums)

    async def distinct_sums(self, seen: KeyStore) -> Buckets:
        """See ``Walks``."""
        numbers = 0

        def add(body: bytes, found: Buckets) -> None:
            nonlocal numbers
            add_entries(body, found, seen, numbers)
            numbers += len(body)  # above the number of its items

        return await self._buckets(Pass.ENTRIES, 0, add)

    async def keys(self, wanted: frozenset[int], *, made: bool) -> tuple[HeldKeys, HeldKeys]:
        """See ``Walks``."""
        self._wanted.buckets = wanted
        ours, theirs = HeldKeys(made), HeldKeys()
        await self._reading(Pass.KEYS, 0, lambda found: add_keys(found.body, ours, self._key))
        await self._reading(Pass.KEYS, 1, lambda found: add_keys(found.body, theirs, self._key))
        return ours, theirs

    async def _buckets(self, reading: Pass, side: int, add: Callable[[bytes, Buckets], None]) -> Buckets:
        buckets = Buckets()

        def take(found: PageFindings) -> None:
            buckets.moved = buckets.moved or found.moved
            add(found.body, buckets)

        await self._reading(reading, side, take)
        buckets.dead = self._segments.dead
        return buckets

    async def _reading(self, reading: Pass, side: int, take: Callable[[PageFindings], None]) -> None:
        read = self._segments.begin(reading, side, take)
        reads = self._sides[side].reads
        if self._running is None:
            self._running = asyncio.create_task(self._mover.run())
        self._mover.change(reads.ceiling, None, start=reads.start)  # the pace is that of the side which is read now
        self._mover.changes_segments()
        ended = asyncio.create_task(read.wait())
        try:
            await asyncio.wait({ended, self._running}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
        if self._running.done():
            self._running.result()
        if not read.is_set():
            raise interrupted()
