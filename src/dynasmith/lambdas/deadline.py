"""The time of an invocation: what runs is asked to stop while there is enough left to end well."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from time import monotonic
from types import TracebackType
from typing import Any, Final, Self

from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.errors import Interrupted
from dynasmith.ports.clock import Clock

LOOK_SECONDS: Final = 0.25
UNIT_FACTOR: Final = 1.5
"""How much longer than the longest step or page so far the next one may take."""
SHARE_MAX: Final = 1 / 3
"""The part of the function's time that is kept for the end at most."""


class Deadline:
    """Asks ``stop`` when what is left falls to the reserve, and again at half of it; use it as a context manager.

    The reserve is ``reserve_ms`` and 1.5 times the longest unit (a step, a page) so far, a third of the function's time
    at most. A ``context`` that does not know its time sets no limit. Its thread has ended when the block has.
    """

    def __init__(self, context: Any, stop: StopRequest, reserve_ms: int) -> None:
        remaining: Callable[[], float] | None = getattr(context, "get_remaining_time_in_millis", None)
        self._remaining, self._stop = remaining, stop
        self._fixed_ms = max(0.0, reserve_ms)
        self._most_ms = remaining() * SHARE_MAX if remaining is not None else 0.0
        self._longest_seconds, self._since = 0.0, monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="dynasmith-deadline", daemon=True)
        self.reached = False

    def __enter__(self) -> Self:
        if self._remaining is not None:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def unit(self) -> None:
        """A step or a page is done."""
        now = monotonic()
        self._longest_seconds, self._since = max(self._longest_seconds, now - self._since), now

    @property
    def reserve_ms(self) -> float:
        """How much time is kept for the end."""
        longest = max(self._longest_seconds, monotonic() - self._since)
        return min(self._fixed_ms + UNIT_FACTOR * longest * 1000, self._most_ms)

    @property
    def seconds(self) -> float | None:
        """How many seconds there are for work; None without a limit."""
        return None if self._remaining is None else max(0.0, self._remaining() - self.reserve_ms) / 1000

    def _watch(self) -> None:
        assert self._remaining is not None
        for part in (1.0, 0.5):
            while (left := self._remaining() - self.reserve_ms * part) > 0:
                if self._over.wait(min(LOOK_SECONDS, left / 1000)):
                    return
            self.reached = True
            self._stop.ask()


class StoppableClock:
    """A clock whose sleepers hear of ``stop``; keeps `dynasmith.ports.clock.Clock`. ``waited`` where one was woken."""

    def __init__(self, clock: Clock, stop: StopRequest) -> None:
        self._clock, self._stop = clock, stop
        self.waited = False

    def now(self) -> datetime:
        """Wall time."""
        return self._clock.now()

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait that long. Raises Interrupted where the invocation ends."""
        until = monotonic() + seconds
        while not self._stop.asked:
            left = until - monotonic()
            if left <= 0:
                return
            self._clock.sleep(min(left, LOOK_SECONDS))
        self.waited = True
        raise Interrupted(
            "The function's time is over; what was sent goes on in the service.",
            hint="run the same command again: it goes on",
        )
