"""The flow of one job: every segment page by page, each page acknowledged before its checkpoint is written.

A page is read ahead while the one before it is written; the batches of a page go out on several lanes at once; segments
run side by side in an order that spreads them over the table. Whatever ends a run (an error, a signal, a kill), the
checkpoints say where each segment goes on, and at most the one page that was under way is done again.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from time import monotonic

import msgspec

from dynasmith.engine.transfer.distinct import Distinct
from dynasmith.engine.transfer.events import FlowDead, FlowProgress
from dynasmith.engine.transfer.loop import Stop, together
from dynasmith.engine.transfer.pacing import Pacer
from dynasmith.engine.transfer.stage import Stage, Staged, digest_less
from dynasmith.errors import RunError
from dynasmith.items.digest import Digest, Digester
from dynasmith.items.wire import Units
from dynasmith.jobs.checkpoint import Checkpoint
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.estimate import remaining_seconds
from dynasmith.jobs.job import moved
from dynasmith.jobs.segments import interleaved
from dynasmith.ports.checkpoints import Claim
from dynasmith.ports.items import Dead, Item, Outcome, Page, Sink, Source, merged
from dynasmith.ports.listener import Listener, silent

TICK_SECONDS = 0.25
"""How often a running job looks at what a person wants of it, and says how far it is."""

HOPELESS_DEAD = 1000
"""Dead letters without a single item written, at which a job stops."""

ONLY_NEW = "only_new"
"""The parameter of a job whose transform was seen to change keys."""


@dataclass(frozen=True, slots=True)
class Width:
    """How much goes on at once. ``segments`` side by side, each with its page and the next one in memory (1 MB of items
    is about 2 MB here), and ``lanes`` batches of a page in flight."""

    segments: int = 6
    lanes: int = 5


WIDTH = Width()


@dataclass(slots=True)
class Flow:
    """One run of one job. ``run`` returns when every segment is at its end, or when it was stopped."""

    source: Source
    sink: Sink
    stage: Stage | None
    claim: Claim
    reads: Pacer
    writes: Pacer
    stop: Stop
    now: Callable[[], datetime]
    width: Width = WIDTH
    digest: bool = True
    distinct: Distinct | None = None
    listener: Listener = silent
    table: str = ""
    total_items: int | None = None
    cancelled: bool = False
    at: dict[int, Checkpoint] = field(default_factory=dict)
    _digester: Digester = field(default_factory=Digester)
    _running: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: asyncio.Task[None] | None = None
    _only_new: bool = False
    _switched: bool = False
    _switching: asyncio.Lock = field(default_factory=asyncio.Lock)
    _plain: int = 0
    _drained: asyncio.Event = field(default_factory=asyncio.Event)
    _codes: set[str] = field(default_factory=set)
    _cut: Counts = field(default_factory=Counts)

    @property
    def counts(self) -> Counts:
        """What was done, over all runs of the job."""
        return sum((checkpoint.counts for checkpoint in self.at.values()), self._cut)

    @property
    def target_digest(self) -> Digest:
        """The digest of what stands in the target because of this job."""
        return sum((checkpoint.target for checkpoint in self.at.values()), Digest())

    @property
    def done(self) -> bool:
        """Whether every segment is at its end."""
        return all(checkpoint.done for checkpoint in self.at.values())

    async def run(self) -> None:
        """Run what is left. Raises the first error of any segment; the others are stopped."""
        await self._begin()
        self._running.set()
        order = iter([number for number in interleaved(self.claim.job.segments) if not self.at[number].done])
        watch = asyncio.create_task(self._watch(), name="watch")
        self._stopping = asyncio.create_task(self.stop.wait(), name="stopping")
        try:
            await together([self._worker(order) for _ in range(self.width.segments)])
        finally:
            watch.cancel()
            self._stopping.cancel()
            await asyncio.gather(watch, self._stopping, return_exceptions=True)

    async def _begin(self) -> None:
        """Where each segment goes on; a segment whose sink lost what its mark promises begins anew."""
        job = self.claim.job
        self._only_new = self._switched = bool(job.parameters.get(ONLY_NEW))
        known = self.claim.checkpoints()
        for number in range(job.segments):
            fresh = Checkpoint(job=job.id, segments=job.segments, segment=number)
            found = known.get(number, fresh)
            if not await self.sink.begin(number, found.mark):
                self.claim.forget(number, None, whole=True)
                await self.claim.save(fresh)
                found = fresh
            elif not found.done:
                self.claim.forget(number, found.position)
            self.at[number] = found
        if self.distinct is not None:
            await self.distinct.recall(self.source, self.stage, self.at, self.stop)

    async def _worker(self, order: Iterator[int]) -> None:
        for number in order:  # one iterator shared by all workers
            if self.stop.asked:
                return
            await self._segment(number)

    async def _segment(self, number: int) -> None:
        ahead: asyncio.Task[Page] | None = asyncio.create_task(self._read(number, self.at[number].position))
        try:
            while ahead is not None and not self.stop.asked:
                page = await self._unless_stopped(ahead)
                if page is None:
                    return
                ahead = None
                await self._running.wait()
                if page.next is not None and not self.stop.asked:
                    ahead = asyncio.create_task(self._read(number, page.next))
                await self._page(self.at[number], page)
                if self.at[number].done:
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

    async def _page(self, at: Checkpoint, page: Page) -> None:
        staged = Staged(page.items) if self.stage is None else await self.stage(page.items)
        if staged.moved and not self._switched:
            await self._only_new_from_now()
        write = partial(self._write, at.segment)
        if self.distinct is None:
            outcome = await write(staged.items)
        else:
            staged, outcome = await self.distinct(at.segment, at.position, page, staged, write)
        if self.cancelled and outcome.arrived < len(staged.items):
            await self._leave(at, outcome)
            return
        dead = (*page.dead, *staged.dead, *outcome.dead)
        if dead:
            await self.claim.bury(at.segment, at.position, dead)
            self._tell(dead)
        target = digest_less(staged, outcome.others, self._digester) if self.digest else Digest()
        throttled = self.reads.throttled + self.writes.throttled
        self.reads.throttled = self.writes.throttled = 0
        counts = Counts(
            read=len(page.items) + len(page.dead),
            fanned_out=staged.fanned_out,
            dropped=staged.dropped,
            written=outcome.written,
            unchanged=outcome.unchanged + staged.unchanged,
            already=outcome.already + staged.already,
            skipped=outcome.skipped + staged.skipped,
            dead=len(dead),
            retried=outcome.retried,
            throttled=throttled,
            read_units=page.units,
            write_units=outcome.units.total,
        )
        after = msgspec.structs.replace(
            at,
            position=page.next,
            done=page.next is None,
            mark=await self.sink.mark(at.segment),
            counts=at.counts + counts,
            target=at.target + target,
        )
        await self.claim.save(after)
        self.at[at.segment] = after
        if dead:
            self._check_hope(dead[0].reason)

    async def _leave(self, at: Checkpoint, outcome: Outcome) -> None:
        """A cancelled job leaves its page where it is: what was written of it is counted, in no checkpoint."""
        if outcome.dead:
            await self.claim.bury(at.segment, at.position, outcome.dead)
            self._tell(outcome.dead)
        self._cut += Counts(
            read=outcome.arrived,
            written=outcome.written,
            unchanged=outcome.unchanged,
            already=outcome.already,
            skipped=outcome.skipped,
            dead=len(outcome.dead),
            retried=outcome.retried,
            write_units=outcome.units.total,
        )

    def _check_hope(self, reason: str) -> None:
        """Stop where nothing at all arrives: a table that refuses every item would fill the dead letters with them."""
        counts = self.counts
        if counts.dead >= HOPELESS_DEAD and counts.dead == counts.arrived:
            raise RunError(
                f"Nothing was written, and {counts.dead:,} items are dead letters: {reason}",
                hint="is it the right file, and the right table? the job can be resumed",
            )

    async def _write(self, segment: int, items: Sequence[Item]) -> Outcome:
        size = self.sink.batch_items
        if len(items) <= size:
            return await self._batch(segment, items) if items else Outcome()
        batches = iter([items[start : start + size] for start in range(0, len(items), size)])
        outcomes: list[Outcome] = []

        async def lane() -> None:
            for batch in batches:
                await self._running.wait()  # a pause and a cancel reach a page that takes long
                if self.cancelled:
                    return
                outcomes.append(await self._batch(segment, batch))

        await together([lane() for _ in range(self.width.lanes)])
        return merged(outcomes)

    async def _batch(self, segment: int, batch: Sequence[Item]) -> Outcome:
        taken = await self.writes.leave(len(batch))
        only_new = self._only_new
        self._plain += not only_new
        try:
            outcome = await self.sink.write(segment, batch, only_new=only_new)
        finally:
            self._plain -= not only_new
            if self._plain == 0:
                self._drained.set()
        self.writes.settle(taken, outcome.units, len(batch))
        return outcome

    async def _only_new_from_now(self) -> None:
        """A transform changed a key: from here on nothing is written over another item, so that none is lost.

        What was written before has the key that it came with. Plain writes that are under way end first, and the job
        remembers it, so that a resumed run writes no item plainly that could cover a moved one.
        """
        self._only_new = True
        async with self._switching:
            if self._switched:
                return
            while self._plain:
                self._drained.clear()
                await self._drained.wait()
            job = self.claim.job
            self.claim.change(msgspec.structs.replace(job, parameters=job.parameters | {ONLY_NEW: True}))
            self._switched = True

    def _tell(self, dead: Sequence[Dead]) -> None:
        for entry in dead:
            if entry.code not in self._codes:
                self._codes.add(entry.code)
                self.listener(
                    FlowDead(
                        table=self.table,
                        job=self.claim.job.id,
                        code=entry.code,
                        reason=entry.reason,
                        place=entry.place,
                        trace=entry.trace,
                    )
                )

    # --- watching -----------------------------------------------------------------------------------------------------

    async def _watch(self) -> None:
        began, before = monotonic(), self.counts
        control = self.claim.control()
        self._steer(control.read_units_per_second, control.write_units_per_second)
        while True:
            await asyncio.sleep(TICK_SECONDS)
            seen = self.claim.control()
            if seen != control:
                self._steer(seen.read_units_per_second, seen.write_units_per_second)
                control = seen
            self._obey(control.wish)
            counts, seconds = self.counts, monotonic() - began
            done = counts.read - before.read
            left = None if self.total_items is None else max(0, self.total_items - before.read)
            self.listener(
                FlowProgress(
                    table=self.table,
                    job=self.claim.job.id,
                    counts=counts,
                    seconds=seconds,
                    items_per_second=done / seconds,
                    read_rate=self.reads.rate,
                    write_rate=self.writes.rate,
                    remaining_seconds=None if left is None else remaining_seconds(done, left, seconds),
                    paused=not self._running.is_set(),
                )
            )

    def _steer(self, read: float | None, write: float | None) -> None:
        if read is not None or write is not None:
            self.reads.change(read)
            self.writes.change(write)

    def _obey(self, wish: str) -> None:
        if wish == "cancel" and not self.cancelled:
            self.cancelled = True
            self.stop.ask()
        paused = wish == "pause" and not self.stop.asked
        if paused and self._running.is_set():
            self._running.clear()
            self.claim.change(moved(self.claim.job, "paused", self.now()))
        elif not paused and not self._running.is_set():
            self._running.set()
            self.claim.change(moved(self.claim.job, "running", self.now()))
