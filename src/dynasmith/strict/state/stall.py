"""Notices a client that waits for something that cannot come, so that a test fails in a sentence and does not hang."""

import time
from collections.abc import Callable, Hashable
from datetime import UTC, datetime

from dynasmith.strict.state.clock import StrictClock

READS = ("Describe", "List", "Get", "Query", "Scan", "BatchGet")
CALLS_MIN = 10
CALLS_REMEMBERED_MAX = 100_000
SHOWN_MAX = 3


class Stall:
    """Counts calls that are sent again while nothing changes: no call has an effect, and the clock stands still.

    After ``limit_seconds`` of them (real seconds; 0: never), and at least ten, ``sentence`` says what is waited for.
    Only on the manual clock: the others move by themselves.
    """

    def __init__(
        self, clock: StrictClock, limit_seconds: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._limit = limit_seconds if clock.mode == "manual" else 0.0
        self._monotonic = monotonic
        self._begin(0.0)

    def _begin(self, moved: float) -> None:
        self._moved = moved
        self._seen: set[Hashable] = set()
        self._since: float | None = None
        self._calls: dict[str, int] = {}

    def note(self, operation: str, table: str, body: bytes, error: str) -> None:
        """Take note of a call and how it ended (the service's code, "" for none)."""
        if not self._limit:
            return
        moved = self._clock.monotonic()
        effect = not error and not operation.startswith(READS)
        if effect or moved != self._moved or len(self._seen) > CALLS_REMEMBERED_MAX:
            self._begin(moved)
            return
        call = (operation, hash(body))
        if call not in self._seen:
            self._seen.add(call)
            self._since = None
            return
        if self._since is None:
            self._since, self._calls = self._monotonic(), {}
        shown = f"{operation} {table}".strip() + (f" ({error})" if error else "")
        self._calls[shown] = self._calls.get(shown, 0) + 1

    def sentence(self) -> str:
        """What is waited for in vain, or ""."""
        if self._since is None or self._monotonic() - self._since < self._limit:
            return ""
        if sum(self._calls.values()) < CALLS_MIN:
            return ""
        most = sorted(self._calls, key=lambda shown: -self._calls[shown])[:SHOWN_MAX]
        at = datetime.fromtimestamp(self._clock.time(), UTC)
        return (
            f"Nothing has changed for {self._limit:g} seconds of calls to the strict endpoint: "
            f"{', '.join(f'{self._calls[shown]} times {shown}' for shown in most)}. Its clock stands at {at:%H:%M:%S}. "
            "Move it with strict.clock.advance(), or give it to the code under test: Project.load(clock=strict.clock). "
            "The limit is the pytest option strict_timeout."
        )
