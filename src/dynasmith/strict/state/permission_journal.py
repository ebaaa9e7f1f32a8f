"""What the roles at the endpoint were allowed and denied, so that a test can say which actions a program takes."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass

CALLS_MAX = 200_000


@dataclass(frozen=True, slots=True)
class JudgedAction:
    """One action that a call took, and on what: an ARN, or ``*``. ``operation`` is IAM's name (``s3:GetObject``)."""

    action: str
    resource: str
    allowed: bool


class PermissionJournal:
    """The judged actions, oldest first; only calls of those who took a role are judged. Thread-safe.

    ``not_understood`` are the policies and calls that could not be judged, in words: each was refused, and leaving
    ``with StrictServer(...)`` raises for it, since a program may go on without what it was refused. A test that means
    it clears the list.
    """

    def __init__(self) -> None:
        self._judged: list[JudgedAction] = []
        self._lock = threading.Lock()
        self.not_understood: list[str] = []

    def add(self, action: str, resource: str, *, allowed: bool) -> None:
        """Write a verdict down; beyond `CALLS_MAX` nothing is kept."""
        with self._lock:
            if len(self._judged) < CALLS_MAX:
                self._judged.append(JudgedAction(action, resource, allowed))

    def clear(self) -> None:
        """Forget every verdict so far."""
        with self._lock:
            self._judged.clear()

    def __iter__(self) -> Iterator[JudgedAction]:
        with self._lock:
            return iter(tuple(self._judged))

    def __len__(self) -> int:
        return len(self._judged)
