"""The strict endpoint's clock as a `Project` takes it: waits pass in virtual minutes and real milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dynasmith.strict import StrictServer


class VirtualClock:
    """Keeps `dynasmith.ports.clock.Clock` with a `StrictServer`: ``connect(..., clock=VirtualClock(strict))``."""

    def __init__(self, strict: StrictServer) -> None:
        self._clock = strict.clock

    def now(self) -> datetime:
        """The endpoint's time, in UTC."""
        return datetime.fromtimestamp(self._clock.now(), UTC)

    def monotonic(self) -> float:
        """Seconds since the endpoint began."""
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let the endpoint's time pass."""
        self._clock.sleep(seconds)
