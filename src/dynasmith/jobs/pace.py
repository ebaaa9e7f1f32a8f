"""Pace: capacity units a second, kept over every window, of a table and of each of its indexes.

A bucket holds units and fills at its rate. A request that takes ``n`` units waits until they are there; what it really
used is settled when the reply says so. Over any window of ``t`` seconds no more than ``rate * t`` units and one burst
begin. Time is an argument, in seconds of any clock that does not jump.
"""

from collections.abc import Mapping
from math import inf
from typing import Final

import msgspec

#: The name of the table itself among the resources of a pace; the others are names of indexes.
TABLE: Final = ""
#: Seconds of units that a bucket holds. Short, so that a window of a few seconds keeps the rate too.
BURST_SECONDS: Final = 1.0
#: No wait is longer, so that a pace that was raised meanwhile is seen soon.
WAIT_SECONDS_MAX: Final = 1.0


class TokenBucket(msgspec.Struct, frozen=True):
    """Units that may be used now. ``level`` is negative where more was used than was asked for."""

    rate: float
    level: float
    at: float

    @classmethod
    def new(cls, rate: float, now: float) -> "TokenBucket":
        """A full bucket of ``rate`` units a second (``inf``: no limit). Raises ValueError for a rate of 0 or less."""
        if not rate > 0:
            raise ValueError("a rate is more than 0 units a second")
        return cls(rate, rate * BURST_SECONDS, now)

    @property
    def burst(self) -> float:
        """The most that it holds."""
        return self.rate * BURST_SECONDS

    def filled(self, now: float) -> "TokenBucket":
        """The bucket at a later time. A clock that went back adds nothing."""
        if self.rate == inf:
            return self
        level = min(self.burst, self.level + max(0.0, now - self.at) * self.rate)
        return TokenBucket(self.rate, level, max(self.at, now))

    def wait(self, units: float, now: float) -> float:
        """Seconds until ``units`` may be taken; 0 for now. More than a burst may be taken when the bucket is full."""
        if self.rate == inf:
            return 0.0
        lacking = min(units, self.burst) - self.filled(now).level
        return max(0.0, lacking / self.rate)

    def used(self, units: float, now: float) -> "TokenBucket":
        """The bucket after ``units`` were taken, or given back where they are negative."""
        if self.rate == inf:
            return self
        filled = self.filled(now)
        return TokenBucket(self.rate, min(self.burst, filled.level - units), filled.at)

    def at_rate(self, rate: float, now: float) -> "TokenBucket":
        """The same bucket at another rate from now on; a debt stays a debt."""
        if not rate > 0:
            raise ValueError("a rate is more than 0 units a second")
        if inf in (rate, self.rate):
            return TokenBucket.new(rate, now) if rate == inf else TokenBucket(rate, 0.0, now)
        filled = self.filled(now)
        return TokenBucket(rate, min(rate * BURST_SECONDS, filled.level), now)


class Pace:
    """The buckets of one side of a job: the table's and each index's. One object, shared by all workers of a process.

    It has an identity because its workers share it; it holds no clock and no lock. Call ``take`` under a lock or on one
    event loop. Of several processes each has one for its part of the rates.
    """

    __slots__ = ("_buckets",)

    def __init__(self, rates: Mapping[str, float], now: float) -> None:
        self._buckets = {name: TokenBucket.new(rate, now) for name, rate in rates.items()}

    @property
    def rates(self) -> dict[str, float]:
        """Units a second of each resource that has a limit."""
        return {name: bucket.rate for name, bucket in self._buckets.items()}

    def take(self, units: Mapping[str, float], now: float) -> float:
        """Take these units of each resource: 0.0, and they are taken; or the seconds to wait before asking again.

        All or nothing. A resource without a bucket has no limit. Waiting is at most a second, because the pace may be
        changed meanwhile. To be fair to a large request let workers ask in turn (one lock around asking and waiting).
        """
        buckets = self._buckets
        waits = [buckets[name].wait(wanted, now) for name, wanted in units.items() if name in buckets]
        longest = max(waits, default=0.0)
        # What is left after rounding is not worth a sleep.
        if longest > 1e-9:
            return min(longest, WAIT_SECONDS_MAX)
        for name, wanted in units.items():
            if name in buckets:
                buckets[name] = buckets[name].used(wanted, now)
        return 0.0

    def settle(self, taken: Mapping[str, float], used: Mapping[str, float], now: float) -> None:
        """Say what a request really used of what it took: a reply's ConsumedCapacity, nothing after a failed one."""
        for name, bucket in self._buckets.items():
            difference = used.get(name, 0.0) - taken.get(name, 0.0)
            if difference:
                self._buckets[name] = bucket.used(difference, now)

    def set_rate(self, name: str, rate: float | None, now: float) -> None:
        """Another rate for a resource from now on, also while workers wait; None for no limit."""
        if rate is None:
            self._buckets.pop(name, None)
        elif name in self._buckets:
            self._buckets[name] = self._buckets[name].at_rate(rate, now)
        else:
            self._buckets[name] = TokenBucket(rate, 0.0, now)
