"""Whether a series of pages goes in a circle: each page says where the next one begins, and none begins twice."""

from threading import Lock
from typing import Final

_KEPT: Final = 1024
_SERIES_KEPT: Final = 64


class PageCycle:
    """Where the pages of one series began, as hashes: every one of up to a thousand pages, ever fewer of more, so
    that memory is bounded. A circle of any size is found, in its second round at the latest.
    """

    __slots__ = ("_begun", "_next")

    def __init__(self) -> None:
        self._begun: dict[int, None] = {}
        self._next: int | None = None

    def repeats(self, start: object, following: object) -> bool:
        """Whether the page after the one that began at ``start`` began before, at ``following``; keeps it otherwise.

        A page that does not begin where the last one said begins a new series: it is read again.
        """
        began, begins = hash(start), hash(following)
        if began != self._next:
            self._begun = {began: None}
        if begins in self._begun:
            return True
        if len(self._begun) >= _KEPT:
            self._begun = dict.fromkeys(list(self._begun)[::2])
        self._begun[begins] = None
        self._next = begins
        return False


class PageCycles:
    """The series of pages that a client reads, by what is asked besides the beginning; safe to use from threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._series: dict[object, PageCycle] = {}

    def repeats(self, series: object, start: object, following: object) -> bool:
        """The same for one of the series."""
        with self._lock:
            cycle = self._series.pop(series, None) or PageCycle()
            self._series[series] = cycle
            if len(self._series) > _SERIES_KEPT:
                del self._series[next(iter(self._series))]
            return cycle.repeats(start, following)
