"""A lock that a function saw, carried by its client: a function is too short to watch a lease."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from dynasmith.errors import Locked
from dynasmith.migrations.event import LockRecord
from dynasmith.remote.protocol import LockSnapshot, LockWatch


class LockObserver:
    """What a client sees of a lock over its invocations. ``clock`` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock: LockRecord | None = None
        self._since = self._first = 0.0

    def see(self, lock: object) -> None:
        """A reply has just shown it so."""
        record = msgspec.convert(lock, LockRecord)
        now = self._clock()
        if self._lock is None:
            self._first = now
        if self._lock is None or _marks(record) != _marks(self._lock):
            self._since = now
        self._lock = record

    def forget(self) -> None:
        """It is not in the way any more."""
        self._lock = None

    @property
    def watch(self) -> LockWatch | None:
        """What the next request says of it."""
        if self._lock is None:
            return None
        lock = LockSnapshot(fence=self._lock.fence, beat=self._lock.beat, state=self._lock.state)
        return LockWatch(lock=lock, seconds=round(self._clock() - self._since, 3))

    @property
    def is_free(self) -> bool:
        """Whether nobody had it any more when it was seen."""
        return self._lock is None or self._lock.state == "free"

    def refuse_after(self, seconds: float) -> None:
        """Raise Locked where it has been in the way for so long."""
        if self._lock is not None and self._clock() - self._first >= seconds:
            raise Locked(
                f"Migrations run elsewhere ({self._lock.who}, run {self._lock.run}).",
                hint="`dynasmith migrate status` says who runs them; --lock-wait waits longer",
            )


def _marks(lock: LockRecord) -> tuple[int, int, str]:
    return lock.fence, lock.beat, lock.state
