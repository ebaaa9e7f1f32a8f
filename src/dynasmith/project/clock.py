"""The clock of a real run."""

import time
from datetime import UTC, datetime


class SystemClock:
    """The machine's own time; keeps `dynasmith.ports.clock.Clock`."""

    def now(self) -> datetime:
        """Wall time, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait that many seconds."""
        time.sleep(seconds)
