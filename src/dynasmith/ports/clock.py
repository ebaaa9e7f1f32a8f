"""Time, as the engine sees it: injected, so that tests move it; and the one clock of leases and their deadlines."""

import sys
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final, Protocol


class Clock(Protocol):
    """``now`` is wall time in UTC, ``monotonic`` seconds that never go back, ``sleep`` waits that many seconds."""

    def now(self) -> datetime:
        """The time, with its zone."""
        ...

    def monotonic(self) -> float:
        """Seconds that only grow."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait ``seconds``."""
        ...


def _lease_clock() -> Callable[[], float]:
    if hasattr(time, "CLOCK_BOOTTIME"):
        boot_time = partial(time.clock_gettime, time.CLOCK_BOOTTIME)
        try:
            boot_time()
        except OSError:  # a sandbox whose kernel does not have it
            return time.monotonic
        return boot_time
    if sys.platform == "darwin":  # there it counts the time that the machine slept, which ``time.monotonic`` does not
        return partial(time.clock_gettime, time.CLOCK_MONOTONIC)
    return time.monotonic


lease_clock: Final[Callable[[], float]] = _lease_clock()
"""Seconds that never go back and that also count while the machine sleeps, equal in all processes of a machine.

Used for every lease and every deadline that comes from one: a process that was stopped, or whose machine slept, must
see that its lease ended meanwhile. Sources: clock_gettime(2), CLOCK_BOOTTIME; macOS clock_gettime(3), CLOCK_MONOTONIC.
Elsewhere it is ``time.monotonic``. It costs about 0.1 us.
"""
