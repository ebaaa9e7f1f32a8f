"""The port of what places workers: processes of this machine, machines that dial in, a cluster of others.

A crew only begins workers and gives a line to each. Segments, checkpoints, pace and leases stay with the keeper, which
is the job: whatever a crew does about a worker that ended never moves an item.
"""

from typing import Protocol

from dynasmith.errors import RunError


class LineEnded(Exception):
    """The other side of a line is gone, or says what is no message; where it says something, it is how."""


class UnfitWorker(RunError):
    """This worker does not reach what the job has: it leaves, and others move what it had."""


class WorkerLine(Protocol):
    """One worker that has its order, as its keeper sees it."""

    @property
    def where(self) -> str:
        """Which worker it is, for messages: ``process 4711``, ``host:pid``."""
        ...

    @property
    def remote(self) -> bool:
        """Whether the worker may go on for a while after its line was lost: until its time to write is over."""
        ...

    async def frame(self) -> bytes:
        """The next frame from it. Raises LineEnded."""
        ...

    def send(self, frame: bytes) -> None:
        """Send one frame. A worker that is gone hears nothing."""
        ...

    def cut(self) -> None:
        """End the line at once, and the worker where that is possible, also one that is stopped; ``frame`` then raises
        LineEnded."""
        ...

    async def end(self) -> str:
        """End the line: the worker sees that nobody speaks with it, and ends. Says how it ended."""
        ...


class Crew(Protocol):
    """Places workers that do one order."""

    @property
    def remote(self) -> bool:
        """Whether its workers are, or may be, on other machines."""
        ...

    @property
    def shares_credentials(self) -> bool:
        """Whether workers on other machines sign with the keys of the job, in place of their own."""
        ...

    @property
    def patience_seconds(self) -> float:
        """How long a job that has no worker waits for one to come; then it is interrupted."""
        ...

    async def place(self, order: bytes, count: int) -> None:
        """See to it that ``count`` workers have ``order``, or come: those that are there count. Raises RunError where
        none can be begun."""
        ...

    async def next(self) -> WorkerLine:
        """The next worker that came. Waits for as long as it takes; raises RunError where none can come."""
        ...

    async def close(self) -> None:
        """Begin no more workers, and end what was begun and never given a line."""
        ...
