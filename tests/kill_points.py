"""At which calls a run is killed: every fifth in `make test`, others in each run; every one in `make soak`."""

import random

from example_counts import TIMES

STEP = 1 if TIMES > 1 else 5


def first_call(least: int = 1) -> int:
    """The first call to be killed at; the next ones follow by `STEP`."""
    return least + random.randrange(STEP)  # which calls are tried is no secret


def sides() -> tuple[bool, ...]:
    """Whether a run is killed after the call was answered, or before it is sent: either in `make test`, both in
    `make soak`."""
    return (False, True) if STEP == 1 else (random.random() < 0.5,)
