"""Whether a run may send what it is about to send: asked before every attempt of every write of a job.

Who opens a source or a sink is given a `Permit` with what listens for throttles (``ports.items.Paced``). It says no
while the job is paused, from the moment that it stops, and when its lease may have ended.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Protocol

_CHECK: Final[ContextVar[Callable[[], None] | None]] = ContextVar("dynasmith-sending", default=None)


@contextmanager
def sent_under(check: Callable[[], None]) -> Iterator[None]:
    """Have ``check`` called as late as possible before each request of the control plane that this thread sends inside,
    and before each try of it: what it raises keeps the request from being sent."""
    token = _CHECK.set(check)
    try:
        yield
    finally:
        _CHECK.reset(token)


def check_sending() -> None:
    """Raise where this thread may send nothing now: see `sent_under`."""
    if (check := _CHECK.get()) is not None:
        check()


class NotSent(Exception):
    """The run is paused or stops: the request was not sent. ``Permit.enter`` waits until it may be."""


class Halted(NotSent):
    """The run stops: nothing more is sent. What was not sent is left to a later run."""


class Term(Protocol):
    """How long this process may write for its job, as far as it knows now."""

    @property
    def until(self) -> float:
        """The time of ``ports.clock.lease_clock`` from which nothing may be written; it moves on as it is renewed."""
        ...


class Permit(Protocol):
    """Asked before each request of a run. A run has one in each of its processes."""

    under_way: int
    """Writes that were sent and have no answer yet."""

    @property
    def closed(self) -> bool:
        """Whether the run is paused or stops, so that ``enter`` would wait or raise."""
        ...

    @property
    def paused_seconds(self) -> float:
        """How long the run has been paused, all in all: time that no request's patience counts."""
        ...

    async def enter(self) -> None:
        """Return when the run may send; waits while it is paused. Raises Halted where it stops, and LeaseLost."""
        ...

    def check(self) -> None:
        """Raise where nothing may be sent right now: NotSent, Halted, LeaseLost. Called as late as possible, on the
        loop or in the thread that sends. Costs one look at the clock."""
        ...

    def check_lease(self) -> None:
        """Raise LeaseLost where the lease may have ended; a paused or stopping run may go on."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that long, or until the run is paused, goes on or stops."""
        ...
