"""The endpoint's clock: stands still until a test moves it, or runs with real time, or runs fast.

``time()`` is what windows and states are measured on. ``flow()`` is what capacity refills on: real time plus whatever
the clock was moved by, so that a client that really sleeps between its retries is served as well as one that sleeps
on this clock.
"""

import threading
import time
from datetime import UTC, datetime
from typing import Literal, get_args

ClockMode = Literal["manual", "real", "fast"]
# How many seconds pass on the "fast" clock in one real second: an hour, so that a window of a day is 24 seconds.
FAST_SECONDS_PER_SECOND = 3600.0
# On the real clock a transition of the control plane is seen but never waited for (contracts: at most a second).
REAL_TRANSITION_SECONDS_MAX = 1.0


class StrictClock:
    """A clock that only goes forward. Thread-safe. ``Project.load(clock=strict.clock)`` takes it as it is (``now``,
    ``monotonic``, ``sleep``): the project then waits virtual minutes in real microseconds.
    """

    def __init__(self, mode: ClockMode = "manual") -> None:
        if mode not in get_args(ClockMode):
            raise ValueError(f"clock is one of {', '.join(get_args(ClockMode))}, not {mode!r}")
        self.mode: ClockMode = mode
        self._lock = threading.Lock()
        # A whole second: SDKs send times to the API without fractions.
        self._started = float(int(time.time()))
        self._started_monotonic = time.monotonic()
        self._moved = 0.0

    def now(self) -> datetime:
        """The time on this clock, in UTC."""
        return datetime.fromtimestamp(self.time(), UTC)

    def time(self) -> float:
        """Seconds since the epoch on this clock."""
        return self._started + self.monotonic()

    def monotonic(self) -> float:
        """Seconds on this clock since it was made."""
        if self.mode == "manual":
            return self._moved
        rate = 1.0 if self.mode == "real" else FAST_SECONDS_PER_SECOND
        return self._moved + (time.monotonic() - self._started_monotonic) * rate

    def flow(self) -> float:
        """Seconds that capacity refills on: real time plus every move of the clock."""
        return time.monotonic() + self._moved

    def flow_time(self) -> float:
        """The time of day on what capacity refills on: the clock's at its start, moved by real time and every move."""
        return self._started + self.flow() - self._started_monotonic

    def advance(self, seconds: float = 0.0, *, minutes: float = 0.0, hours: float = 0.0, days: float = 0.0) -> float:
        """Move the clock forward and return its new time as ``time()`` does. ValueError when it would go backwards."""
        step = seconds + 60.0 * minutes + 3600.0 * hours + 86400.0 * days
        if step < 0:
            raise ValueError(f"the clock only goes forward, not by {step} seconds")
        with self._lock:
            self._moved += step
        return self.time()

    def sleep(self, seconds: float) -> None:
        """Let ``seconds`` pass: at once on a manual clock, shorter on a fast one, truly on the real one."""
        if self.mode == "manual":
            self.advance(max(0.0, seconds))
        else:
            time.sleep(seconds / (FAST_SECONDS_PER_SECOND if self.mode == "fast" else 1.0))

    def lasting(self, seconds: float) -> float:
        """How long a transition of documented length ``seconds`` takes on this clock."""
        return min(seconds, REAL_TRANSITION_SECONDS_MAX) if self.mode == "real" else seconds
