"""Time, as the engine sees it: injected, so that tests move it."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """``now`` is wall time in UTC, ``monotonic`` seconds that never go back, ``sleep`` waits that many seconds."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...
