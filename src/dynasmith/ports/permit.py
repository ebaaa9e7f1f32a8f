"""Whether a run may send what it is about to send: asked before every attempt of every write of a job.

Who opens a source or a sink is given a `Permit` with what listens for throttles (``ports.items.Paced``). It says no
while the job is paused, from the moment that it stops, and when its lease may have ended.
"""

from typing import Protocol


class NotSent(Exception):
    """The run is paused or stops: the request was not sent. Whoever gets it waits with ``Permit.enter``."""


class Halted(NotSent):
    """The run stops: nothing more is sent. What was not sent stays undone, and a resumed run does it."""


class Term(Protocol):
    """How long this process may write for its job, as far as it knows now."""

    @property
    def until(self) -> float:
        """The time of ``ports.clock.lease_clock`` from which nothing may be written; it moves on while it is renewed.

        Infinite where there is nothing that ends.
        """
        ...


class Permit(Protocol):
    """Asked before each request of a run; one run has one, in each of its processes."""

    async def enter(self) -> None:
        """Return when the run may send. Waits while it is paused. Raises Halted where it stops, LeaseLost."""
        ...

    def check(self) -> None:
        """Raise where nothing may be sent right now: NotSent, Halted, LeaseLost. Called as late as possible, on the
        loop or in the thread that sends; costs one look at the clock."""
        ...

    def check_lease(self) -> None:
        """Raise LeaseLost where the lease may have ended; a pause is allowed."""
        ...


class Unlimited:
    """The permit of what is not part of a job: it always says yes."""

    async def enter(self) -> None:
        """Return at once."""

    def check(self) -> None:
        """Allow it."""

    def check_lease(self) -> None:
        """Allow it."""


UNLIMITED_PERMIT = Unlimited()
