"""Pace on the loop: one side's buckets and steering, shared by all workers. The arithmetic is in ``jobs``."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from math import inf
from time import monotonic

from dynasmith.items.wire import Units
from dynasmith.jobs.pace import TABLE, Pace
from dynasmith.jobs.steer import Side, Steer, Throttle
from dynasmith.ports.items import Heard


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


class Pacer:
    """Gives leave for requests of one side (read or write), so that their units keep the pace over every window.

    ``expected`` units of the next request follow what requests used before; what one really used is settled after.
    Of several processes that share a job's rates each has its ``part``.
    """

    def __init__(self, side: Side, rates: Rates, *, part: float = 1.0, clock: Callable[[], float] = monotonic) -> None:
        now = clock()
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
        self.throttled = 0

    @property
    def rate(self) -> float:
        """Units a second that the table gets now; infinite without a limit."""
        return self._pace.rates.get(TABLE, inf)

    async def leave(self, items: int) -> dict[str, float]:
        """Wait until a request of ``items`` may be sent; what it returns goes to ``settle``."""
        if not self._steers:
            return {}
        wanted = {name: each * items for name, each in (self._each or {TABLE: 1.0}).items()}
        if not self._turn.locked() and self._pace.take(wanted, self._clock()) == 0.0:
            return wanted  # nobody waits, and there is enough: no turn to take
        async with self._turn:
            while (wait := self._pace.take(wanted, self._clock())) > 0:
                await asyncio.sleep(wait)
        return wanted

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
        now = self._clock()
        for throttle in mine:
            name = throttle.index or TABLE
            steer = self._steers.get(name)
            if steer is not None:
                self._steered(name, steer.throttled(throttle.limit, now, throttle.share), now)

    def change(self, units_per_second: float | None) -> None:
        """Another limit of the table from now on; None for the one that the job began with."""
        now = self._clock()
        ceiling = self._began.ceiling if units_per_second is None else units_per_second
        if ceiling == inf:
            self._steers.pop(TABLE, None)
            self._pace.set_rate(TABLE, None, now)
            return
        start = (ceiling if units_per_second else self._began.start) * self._part
        self._steered(TABLE, Steer.new(start, ceiling * self._part, now), now)

    def take_part(self, part: float) -> None:
        """From now on this is so much of the job's pace (1.0: all of it); the rates that were found grow or fall with
        it."""
        by, self._part, now = part / self._part, part, self._clock()
        if by != 1.0:
            for name, steer in self._steers.items():
                self._steered(name, steer.times(by), now)

    def _steered(self, name: str, steer: Steer, now: float) -> None:
        before = self._steers.get(name)
        self._steers[name] = steer
        if before is None or before.rate != steer.rate:
            self._pace.set_rate(name, steer.rate, now)


def heard_by(reads: Pacer, writes: Pacer) -> Heard:
    """Tells both sides of a throttle: each knows which ones are its own."""

    def heard(throttles: Sequence[Throttle]) -> None:
        reads.heard(throttles)
        writes.heard(throttles)

    return heard
