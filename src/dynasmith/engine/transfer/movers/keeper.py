"""Segments moved by workers of a crew, each with its connections: as many cores as there are, one job.

The job stays here: its claim, its checkpoints, its counts, what a person wants of it. A worker asks for a segment,
moves it page by page and says after each page how far it is; credentials it asks for here, where they are refreshed.
Workers come and go: each that is at work has an equal part of the pace, which is divided again whenever one comes or
goes, and one that comes begins without a burst. Where one dies its segments are moved again from their checkpoints, at
most a page of each twice; where this process dies they end at once.

A worker may write for a time that it is granted, and that it asks to renew every few seconds; never beyond the lease of
the job. One that was stopped finds that the time has passed, and writes nothing more. Here it counts as dead by then:
its line is cut, and its segments are given to another one when it can write no more.
"""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from math import inf
from time import monotonic

from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.engine.transfer.movers import messages as words
from dynasmith.engine.transfer.movers.deaths import DEATHS_MAX, died_too_often, stood_still
from dynasmith.engine.transfer.movers.member import Member, MovedSegments, Stalled
from dynasmith.engine.transfer.movers.order import Work, written_order
from dynasmith.errors import DynasmithError, Interrupted, Unreachable
from dynasmith.jobs.checkpoint import Checkpoint
from dynasmith.jobs.counts import Counts
from dynasmith.ports.concurrency import tasks_together, together
from dynasmith.ports.crew import Crew, LineEnded, WorkerLine
from dynasmith.ports.permit import Term
from dynasmith.ports.remote_reference import RemoteReference

_log = logging.getLogger("dynasmith.jobs")

LOOK_SECONDS = 1.0
"""How often a job without workers looks at the time."""

_NO_SEGMENT = -1
"""Where a worker died that had no segment yet."""


class CrewMover:
    """Up to ``count`` workers of ``crew`` for the segments of a job. ``term`` is its lease, where it has one.

    Keeps `dynasmith.engine.transfer.flow.PageMover`.
    """

    def __init__(
        self,
        work: Work,
        crew: Crew,
        count: int,
        keeper: MovedSegments,
        stop: StopRequest,
        term: Term | None = None,
    ) -> None:
        self.work, self.keeper, self.stop, self.term = work, keeper, stop, term
        self.references: Sequence[RemoteReference] = ()
        self.paused = self.held = False
        self.changes = 0
        self.limits: tuple[float | None, float | None] = (None, None)
        self._start: float | None = None
        self._order = b""
        self._crew, self._count = crew, count
        self._members: list[Member] = []
        self._came = 0
        self._deaths: dict[int, tuple[bytes | None, int]] = {}
        self._lapses = self._unfit = 0
        self._over, self._changed = asyncio.Event(), asyncio.Event()

    async def run(self) -> None:
        """Move all segments. Raises what a worker raised, RunError when they keep dying, UsageError where
        the transform cannot be given to another process."""
        self._order, self.references = await asyncio.to_thread(
            partial(written_order, self.work, remote=self._crew.remote, lends_keys=self._crew.shares_credentials)
        )
        try:
            async with tasks_together() as tasks:
                others = tasks.create_task(self._arrivals(tasks)), tasks.create_task(self._stopping())
                await self._over.wait()
                for other in others:
                    other.cancel()
        finally:
            await self._crew.close()

    @property
    def batched(self) -> Counts:
        """Nothing: the workers report page by page."""
        return Counts()

    @property
    def rates(self) -> tuple[float, float]:
        """Units a second that the pace leaves now (read, write), of all workers."""
        reads, writes = zip(*[member.rates for member in self._members] or [self.begun(1.0)], strict=True)
        return sum(reads), sum(writes)

    def pause(self, paused: bool) -> None:
        """Let them wait before their next batches, or go on."""
        self.paused = paused
        self._tell_all(words.ControlMessage("pause" if paused else "proceed"))

    def cancel(self) -> None:
        """Leave the pages under way where they are."""
        self._tell_all(words.ControlMessage("cancel"))

    def change(self, read: float | None, write: float | None, *, start: float | None = None) -> None:
        """Other limits of the job in units a second from now on; None for those that it began with. ``start`` is where
        the rate of reading begins, if that is below its limit."""
        self.limits, self.changes, self._start = (read, write), self.changes + 1, start
        for member in self._members:
            member.rates = self.begun(self._part)
        self._tell_all(self._rate())

    async def hold(self) -> None:
        """Write nothing over another item from now on; returns when no plain write is under way in any worker."""
        self.held = True
        await together([member.hold() for member in self._members])

    async def next_segment(self, member: Member) -> Checkpoint | None:
        """The next segment for a worker. One waits while more are to come; one on another machine also while others
        move some: one of those may end, and nobody begins a worker in its place. Meanwhile it has no part of the pace.
        """
        while True:
            found = await self.keeper.next()
            if found is not None or self.stop.asked or member.is_gone:
                break
            moved = self._crew.remote and any(each.moves for each in self._members)
            if not moved and not self.keeper.more:
                break
            if not member.moves and not member.is_idle:
                member.is_idle = True
                self._share()
            await self._changed.wait()
        if found is not None and member.is_idle:
            member.is_idle = False
            self._share()
            member.tell(words.UnitsMessage())
        return found

    def changes_segments(self) -> None:
        """Some segment ended, was added, was given back or will not be moved: who waits for one looks again."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        if self._is_over:
            self._over.set()

    def saved(self, segment: int) -> None:
        """A page of the segment was moved: what went wrong there before is over."""
        for place in (segment, _NO_SEGMENT):
            self._deaths.pop(place, None)
        self._lapses = self._unfit = 0

    def unfit(self, where: str, error: DynasmithError) -> None:
        """A worker leaves because it does not reach what the job has. Raises ``error`` where that is so of several one
        after the other, and none moves anything."""
        self._unfit += 1
        if self._unfit > DEATHS_MAX:
            raise error
        _log.warning("The worker at %s was turned away: %s Hint: %s", where, error.message, error.hint)

    def begun(self, part: float) -> tuple[float, float]:
        """The rates that a worker begins with under the limits, until it says its own."""
        sides = (self.work.reads, self.limits[0]), (self.work.writes, self.limits[1])
        reads, writes = (min(rates.start, rates.ceiling) if limit is None else limit for rates, limit in sides)
        return (reads * part if reads < inf else inf), (writes * part if writes < inf else inf)

    # --- who comes and goes -------------------------------------------------------------------------------------------

    async def _arrivals(self, tasks: asyncio.TaskGroup) -> None:
        if self._is_over:
            self._over.set()
            return
        await self._crew.place(self._order, min(self._count, self.keeper.left))
        alone_since = monotonic()
        coming = asyncio.create_task(self._crew.next())
        try:
            while True:
                await asyncio.wait({coming}, timeout=LOOK_SECONDS)
                if self.keeper.more:  # some may have come since the last worker ended
                    await self._place_missing()
                if coming.done() and coming.exception() is not None and self._members:
                    await asyncio.sleep(LOOK_SECONDS)  # none comes any more, and those that are here move on
                elif coming.done():
                    tasks.create_task(self._serve(coming.result()))
                    coming = asyncio.create_task(self._crew.next())
                if self._members or self.paused:
                    alone_since = monotonic()
                elif monotonic() - alone_since > self._crew.patience_seconds:
                    raise self._deserted()
        finally:
            coming.cancel()

    def _deserted(self) -> Interrupted:
        minutes = self._crew.patience_seconds / 60
        return Interrupted(
            f"{self.work.name} has had no worker for {minutes:g} minutes; nothing was lost.",
            hint=f"start workers, then: {self.work.again}",
        )

    async def _serve(self, line: WorkerLine) -> None:
        member = Member(self, line)
        self._members.append(member)
        self._came += 1
        member.rates = self.begun(self._part)
        try:
            self._share(spent=self._came > 1)
            await member.live()
        except LineEnded as error:
            if not self.stop.asked:
                self._died(member, error)
        finally:
            self._members.remove(member)
            self._share()
        if self._is_over:
            self._over.set()
        else:
            await self._place_missing()

    async def _place_missing(self) -> None:
        if self.keeper.left and not self.stop.asked:
            working = len(self._members)
            try:
                await self._crew.place(self._order, working + min(self._count - working, self.keeper.left))
            except Unreachable:
                if not self._members:  # else those that are here move on
                    raise

    def _died(self, member: Member, error: LineEnded) -> None:
        """Raise RunError where the job cannot go on like this."""
        if isinstance(error, Stalled):
            self._lapses += 1
            if self._lapses > DEATHS_MAX:
                raise stood_still(self._lapses) from error
            _log.warning("%s: a process stalled, and another one takes its place.", self.work.name)
            return
        for segment, position in member.left.items() or {_NO_SEGMENT: None}.items():
            before, deaths = self._deaths.get(segment, (position, 0))
            deaths = deaths + 1 if before == position else 1
            self._deaths[segment] = position, deaths
            if deaths > DEATHS_MAX:
                raise died_too_often(deaths, str(error)) from error

    async def _stopping(self) -> None:
        await self.stop.wait()
        self._tell_all(words.ControlMessage("stop"))
        self.changes_segments()
        if self._is_over:
            self._over.set()

    @property
    def _is_over(self) -> bool:
        return not self._members and (self.stop.asked or not (self.keeper.left or self.keeper.more))

    # --- what they hear -----------------------------------------------------------------------------------------------

    def _share(self, *, spent: bool = False) -> None:
        """Divide the pace by those that are here; the last one that came begins without a burst where ``spent``."""
        self._tell_all(self._rate())
        if spent:
            self._members[-1].tell(words.UnitsMessage())

    def _rate(self) -> words.RateMessage:
        return words.RateMessage(*self.limits, self._part, self.changes, self._start)

    @property
    def _part(self) -> float:
        return 1 / max(1, sum(not member.is_idle for member in self._members))

    def _tell_all(self, word: words.ToProcess) -> None:
        for member in self._members:
            member.tell(word)
