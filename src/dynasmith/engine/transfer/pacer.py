"""Pace on the loop: one side's buckets and steering, shared by all workers. The arithmetic is in ``jobs``."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from math import inf
from time import monotonic

from msgspec import UNSET

from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.engine.transfer.permit import RunPermit
from dynasmith.items.wire import Units
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.pace import BURST_SECONDS, TABLE, Pace
from dynasmith.jobs.steer import Steer, Throttle, UnitKind
from dynasmith.ports.items import PacedListener
from dynasmith.ports.permit import Permit


class Rates:
    """What one side may use: units a second to begin with and at most, of the table and of indexes that differ."""

    __slots__ = ("ceiling", "indexes", "start")

    def __init__(
        self, start: float = inf, ceiling: float = inf, indexes: Mapping[str, tuple[float, float]] | None = None
    ) -> None:
        self.start = start
        self.ceiling = ceiling
        self.indexes = dict(indexes or {})


UNLIMITED = Rates()

WHOLE_SHARE = 0.3
"""The part of all items offered that must be turned away for a whole cut (which leaves 0.7 of a rate): below it the
rate falls to what was taken."""


class Pacer:
    """Gives leave for requests of one side (read or write), so that their units keep the pace over every window.

    ``expected`` units of the next request follow what requests used before; what one really used is settled after.
    Of several processes that share a job's rates each has its ``part``. No leave is given while ``permit`` says no.
    """

    def __init__(
        self,
        side: UnitKind,
        rates: Rates,
        *,
        part: float = 1.0,
        permit: Permit | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        now = clock()
        self.permit = permit or RunPermit()
        self._side = side
        self._clock = clock
        self._began = rates
        self._part = part
        began = {TABLE: (rates.start, rates.ceiling)} if rates.ceiling < inf else {}
        self._steers = {
            name: Steer.new(start * part, ceiling * part, now)
            for name, (start, ceiling) in (began | rates.indexes).items()
        }
        self._pace = Pace({name: steer.rate for name, steer in self._steers.items()}, now)
        self._turn = asyncio.Lock()
        self._each: dict[str, float] = {}
        self._offered = self._away = 0  # items, since the last cut of a rate
        self.throttled = 0
        self.reasons: dict[str, int] = {}
        """Requests that were throttled since they were last counted, and by which reasons."""

    @property
    def rate(self) -> float:
        """Units a second that the table gets now; infinite without a limit."""
        return self._pace.rates.get(TABLE, inf)

    async def leave(self, items: int) -> dict[str, float]:
        """Wait until a request of ``items`` may be sent; what it returns goes to ``settle``. Raises Halted, LeaseLost:
        a wait ends when the run stops, and a paused run gets no leave."""
        if self.permit.closed:
            await self.permit.enter()
        if not self._steers:
            return {}
        wanted = {name: each * items for name, each in (self._each or {TABLE: 1.0}).items()}
        if not self._turn.locked() and self._pace.take(wanted, self._clock()) == 0.0:
            self._offered += items
            return wanted  # nobody waits, and there is enough: no turn to take
        async with self._turn:
            while True:
                if self.permit.closed:
                    await self.permit.enter()
                wait = self._pace.take(wanted, self._clock())
                if wait == 0.0:
                    break
                await self.permit.sleep(wait)
            self._offered += items
        return wanted

    async def again(self, items: int, after_seconds: float) -> None:
        """Wait until items that were turned away just now may be sent once more, ``after_seconds`` at the soonest.

        There is nothing to settle: the try that was turned away used nothing, and this one is in what the request says
        that it used in the end.
        """
        self._away += items
        await self.permit.sleep(after_seconds)
        await self.leave(items)

    def settle(self, taken: Mapping[str, float], used: Units, items: int) -> None:
        """A request is answered: it used ``used`` for ``items``."""
        if not taken and not self._steers:
            return
        now = self._clock()
        real = {TABLE: used.table, **used.indexes}
        if used.total == 0.0:  # this engine does not say: what was expected counts
            real = dict(taken)
        self._pace.settle(taken, real, now)
        if items:
            for name, units in real.items():
                before = self._each.get(name, units / items)
                self._each[name] = 0.8 * before + 0.2 * units / items
        for name, steer in self._steers.items():
            self._steered(name, steer.passed(now), now)

    def heard(self, throttles: Sequence[Throttle]) -> None:
        """A request was throttled: the rate of what throttled falls."""
        mine = [throttle for throttle in throttles if throttle.side == self._side]
        if not mine:
            return
        self.throttled += 1
        for reason in {throttle.reason for throttle in mine}:
            self.reasons[reason] = self.reasons.get(reason, 0) + 1
        now, cut = self._clock(), False
        known = min(1.0, self._away / self._offered / WHOLE_SHARE) if self._away and self._offered else None
        for throttle in mine:
            name = throttle.index or TABLE
            steer = self._steers.get(name)
            if steer is not None:
                after = steer.throttled(throttle.limit, now, throttle.share if known is None else known)
                cut = cut or after.cut_at != steer.cut_at
                self._steered(name, after, now)
        if cut:
            self._offered = self._away = 0

    def throttles(self) -> Counts:
        """The requests that were throttled and are not counted yet, by reason."""
        return Counts(throttled=self.throttled, kept_throttles=dict(self.reasons) or UNSET)

    def counted(self) -> Counts:
        """The same, which are counted from now on."""
        found = self.throttles()
        self.throttled, self.reasons = 0, {}
        return found

    def change(self, units_per_second: float | None, start: float | None = None) -> None:
        """Another limit of the table from now on; None for the one that the job began with. The rate begins there, or
        at ``start``."""
        now = self._clock()
        ceiling = self._began.ceiling if units_per_second is None else units_per_second
        if ceiling == inf:
            self._steers.pop(TABLE, None)
            self._pace.set_rate(TABLE, None, now)
            return
        first = start if start is not None else ceiling if units_per_second else self._began.start
        self._steered(TABLE, Steer.new(first * self._part, ceiling * self._part, now), now)

    def take_part(self, part: float) -> None:
        """From now on this is so much of the job's pace (1.0: all of it); the rates that were found grow or fall with
        it."""
        by, self._part, now = part / self._part, part, self._clock()
        if by != 1.0:
            for name, steer in self._steers.items():
                self._steered(name, steer.times(by), now)

    def spent(self) -> None:
        """Begin without the burst that a full bucket allows: who had this part before may have used it just now."""
        self._pace.settle({}, {name: rate * BURST_SECONDS for name, rate in self._pace.rates.items()}, self._clock())

    def _steered(self, name: str, steer: Steer, now: float) -> None:
        before = self._steers.get(name)
        self._steers[name] = steer
        if before is None or before.rate != steer.rate:
            self._pace.set_rate(name, steer.rate, now)


class _Told:
    """See ``heard_by``."""

    __slots__ = ("_reads", "_writes", "permit")

    def __init__(self, reads: Pacer, writes: Pacer) -> None:
        self._reads, self._writes = reads, writes
        self.permit = writes.permit

    def __call__(self, throttles: Sequence[Throttle]) -> None:
        self._reads.heard(throttles)
        self._writes.heard(throttles)

    async def again(self, items: int, after_seconds: float) -> None:
        """Wait until items that were turned away may be written once more."""
        await self._writes.again(items, after_seconds)


def heard_by(reads: Pacer, writes: Pacer) -> PacedListener:
    """Tells both sides of a throttle: each knows which ones are its own. What is written again takes its leave."""
    return _Told(reads, writes)


def reading(rates: Rates, stop: StopRequest) -> tuple[Pacer, PacedListener]:
    """The pace of a verb that only reads, and what its source is opened with. Waits raise Halted when it is stopped."""
    permit = RunPermit()
    stop.on_halt(permit.halt)
    reads = Pacer("read", rates, permit=permit)
    return reads, heard_by(reads, Pacer("write", UNLIMITED, permit=permit))
