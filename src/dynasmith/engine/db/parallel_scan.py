"""A scan in segments: several threads read pages at once, and hand them over one by one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from queue import Empty, Full, Queue
from time import monotonic
from typing import Final, Generic, TypeVar

R = TypeVar("R")
THREADS_MAX: Final = 16
"""How many segments are read at once; the others follow. Each reads one page of up to 1 MB ahead."""
_LOOK_SECONDS: Final = 0.05
"""How often a thread that waits looks whether the scan is over."""
_END_SECONDS: Final = 5.0
"""How long the end of a scan waits for calls that are under way; their threads end after them in any case."""


@dataclass(slots=True)
class ParallelScan(Generic[R]):
    """The threads of one scan. ``handed`` has what they read, their errors, and a None of each that ended."""

    read: Callable[[int], Iterator[R]]
    segments: Iterator[int]
    handed: Queue[R | BaseException | None]
    lock: threading.Lock = field(default_factory=threading.Lock)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """What a thread does: it reads segments while there are some and the scan is not over."""
        try:
            while (segment := self._next()) is not None:
                for result in self.read(segment):
                    self._hand(result)
                    if self.over.is_set():
                        return
        except BaseException as error:  # noqa: BLE001 - it is raised where the results are taken
            self._hand(error)
        finally:
            self._hand(None)

    def _next(self) -> int | None:
        with self.lock:
            return None if self.over.is_set() else next(self.segments, None)

    def _hand(self, result: R | BaseException | None) -> None:
        """Hand a result over, when there is room for it."""
        while not self.over.is_set():
            try:
                self.handed.put(result, timeout=_LOOK_SECONDS)
            except Full:
                continue
            return


def parallel_results(read: Callable[[int], Iterator[R]], segments: int) -> Iterator[R]:
    """What ``read`` gives for each segment, in no order. Raises what one of them raises; then no other is read.

    At most two results for each thread are held. Closing it, which leaving a loop does, ends the threads: each after
    the call that it is at.
    """
    count = min(segments, THREADS_MAX)
    scan = ParallelScan(read, iter(range(segments)), Queue[R | BaseException | None](maxsize=count))
    threads = [threading.Thread(target=scan.run, name=f"dynasmith-scan-{place}", daemon=True) for place in range(count)]
    try:
        for thread in threads:
            thread.start()
        left = count
        while left:
            result = scan.handed.get()
            if result is None:
                left -= 1
            elif isinstance(result, BaseException):
                raise result
            else:
                yield result
    finally:
        scan.over.set()
        deadline = monotonic() + _END_SECONDS
        while any(thread.is_alive() for thread in threads) and monotonic() < deadline:
            try:
                scan.handed.get(timeout=_LOOK_SECONDS)  # room for one that waits
            except Empty:
                continue
