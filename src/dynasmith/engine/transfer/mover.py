"""The moving of segments, page by page: each page acknowledged before how far it got is said.

A page is read ahead while the one before it is written; the batches of a page go out on several lanes at once; segments
run side by side. Which segments there are, and what is kept of how far they got, is the ``Keeper``'s: the job, beside
this or in another process.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import msgspec

from dynasmith.engine.transfer.deduplication import Deduplication
from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.engine.transfer.pacer import Pacer
from dynasmith.engine.transfer.permit import RunPermit
from dynasmith.engine.transfer.transform_stage import Stage, StagedPage, Steps, digest_less
from dynasmith.errors import CheckpointError
from dynasmith.items.digest import Digest
from dynasmith.items.digester import Digester
from dynasmith.items.missing_counts import NONE_MISSING
from dynasmith.items.wire import Units
from dynasmith.jobs.checkpoint import Checkpoint
from dynasmith.jobs.counts import Counts
from dynasmith.ports.concurrency import together
from dynasmith.ports.items import DeadLetter, Item, Outcome, Page, Sink, Source, merged
from dynasmith.ports.permit import Halted


@dataclass(frozen=True, slots=True)
class ConcurrencyLimits:
    """How much goes on at once. ``segments`` side by side, each with its page and the next one in memory (1 MB of items
    is about 2 MB here), and ``lanes`` batches of a page in flight."""

    segments: int = 6
    lanes: int = 5


WIDTH = ConcurrencyLimits()


class Keeper(Protocol):
    """What a mover asks of its job."""

    async def next(self) -> Checkpoint | None:
        """The next segment to move, from where it goes on; None where there is none left, or the job stops."""
        ...

    @property
    def items_left(self) -> int | None:
        """How many items the segment that was given last may still send; None where nothing limits them. A job with a
        limit gives one segment at a time."""
        ...

    async def save(self, checkpoint: Checkpoint) -> None:
        """Keep how far a segment got; what it speaks of was acknowledged before."""
        ...

    async def bury(self, segment: int, page: bytes | None, dead: Sequence[DeadLetter]) -> None:
        """Keep dead letters of the page that began at ``page``, before the checkpoint that counts them."""
        ...

    async def moved(self) -> None:
        """The transform changed a key. Returns when no plain write is under way any more and the job remembers it, so
        that from here on, and in every later run, nothing is written over another item."""
        ...

    def cut(self, counts: Counts) -> None:
        """Count what was written of a page that a cancelled job leaves, in no checkpoint."""
        ...


@dataclass(slots=True)
class Mover:
    """Moves segments until its keeper has none left, or ``stop`` is asked. Raises the first error of any segment."""

    source: Source
    sink: Sink
    stage: Stage | None
    keeper: Keeper
    reads: Pacer
    writes: Pacer
    stop: StopRequest
    permit: RunPermit
    width: ConcurrencyLimits = WIDTH
    digest: bool = True
    distinct: Deduplication | None = None
    only_new: bool = False
    begins: bool = False
    """Whether the sink is told here where each segment goes on; else the job told it before."""
    _agreed: bool = False
    _cancelled: bool = False
    _digester: Digester = field(default_factory=Digester)
    _stopping: asyncio.Task[None] | None = None
    _plain: int = 0
    _batched: dict[int, list[Outcome]] = field(default_factory=dict)
    _drained: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._agreed = self.only_new

    @property
    def rates(self) -> tuple[float, float]:
        """Units a second that the pace leaves now: read, write."""
        return self.reads.rate, self.writes.rate

    @property
    def batched(self) -> Counts:
        """What was acknowledged of pages that are under way, batch by batch, and throttled: in no checkpoint yet."""
        throttles = self.reads.throttles() + self.writes.throttles()
        return sum((_arrived(each) for page in self._batched.values() for each in page), throttles)

    def change(self, read: float | None, write: float | None, *, start: float | None = None) -> None:
        """Other limits in units a second from now on; None for those that the job began with. ``start`` is where the
        rate of reading begins, if below its limit."""
        self.reads.change(read, start)
        self.writes.change(write)

    def pause(self, paused: bool) -> None:
        """Send nothing from now on, or go on."""
        self.permit.pause(paused)

    def cancel(self) -> None:
        """Leave the pages under way where they are, after the requests that are on their way."""
        self._cancelled = True
        self.permit.halt()

    async def hold(self) -> None:
        """Write nothing over another item from now on; returns when no plain write is under way any more."""
        self.only_new = True
        while self._plain:
            self._drained.clear()
            await self._drained.wait()

    async def run(self) -> None:
        """Move segments. Raises the first error of any segment; the others are stopped."""
        self._stopping = asyncio.create_task(self.stop.wait(), name="stopping")
        try:
            await together([self._worker() for _ in range(self.width.segments)])
        finally:
            self._stopping.cancel()
            await asyncio.gather(self._stopping, return_exceptions=True)

    async def _worker(self) -> None:
        while (at := await self.keeper.next()) is not None:
            await self._segment(at)

    async def _segment(self, at: Checkpoint) -> None:
        if self.begins and not await self.sink.begin(at.segment, at.mark):
            raise CheckpointError(
                f"A worker does not find what segment {at.segment} of job {at.job} wrote so far.",
                hint="the place must be the same one for every worker: use a folder that all of them share",
            )
        most = None if self.keeper.items_left is None else self.keeper.items_left + at.counts.sent
        ahead: asyncio.Task[Page] | None = asyncio.create_task(self._read(at.segment, at.position))
        try:
            while ahead is not None and not self.stop.asked:
                page = await self._unless_stopped(ahead)
                if page is None:
                    return
                ahead = None
                await self.permit.enter()
                left = None if most is None else most - at.counts.sent
                if page.next is not None and (left is None or len(page.items) < left) and not self.stop.asked:
                    ahead = asyncio.create_task(self._read(at.segment, page.next))
                at = await self._page(at, page, left)
                if at.done:
                    return
        except Halted:
            return
        finally:
            if ahead is not None:
                ahead.cancel()
                await asyncio.gather(ahead, return_exceptions=True)

    async def _unless_stopped(self, ahead: asyncio.Task[Page]) -> Page | None:
        """The page that is read ahead; None where a wish to stop comes first: what is not written can be read again."""
        assert self._stopping is not None
        await asyncio.wait({ahead, self._stopping}, return_when=asyncio.FIRST_COMPLETED)
        return await ahead if ahead.done() else None

    async def _read(self, number: int, start: bytes | None) -> Page:
        # One request is one unit of expectation: what a page costs is learnt from the pages before it.
        taken = await self.reads.leave(1)
        page = await self.source.read(number, start)
        self.reads.settle(taken, Units(page.units), 1)
        return page

    # --- one page -----------------------------------------------------------------------------------------------------

    async def _page(self, at: Checkpoint, page: Page, left: int | None) -> Checkpoint:
        """Move one page, or the first items of it where only so many are ``left``; what it gives back is how far the
        segment got, which was kept."""
        staged = await self._staged(page, left)
        sent = len(staged.items)
        if staged.moved and not self._agreed:
            await self.keeper.moved()
            self._agreed = True
        write = partial(self._write, at.segment)
        if self.distinct is None:
            outcome = await write(staged.items)
        else:
            staged, outcome = await self.distinct(at.segment, at.position, page, staged, write)
        if self.permit.halted and outcome.arrived < len(staged.items):
            if self._cancelled:
                await self._leave(at, outcome)
            raise Halted  # the page stays where it is: a later run does it again
        dead = (*page.dead, *staged.dead, *outcome.dead)
        if dead:
            await self.keeper.bury(at.segment, at.position, dead)
        target = digest_less(staged, outcome.others, self._digester) if self.digest else Digest()
        throttles = self.reads.counted() + self.writes.counted()
        counts = throttles + Counts(
            read=len(page.items) + len(page.dead),
            fanned_out=staged.fanned_out,
            dropped=staged.dropped,
            written=outcome.written,
            unchanged=outcome.unchanged + staged.unchanged,
            already=outcome.already + staged.already,
            skipped=outcome.skipped + staged.skipped,
            dead=len(dead),
            retried=outcome.retried,
            read_units=page.units,
            write_units=outcome.units.total,
            kept_personal=staged.personal or msgspec.UNSET,
            kept_missing=msgspec.UNSET if staged.sample_missing == NONE_MISSING else staged.sample_missing,
            kept_sent=msgspec.UNSET if left is None else left if staged.cut else sent,
        )
        is_last = page.next is None or (left is not None and (staged.cut or sent >= left))
        after = msgspec.structs.replace(
            at,
            position=page.next,
            done=is_last,
            mark=await self.sink.mark(at.segment),
            counts=at.counts + counts,
            target=at.target + target,
        )
        await self.keeper.save(after)
        self._batched.pop(at.segment, None)
        return after

    async def _staged(self, page: Page, left: int | None) -> StagedPage:
        if left is not None and isinstance(self.stage, Steps | None):
            return (self.stage or Steps()).apply(page.items, left)
        return StagedPage(page.items) if self.stage is None else await self.stage(page.items)

    async def _leave(self, at: Checkpoint, outcome: Outcome) -> None:
        """A cancelled job leaves its page where it is: what was written of it is counted, in no checkpoint."""
        if outcome.dead:
            await self.keeper.bury(at.segment, at.position, outcome.dead)
        self._batched.pop(at.segment, None)
        self.keeper.cut(_arrived(outcome))

    async def _write(self, segment: int, items: Sequence[Item]) -> Outcome:
        size = self.sink.batch_items
        if len(items) <= size:
            return await self._batch(segment, items) if items else Outcome()
        batches = iter([items[start : start + size] for start in range(0, len(items), size)])
        outcomes: list[Outcome] = []

        async def lane() -> None:
            for batch in batches:
                if self.permit.halted:  # a page may take long
                    return
                outcomes.append(await self._batch(segment, batch))

        await together([lane() for _ in range(self.width.lanes)])
        return merged(outcomes)

    async def _batch(self, segment: int, batch: Sequence[Item]) -> Outcome:
        try:
            taken = await self.writes.leave(len(batch))
        except Halted:
            return Outcome()
        only_new = self.only_new
        self._plain += not only_new
        try:
            outcome = await self.sink.write(segment, batch, only_new=only_new)
        finally:
            self._plain -= not only_new
            if self._plain == 0:
                self._drained.set()
        self.writes.settle(taken, outcome.units, len(batch))
        self._batched.setdefault(segment, []).append(outcome)  # added up when it is asked for
        return outcome


def _arrived(outcome: Outcome) -> Counts:
    """The counts of what was acknowledged, of a page whose rest was not yet."""
    return Counts(
        read=outcome.arrived,
        written=outcome.written,
        unchanged=outcome.unchanged,
        already=outcome.already,
        skipped=outcome.skipped,
        dead=len(outcome.dead),
        retried=outcome.retried,
        write_units=outcome.units.total,
    )
