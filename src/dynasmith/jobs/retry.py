"""How long to wait between tries: exponential with full jitter, so that many workers do not come back together.

A policy yields delays and one place sleeps. Randomness is an argument.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Retry:
    """A policy: the ceiling of the n-th wait is ``base_seconds * 2^n``, at most ``cap_seconds``.

    It ends when ``tries`` waits were given out or their sum would pass ``total_seconds``; what failed then is a dead
    letter or a typed error, never a silence.
    """

    base_seconds: float = 0.05
    cap_seconds: float = 20.0
    tries: int = 1000
    total_seconds: float = 900.0

    def delays(self, random: Callable[[], float]) -> Iterator[float]:
        """The waits in seconds. ``random`` gives numbers from 0 to 1."""
        ceiling, total = self.base_seconds, 0.0
        for _ in range(self.tries):
            delay = ceiling * random()
            total += delay
            if total > self.total_seconds:
                return
            yield delay
            ceiling = min(self.cap_seconds, ceiling * 2)


#: Throttles pass, and may take as long as a table needs to grow: a quarter of an hour in waits of at most 20 s.
THROTTLED: Final = Retry()
#: A service that stumbles (500, 503, a broken connection) is back within a minute or two, or a person must look.
STUMBLED: Final = Retry(base_seconds=0.1, cap_seconds=10.0, tries=50, total_seconds=120.0)
#: Another writer was in the way of a conditional write: read again and try again, but not forever.
CONTENDED: Final = Retry(base_seconds=0.02, cap_seconds=1.0, tries=10, total_seconds=10.0)
