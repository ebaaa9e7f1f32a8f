"""The pace of an erasure: units a second of one table, for the threads that read and delete."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from threading import Lock
from typing import Final

from dynasmith.engine.waiter import StopFlag, rest
from dynasmith.jobs.pace import TABLE, Pace
from dynasmith.jobs.steer import UnitKind
from dynasmith.ports.clock import Clock

_NEW_PART: Final = 0.2
"""How much the last request counts in what the next one is expected to use."""


class ErasurePace:
    """Two buckets, of reads and of writes; ``inf`` is no limit. Safe to use from threads.

    ``check`` is called before each wait and raises where the run must not go on.
    """

    def __init__(self, read: float, write: float, clock: Clock, check: Callable[[], None]) -> None:
        self._clock, self._check, self._lock = clock, check, Lock()
        self._began: dict[UnitKind, float] = {"read": read, "write": write}
        now = clock.monotonic()
        self._paces = {side: Pace({} if rate == inf else {TABLE: rate}, now) for side, rate in self._began.items()}
        self._expected: dict[UnitKind, float] = {"read": 1.0, "write": 1.0}

    def leave(self, side: UnitKind) -> float:
        """Wait until a request may be sent; the units that it is expected to use, for `settle`."""
        while True:
            with self._lock:
                expected = self._expected[side]
                wait = self._paces[side].take({TABLE: expected}, self._clock.monotonic())
            if not wait:
                return expected
            self._check()
            rest(wait, self._clock, StopFlag())

    def settle(self, side: UnitKind, taken: float, used: float) -> None:
        """A request used so many units."""
        with self._lock:
            self._paces[side].settle({TABLE: taken}, {TABLE: used}, self._clock.monotonic())
            self._expected[side] += _NEW_PART * (used - self._expected[side])

    def change(self, read: float | None, write: float | None) -> None:
        """Other limits from now on; None for those that the run began with."""
        wanted: dict[UnitKind, float | None] = {"read": read, "write": write}
        with self._lock:
            for side, rate in wanted.items():
                new = self._began[side] if rate is None else rate
                if new != self._paces[side].rates.get(TABLE, inf):
                    self._paces[side].set_rate(TABLE, None if new == inf else new, self._clock.monotonic())
