"""Waits of a run of a replacement where the service throttles or fails for a while."""

import random
from collections.abc import Callable, Iterator
from typing import Final

from dynasmith.errors import DynasmithError, LimitExceeded, ServiceUnavailable, Throttled, Unreachable
from dynasmith.jobs.retry import STUMBLED, THROTTLED

PASSING: Final = (Throttled, LimitExceeded, ServiceUnavailable, Unreachable)
"""Errors that pass: the same call is made again."""


class RefusalWaits:
    """Refusals in a row. ``rest`` waits so many seconds; ``chance`` gives numbers from 0 to 1."""

    def __init__(self, rest: Callable[[float], object], chance: Callable[[], float] = random.random) -> None:
        self._rest, self._chance = rest, chance
        self._delays: dict[bool, Iterator[float]] = {}

    def wait(self, error: DynasmithError) -> None:
        """Wait before the next try: up to a quarter of an hour in all where it is throttled, two minutes where it
        fails. Raises the error after that."""
        throttled = isinstance(error, Throttled | LimitExceeded)
        policy = THROTTLED if throttled else STUMBLED
        delay = next(self._delays.setdefault(throttled, policy.delays(self._chance)), None)
        if delay is None:
            raise error
        self._rest(delay)

    def clear(self) -> None:
        """It went well: what comes next counts from the beginning."""
        self._delays.clear()
