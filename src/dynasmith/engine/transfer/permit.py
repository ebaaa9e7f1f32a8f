"""The permit of a run: no while it is paused, from when it stops, and from when its lease may have ended."""

import asyncio
from collections.abc import Callable
from time import monotonic

from dynasmith.errors import LeaseLost
from dynasmith.ports.clock import lease_clock
from dynasmith.ports.permit import Halted, NotSent, Term


class RunPermit:
    """Keeps ``ports.permit.Permit`` for one run in one process. ``term`` is the job's lease, where it has one.

    Changed on the loop, read from any thread.
    """

    def __init__(self, job: str = "", term: Term | None = None, *, clock: Callable[[], float] = lease_clock) -> None:
        self._job = job
        self._term = term
        self._clock = clock
        self._paused = False
        self._paused_at = 0.0
        self._before_seconds = 0.0
        self.closed = False  # paused or halted
        self._waiting: set[asyncio.Future[None]] = set()
        self.halted = False
        self.under_way = 0

    @property
    def paused_seconds(self) -> float:
        """How long the run has been paused, all in all."""
        return self._before_seconds + (monotonic() - self._paused_at if self._paused else 0.0)

    def pause(self, paused: bool) -> None:
        """Send nothing from now on, or go on."""
        if paused == self._paused:
            return
        if paused:
            self._paused_at = monotonic()
        else:
            self._before_seconds += monotonic() - self._paused_at
        self._paused = paused
        self._changed()

    def halt(self) -> None:
        """Send nothing any more."""
        self.halted = True
        self._changed()

    async def enter(self) -> None:
        """Return when the run may send. Raises Halted, LeaseLost."""
        while self.closed:
            if self.halted:
                raise Halted
            await self._next_change()
        if self._term is not None:
            self.check_lease()

    def check(self) -> None:
        """Raise where nothing may be sent right now."""
        if self.closed:
            raise Halted if self.halted else NotSent
        if self._term is not None:
            self.check_lease()

    def check_lease(self) -> None:
        """Raise LeaseLost where the lease may have ended."""
        if self._term is not None and self._clock() >= self._term.until:
            raise LeaseLost(
                f"This run of job {self._job} could not renew its lease in time, so another run may have the job: it "
                "stopped and writes nothing more.",
                hint=f"dynasmith jobs show {self._job} shows its state; dynasmith jobs resume {self._job} goes on, "
                "where no other run has it",
            )

    async def sleep(self, seconds: float) -> None:
        """Wait that long, or until the run is paused, goes on or stops."""
        await self._next_change(seconds)

    async def _next_change(self, seconds: float | None = None) -> None:
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await asyncio.wait({future}, timeout=seconds)
        finally:
            self._waiting.discard(future)

    def _changed(self) -> None:
        self.closed = self._paused or self.halted
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
