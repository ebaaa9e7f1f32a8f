"""The job while it runs: which segments are left, how far each got, what a person wants of it.

The pages themselves are moved by movers, which ask here for segments and say here how far they are. Whatever ends a
run (an error, a signal, a kill), the checkpoints say where each segment goes on, and at most the one page that was
under way is done again.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Protocol

import msgspec

from dynasmith.engine.transfer.activity_recorder import ActivityRecorder
from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.engine.transfer.events import FlowDead, FlowProgress
from dynasmith.engine.transfer.permit import RunPermit
from dynasmith.engine.transfer.table_identity import TableIdentityCheck
from dynasmith.errors import DataError, DynasmithError
from dynasmith.items.digest import Digest
from dynasmith.jobs.checkpoint import Checkpoint
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.estimate import remaining_seconds
from dynasmith.jobs.job import moved
from dynasmith.jobs.segments import interleaved
from dynasmith.ports.checkpoints import Claim
from dynasmith.ports.concurrency import tasks_together
from dynasmith.ports.items import DeadLetter, Sink
from dynasmith.ports.listener import Listener, silent
from dynasmith.ports.permit import Halted

TICK_SECONDS = 0.25
"""How often a running job looks at what a person wants of it, and says how far it is."""

ACTIVITY_SECONDS = 1.0
"""How often the ledger is given a running job's activity."""

HOPELESS_DEAD = 1000
"""Dead letters without a single item written, at which a job stops."""


class PageMover(Protocol):
    """What moves the segments of a job: a ``Mover`` here, or as many as there are processes."""

    async def run(self) -> None:
        """Move segments until none is left or the job stops. Raises the first error of any."""
        ...

    @property
    def rates(self) -> tuple[float, float]:
        """Units a second that the pace leaves now: read, write."""
        ...

    @property
    def batched(self) -> Counts:
        """What was acknowledged of pages that are under way, and is in no checkpoint yet."""
        ...

    def change(self, read: float | None, write: float | None) -> None:
        """Other limits from now on; None for those that the job began with."""
        ...

    def pause(self, paused: bool) -> None:
        """Send nothing from now on, or go on."""
        ...

    def cancel(self) -> None:
        """Send nothing more, and leave the pages under way where they are."""
        ...

    async def hold(self) -> None:
        """Write nothing over another item from now on; returns when no plain write is under way any more."""
        ...


@dataclass(slots=True)
class Flow:
    """One run of one job. ``run`` returns when every segment is at its end, or when it was stopped."""

    claim: Claim
    sink: Sink
    stop: StopRequest
    now: Callable[[], datetime]
    before: Callable[[Mapping[int, Checkpoint]], Awaitable[None]]
    """Called with where each segment goes on, before any is moved; may raise Halted where the run stops."""
    permit: RunPermit
    listener: Listener = silent
    table: str = ""
    total_items: int | None = None
    limit: int | None = None
    """At most so many items are sent to the sink, over all runs of the job."""
    cancelled: bool = False
    lost: Callable[[int], None] = lambda _segment: None
    """Told of each segment whose worker is gone, before another one gets it."""
    same: TableIdentityCheck | None = None
    """The tables of the job, compared once a minute and before it goes on after a pause."""
    at: dict[int, Checkpoint] = field(default_factory=dict)
    _left: deque[int] = field(default_factory=deque)
    _given: set[int] = field(default_factory=set)
    _moving: PageMover | None = None
    _paused: bool = False
    _only_new: bool = False
    _switching: asyncio.Lock = field(default_factory=asyncio.Lock)
    _codes: set[str] = field(default_factory=set)
    _reason: str = ""
    _closed: Counts = field(default_factory=Counts)
    """Of the segments that are at their end, which are many, and of what a cancelled job left."""
    _open: dict[int, Checkpoint] = field(default_factory=dict)
    """Segments that were begun and are not at their end."""
    _activity: ActivityRecorder | None = None

    @property
    def counts(self) -> Counts:
        """What was done, over all runs of the job."""
        return sum((checkpoint.counts for checkpoint in self._open.values()), self._closed)

    @property
    def target_digest(self) -> Digest:
        """The digest of what stands in the target because of this job."""
        return sum((checkpoint.target for checkpoint in self.at.values()), Digest())

    @property
    def done(self) -> bool:
        """Whether every segment is at its end."""
        return all(checkpoint.done for checkpoint in self.at.values())

    @property
    def only_new(self) -> bool:
        """Whether the transform was seen to change keys, in this run or in one before it."""
        return self._only_new

    @property
    def items_left(self) -> int | None:
        """How many items may still be sent; None without a limit."""
        return None if self.limit is None else max(0, self.limit - self.counts.sent)

    @property
    def left(self) -> int:
        """How many segments nobody moves yet."""
        return len(self._left)

    @property
    def more(self) -> bool:
        """A job has all its segments from the beginning."""
        return False

    async def begin(self) -> None:
        """Find where each segment goes on; one whose sink lost what its mark promises begins anew."""
        job = self.claim.job
        self._only_new = job.only_new
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
        # With a limit they are moved one after the other, so that it is the same items each time.
        order = interleaved(job.segments) if self.limit is None else range(job.segments)
        self._left.extend(number for number in order if not self.at[number].done)
        for at in self.at.values():
            self._count(at)
        self._activity = ActivityRecorder(job.segments, self.claim.activity(), self.now)
        self._activity.begin(self.at.values())

    async def run(self, moving: PageMover) -> None:
        """Run what is left, after ``begin``. Raises the first error of any segment, or of the look at what is
        wanted of the job; the others are stopped."""
        self._moving = moving
        await self._keep_activity(moving)
        async with tasks_together() as tasks:  # a job that cannot hear what is wanted of it does not go on unheard
            watching = [tasks.create_task(self._watch(moving), name="watch")]
            watching.append(tasks.create_task(self._keep_activities(moving), name="activity"))
            if self.same is not None:
                watching.append(tasks.create_task(self.same.watch(), name="same tables"))
            with suppress(Halted):
                await self.before(self.at)
            await moving.run()
            for each in watching:
                each.cancel()
        await self._keep_activity(moving, last=True)

    # --- what movers ask ----------------------------------------------------------------------------------------------

    async def next(self) -> Checkpoint | None:
        """The next segment to move; None where there is none left, or the job stops, or where it has a limit and
        another one is moved."""
        if self.limit is not None and (self._given or await self._is_full()):
            return None
        if self.stop.asked or not self._left:
            return None
        self._given.add(segment := self._left.popleft())
        return self.at[segment]

    async def _is_full(self) -> bool:
        """Whether the limit is reached; the segments that are left are at their end then."""
        if self.items_left != 0:
            return False
        while self._left:
            await self.save(msgspec.structs.replace(self.at[self._left.popleft()], done=True))
        return True

    def give_back(self, segment: int) -> None:
        """Nobody moves that segment any more (its process is gone): it goes on from its checkpoint. A run that ends
        leaves its page, and the dead letters of that, as they are."""
        self.lost(segment)
        self._given.discard(segment)
        at = self.at[segment]
        if not at.done and not self.stop.asked:
            self.claim.forget(segment, at.position)
            self._left.appendleft(segment)

    async def save(self, checkpoint: Checkpoint) -> None:
        """Keep how far a segment got. Raises DataError where nothing at all arrives."""
        await self.claim.save(checkpoint)
        before, self.at[checkpoint.segment] = self.at[checkpoint.segment], checkpoint
        if checkpoint.done:
            self._given.discard(checkpoint.segment)
        self._count(checkpoint)
        if self._activity is not None:
            self._activity.saved(before, checkpoint)
        if checkpoint.counts.dead > before.counts.dead:
            self._check_hope()

    async def bury(self, segment: int, page: bytes | None, dead: Sequence[DeadLetter]) -> None:
        """Keep dead letters."""
        await self.claim.bury(segment, page, dead)
        self._reason = dead[0].reason
        self._tell(dead)

    def cut(self, counts: Counts) -> None:
        """Count what was written of a page that a cancelled job leaves."""
        self._closed += counts

    async def moved(self) -> None:
        """A transform changed a key: from here on nothing is written over another item, so that none is lost.

        What was written before has the key that it came with. Plain writes that are under way end first, and the job
        remembers it, so that a resumed run writes no item plainly that could cover a moved one.
        """
        assert self._moving is not None
        async with self._switching:
            if self._only_new:
                return
            await self._moving.hold()
            job = self.claim.job
            self.claim.change(msgspec.structs.replace(job, only_new=True))
            self._only_new = True

    def _count(self, checkpoint: Checkpoint) -> None:
        if checkpoint.done:
            self._open.pop(checkpoint.segment, None)
            self._closed += checkpoint.counts
        elif checkpoint.position is not None or checkpoint.counts.read:
            self._open[checkpoint.segment] = checkpoint

    def _check_hope(self) -> None:
        """Stop where nothing at all arrives: a table that refuses every item would fill the dead letters with them."""
        counts = self.counts
        if counts.dead >= HOPELESS_DEAD and counts.dead == counts.arrived:
            raise DataError(
                f"Nothing was written, and {counts.dead:,} items are dead letters: {self._reason}",
                hint="is it the right file, and the right table? the job can be resumed",
            )

    def _tell(self, dead: Sequence[DeadLetter]) -> None:
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

    async def _watch(self, moving: PageMover) -> None:
        began, before = monotonic(), self.counts
        limits: tuple[float | None, float | None] = (None, None)
        while True:
            self.permit.check_lease()
            control = self.claim.control()
            wanted = (control.read_units_per_second, control.write_units_per_second)
            if wanted != limits:
                moving.change(*wanted)
                limits = wanted
                self._say_progress(moving, before, monotonic() - began)
            await self._obey(control.wish, moving)
            await asyncio.sleep(TICK_SECONDS)
            self._say_progress(moving, before, monotonic() - began)

    async def _keep_activities(self, moving: PageMover) -> None:
        while True:
            await asyncio.sleep(ACTIVITY_SECONDS)
            await self._keep_activity(moving)

    async def _keep_activity(self, moving: PageMover, *, last: bool = False) -> None:
        """Keep the activity as it is now. A ledger that cannot keep it stops no job: what it must keep, it says."""
        assert self._activity is not None
        counts = self.counts + moving.batched
        activity = self._activity.activity(counts, moving.rates, self.total_items, paused=self._paused)
        with suppress(DynasmithError):
            await self.claim.keep_activity(activity, last=last)

    def _say_progress(self, moving: PageMover, before: Counts, seconds: float) -> None:
        counts = self.counts + moving.batched
        done = counts.read - before.read
        left = None if self.total_items is None else max(0, self.total_items - before.read)
        read_rate, write_rate = moving.rates
        self.listener(
            FlowProgress(
                table=self.table,
                job=self.claim.job.id,
                counts=counts,
                total_items=self.total_items,
                seconds=seconds,
                items_per_second=done / seconds if seconds else 0.0,
                read_rate=read_rate,
                write_rate=write_rate,
                remaining_seconds=None if left is None else remaining_seconds(done, left, seconds),
                paused=self._paused,
            )
        )

    async def _obey(self, wish: str, moving: PageMover) -> None:
        if wish == "cancel" and not self.cancelled:
            self.cancelled = True
            moving.cancel()
            self.stop.ask()
        paused = wish == "pause" and not self.permit.halted
        goes_on = self._paused and not paused and not self.stop.asked
        if goes_on and self.same is not None and not await self.same.glance():
            return  # which tables they are now cannot be read: it goes on with the next look
        if paused != self._paused:
            self._paused = paused
            self.permit.pause(paused)
            moving.pause(paused)
            self.claim.change(moved(self.claim.job, "paused" if paused else "running", self.now()))
