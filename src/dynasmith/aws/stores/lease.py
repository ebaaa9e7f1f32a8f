"""A lease on what several machines may take up: held while its holder beats, free when the beat stood still.

The waiter judges by its own clock and by whether the beat changes, never by a time that another machine wrote. Where
the beat is written is a `Lock`.
"""

import logging
import threading
from collections.abc import Callable
from typing import NamedTuple, Protocol

from dynasmith.errors import DynasmithError, Locked
from dynasmith.ports.clock import lease_clock
from dynasmith.ports.permit import Term

_log = logging.getLogger("dynasmith.jobs")

LEASE_SECONDS = 15.0
"""How long a beat may stand still before somebody else takes the job."""
BEATS = 5
"""How often a holder beats in a lease."""
LOOK_SECONDS = 0.5


class LockState(NamedTuple):
    """A lock that somebody holds, as it stands now. ``mark`` is what else changes when it is written.

    It is free when it stood still for ``still_seconds`` (None: a lease), of which ``seen_seconds`` are known already.
    """

    owner: str
    beat: int
    mark: str = ""
    still_seconds: float | None = None
    seen_seconds: float = 0.0


class Lock(Protocol):
    """Where the lease of one job is written. Every call may raise a DynasmithError: what it did is not known then."""

    def read(self) -> LockState | None:
        """The lock as it stands; None where nobody holds it."""
        ...

    def take(self, seen: LockState | None, owner: str) -> bool:
        """Write ``owner`` where nobody stands, or in place of what was seen; False where it is another's now."""
        ...

    def beat(self, owner: str, beat: int) -> bool:
        """Write the next beat; False where it is another's."""
        ...

    def free(self, owner: str, *, gone: bool) -> None:
        """Let others have it; with ``gone`` the job is removed, and its lock with it. Another's is left alone."""
        ...


class Lease:
    """The lock of one job, renewed by a thread until ``release``.

    ``what``, ``busy`` and ``hint`` are the words of its messages, else those of a job. A lock that is not free by then
    is watched for at most ``watch_seconds_max``.

    A holder that cannot renew it for two thirds of a lease does not hold it, before anybody else may take it. A renewal
    that then succeeds proves that nobody took it meanwhile.
    """

    def __init__(
        self,
        lock: Lock,
        owner: str,
        job_id: str,
        *,
        what: str = "",
        busy: str = "",
        hint: str = "",
        lease_seconds: float = LEASE_SECONDS,
        watch_seconds_max: float = float("inf"),
        clock: Callable[[], float] = lease_clock,
    ) -> None:
        self.lock, self.owner = lock, owner
        self._what = what or f"Job {job_id}"
        self._busy = busy or f"Job {job_id} runs in another process"
        self._hint = hint or f"dynasmith jobs show {job_id} shows how far it is"
        self._lease_seconds, self._watch_seconds_max = lease_seconds, watch_seconds_max
        self._clock = clock
        self._over = threading.Event()
        self._until = float("-inf")
        self._lost = False
        self._take()
        self._thread = threading.Thread(target=self._keep, name="dynasmith-lease", daemon=True)
        self._thread.start()

    @property
    def held(self) -> bool:
        """Whether this process may write for the job."""
        return self._clock() < self._until

    @property
    def lost(self) -> bool:
        """Whether the lock is known to be another's, or gone."""
        return self._lost

    @property
    def until(self) -> float:
        """The time of ``lease_clock`` from which this process may write no more; renewing the lease moves it on."""
        return self._until

    def release(self, *, gone: bool = False) -> None:
        """Give it back; twice is allowed. One that was lost is left to whoever has it."""
        if self.end() and not self._lost:
            self.lock.free(self.owner, gone=gone)

    def end(self) -> bool:
        """Renew it no more, and write nothing more under it; False where it had ended. The lock stays as it is."""
        if self._over.is_set():
            return False
        self._over.set()
        self._thread.join()
        self._until = float("-inf")
        return True

    def _take(self) -> None:
        """Take it at once if it is free; else watch it for a lease. Raises Locked when its holder beats."""
        seen, since = self.lock.read(), self._clock()
        most = self._watch_seconds_max
        if seen is not None and most > 0 and (wait := self._still_seconds(seen)) > 0:
            _log.warning(  # a person would take a silence of 15 s for a hang
                "%s is held by %s: waiting up to %g s for its lease, in case that run was killed.",
                self._what,
                seen.owner,
                min(wait, most),
            )
        while seen is not None and (waited := self._clock() - since) < self._still_seconds(seen):
            if waited >= most:
                raise Locked(f"{self._busy} ({seen.owner}).", hint=self._hint)
            self._over.wait(LOOK_SECONDS)
            now = self.lock.read()
            if now is not None and now != seen:
                raise Locked(f"{self._busy} ({now.owner}).", hint=self._hint)
            seen = now
        # The beat may be seen by others as soon as it is sent, so what is ours is counted from before.
        sent = self._clock()
        if not self.lock.take(seen, self.owner):
            raise Locked(f"{self._what} was just taken by another process.", hint="try again")
        self._renewed(sent)

    def _still_seconds(self, seen: LockState) -> float:
        """How long it must stand still from its first sight on."""
        still = self._lease_seconds if seen.still_seconds is None else seen.still_seconds
        return still - seen.seen_seconds

    def _renewed(self, sent: float) -> None:
        """The lock was written by a call that began at ``sent``."""
        self._until = sent + self._lease_seconds * 2 / 3

    def _keep(self) -> None:
        beat = 0
        while not self._over.wait(self._lease_seconds / BEATS):
            beat += 1
            sent = self._clock()
            try:
                ours = self.lock.beat(self.owner, beat)
            except DynasmithError:
                continue  # the network may be back before the lease ends; ``held`` says when it is too late
            if not ours:
                self._lost, self._until = True, float("-inf")
                return
            self._renewed(sent)


OF_MIGRATION = "in a migration"
"""How the owner of a lock ends that is held by the lock of migrations, and has no beat of its own."""


class HeldLease(Lease):
    """The lock of a job that a migration runs: held as long as the lock of migrations is (``term``), never renewed.

    One that an earlier run of migrations left (``seen``) is taken at once: whoever has the lock of migrations has their
    jobs. Raises Locked where another process took it at the same moment.
    """

    def __init__(self, lock: Lock, owner: str, seen: LockState | None, job_id: str, term: Term) -> None:
        self.lock, self.owner, self._term = lock, owner, term
        self._over, self._lost = threading.Event(), False
        if not lock.take(seen, owner):
            raise Locked(f"Job {job_id} was just taken by another process.", hint="try again")

    @property
    def held(self) -> bool:
        """Whether this process may write for the job."""
        return lease_clock() < self.until

    @property
    def until(self) -> float:
        """The time of ``lease_clock`` from which this process may write no more."""
        return float("-inf") if self._over.is_set() else self._term.until

    def end(self) -> bool:
        """Write nothing more under it; False where it had ended. The lock stays as it is."""
        ended = not self._over.is_set()
        self._over.set()
        return ended
