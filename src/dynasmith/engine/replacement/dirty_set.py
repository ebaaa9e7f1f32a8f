"""Which keys of the source may not be equal in the target, and what is known of each. In memory; `spool` keeps it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final

from msgspec.structs import replace

from dynasmith.engine.replacement.marks import BY_LATE, BY_STREAM, Mark

MARKS_MAX: Final = 16
"""Marks of one key that are told apart."""


@dataclass(frozen=True, slots=True)
class DirtyKey:
    """One key as it was taken: what is forgotten when it was handled is what it had then (``number``)."""

    key: bytes
    candidates: frozenset[bytes]
    number: int
    by: frozenset[str]


@dataclass(frozen=True, slots=True)
class Blockage:
    """Why a key cannot be made equal: ``holder``, another source key, has its place, or the ``reason``."""

    reason: str
    holder: bytes = b""


def _joined(known: list[Mark], mark: Mark) -> list[Mark]:
    """The marks of a key with one more. Where there are many they become one: more candidates than needed are deleted
    only where they are the key's own and not wanted."""
    for place, each in enumerate(known):
        if (each.candidates, each.by) == (mark.candidates, mark.by):
            return [*known[:place], replace(mark, since=each.since), *known[place + 1 :]]
    if len(known) < MARKS_MAX:
        return [*known, mark]
    every = frozenset[bytes]().union(mark.candidates, *(each.candidates for each in known))
    by = BY_LATE if BY_LATE in {mark.by, *(each.by for each in known)} else BY_STREAM
    return [replace(mark, candidates=every, since=known[0].since, by=by)]


class DirtySet:
    """Marks by key. A key that is taken is not given again before it was handled, so one handling of a key runs at a
    time. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._marks: dict[bytes, list[Mark]] = {}
        self._ready: dict[bytes, None] = {}  # in the order in which they became dirty
        self._taken: set[bytes] = set()
        self._waiting: dict[bytes, Blockage] = {}
        self._blocked: dict[bytes, Blockage] = {}
        self._tried: dict[bytes, set[bytes]] = {}
        self._handled: dict[bytes, int] = {}  # with which marks a key was handled that is still dirty
        self._behind: dict[bytes, set[bytes]] = {}  # by holder, who waited for it or was blocked by it
        self._awaited: set[bytes] = set()
        self._number = 0

    def __len__(self) -> int:
        return len(self._marks)

    def __contains__(self, key: bytes) -> bool:
        return key in self._marks

    @property
    def blocked(self) -> dict[bytes, Blockage]:
        """The keys that wait for a change of the source, each with why."""
        with self._lock:
            return dict(self._blocked)

    @property
    def pending(self) -> int:
        """How many keys are dirty and not blocked."""
        with self._lock:
            return len(self._marks) - len(self._blocked)

    def await_handling(self) -> None:
        """From now on `awaited` counts the keys that are dirty now."""
        with self._lock:
            self._awaited = self._marks.keys() - self._blocked.keys()

    @property
    def awaited(self) -> int:
        """How many of the keys of `await_handling` were not handled since, and are not blocked."""
        with self._lock:
            return len(self._awaited - self._blocked.keys())

    def oldest(self) -> float | None:
        """Since when the oldest key is dirty (Unix seconds); None where none is."""
        with self._lock:
            return min((marks[0].since for marks in self._marks.values()), default=None)

    def numbered(self, marks: Iterable[Mark], since: float) -> list[Mark]:
        """The marks with their numbers, to be kept before they are added."""
        numbered = []
        with self._lock:
            for mark in marks:
                self._number += 1
                numbered.append(replace(mark, number=self._number, since=since))
        return numbered

    def add(self, marks: Iterable[Mark]) -> None:
        """Keys are dirty. One that was blocked is tried again."""
        with self._lock:
            for mark in marks:
                self._number = max(self._number, mark.number)
                self._marks[mark.key] = _joined(self._marks.get(mark.key, []), mark)
                self._blocked.pop(mark.key, None)
                self._waiting.pop(mark.key, None)
                if mark.key not in self._taken:
                    self._ready.setdefault(mark.key)

    def take(self, most: int) -> list[DirtyKey]:
        """Up to so many keys that nobody handles, each with everything that is known of it."""
        with self._lock:
            keys = [key for key, _ in zip(self._ready, range(most), strict=False)]
            for key in keys:
                del self._ready[key]
            self._taken.update(keys)
            return [self._dirty(key) for key in keys]

    def _dirty(self, key: bytes) -> DirtyKey:
        marks = self._marks[key]
        candidates = frozenset[bytes]().union(*(mark.candidates for mark in marks))
        number = max(mark.number for mark in marks)
        return DirtyKey(key, candidates, number, frozenset(mark.by for mark in marks))

    def give_back(self, taken: DirtyKey) -> None:
        """It was not handled."""
        with self._lock:
            self._taken.discard(taken.key)
            self._ready.setdefault(taken.key)

    def finish(self, taken: DirtyKey) -> None:
        """It was handled: what it had when it was taken is forgotten; keys that waited for it are tried again."""
        with self._lock:
            self.forget(taken.key, taken.number)
            self._taken.discard(taken.key)
            self._awaited.discard(taken.key)
            if taken.key in self._marks:
                self._ready.setdefault(taken.key)
            self._tried.pop(taken.key, None)
            self._handled.pop(taken.key, None)
            self._release(taken.key, blocked=True)

    def forget(self, key: bytes, number: int) -> None:
        """Forget the marks of a key up to a number; from outside only while a set is read back."""
        self._number = max(self._number, number)
        left = [mark for mark in self._marks.get(key, ()) if mark.number > number]
        if left:
            self._marks[key] = left
        else:
            self._marks.pop(key, None)
            self._ready.pop(key, None)

    def _release(self, holder: bytes, *, blocked: bool) -> None:
        """A key was handled: those that wait for it are tried again, and with ``blocked`` those that it blocks."""
        behind = self._behind.pop(holder, set())
        for key in sorted(behind):
            found = self._waiting.get(key) or self._blocked.get(key)
            if found is None or found.holder != holder:
                continue
            if key in self._blocked and not blocked:
                self._behind.setdefault(holder, set()).add(key)
                continue
            self._waiting.pop(key, None)
            self._blocked.pop(key, None)
            self._tried.setdefault(key, set()).add(holder)
            self._ready.setdefault(key)

    def hold(
        self, taken: DirtyKey, holder: bytes, place: bytes, reason: str, since: float, *, changed: bool = False
    ) -> None:
        """Another key's item stands at the ``place`` of this one: that key is handled first. Where it was handled since
        and still stands there, or waits for this one, this one is blocked."""
        with self._lock:
            if not self._put_back(taken):
                blockage, tried = Blockage(reason, holder), self._tried.get(taken.key, ())
                self._behind.setdefault(holder, set()).add(taken.key)
                if not self._has_news(holder) and (holder in tried or self._is_stuck(holder, taken.key)):
                    self._blocked[taken.key] = blockage
                else:
                    self._waiting[taken.key] = blockage
                    if holder not in self._marks:
                        self._number += 1
                        mark = Mark(key=holder, candidates=frozenset((place,)), number=self._number, since=since)
                        self._marks[holder] = [mark]
                        self._ready.setdefault(holder)
            self._release(taken.key, blocked=changed)

    def _has_news(self, key: bytes) -> bool:
        """Whether a key is dirty by marks that it was not handled with."""
        handled = self._handled.get(key, -1)
        return any(mark.number > handled for mark in self._marks.get(key, ()))

    def _is_stuck(self, holder: bytes, key: bytes) -> bool:
        """Whether the holder is blocked, or waits for this very key."""
        while holder in self._waiting:
            holder = self._waiting[holder].holder
            if holder == key:
                return True
        return holder in self._blocked

    def block(self, taken: DirtyKey, reason: str, *, changed: bool = False) -> None:
        """It cannot be made equal as the source is now: it is tried again when that changes."""
        with self._lock:
            if not self._put_back(taken):
                self._blocked[taken.key] = Blockage(reason)
            self._release(taken.key, blocked=changed)

    def _put_back(self, taken: DirtyKey) -> bool:
        """Nobody handles it any more; whether it changed meanwhile, and so is tried again."""
        self._taken.discard(taken.key)
        if not self._has_newer(taken):
            self._handled[taken.key] = taken.number
            return False
        self._ready.setdefault(taken.key)
        return True

    def _has_newer(self, taken: DirtyKey) -> bool:
        return any(mark.number > taken.number for mark in self._marks[taken.key])

    def marks(self) -> Sequence[Mark]:
        """Every mark there is."""
        with self._lock:
            return [mark for marks in self._marks.values() for mark in marks]
