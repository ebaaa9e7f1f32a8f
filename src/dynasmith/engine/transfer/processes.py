"""A stage in processes of its own, one a core: for transforms that take more CPU than the flow around them.

A page goes over as its bytes and comes back as bytes; nothing was written of a page whose process dies, so the page is
staged again in a new one.
"""

import asyncio
import multiprocessing
import pickle
import signal
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import NamedTuple

import msgspec

from dynasmith.engine.transfer.stage import Staged, Steps
from dynasmith.errors import RunError, UsageError
from dynasmith.items.wire import RawItem
from dynasmith.ports.items import Dead, Item

DEATHS_MAX = 3
"""How often the processes may die before the job stops: a transform that kills its process kills the next one too."""

_split = msgspec.json.Decoder(list[RawItem]).decode


class _Returned(NamedTuple):
    """A staged page on its way back."""

    items: bytes
    fanned_out: int
    dropped: int
    already: int
    dead: tuple[Dead, ...]
    moved: bool
    origins: Sequence[int]


class ProcessStage:
    """``steps`` in ``count`` processes. They start with the first page and end with ``close``.

    Raises UsageError where the transform cannot be given to another process (a lambda, a nested function).
    """

    def __init__(self, steps: Steps, count: int) -> None:
        try:
            self._steps = pickle.dumps(steps)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise UsageError(
                f"The transform cannot run in another process: {error}.",
                hint="name it as module:function, or leave --processes away",
            ) from error
        self._count = count
        self._pool: ProcessPoolExecutor | None = None
        self.deaths = 0

    async def __call__(self, items: Sequence[Item]) -> Staged:
        """Stage a page in one of the processes. Raises ItemRefused as Steps does, RunError when they keep dying."""
        loop = asyncio.get_running_loop()
        page = b"[" + b",".join(items) + b"]"
        while True:
            pool = self._pool = self._pool or self._begun()
            try:
                back = await loop.run_in_executor(pool, _stage, page)
            except BrokenProcessPool as error:
                self._died(pool, error)
                continue
            return Staged(_split(back.items), *back[1:6], origins=back.origins)

    async def close(self) -> None:
        """End the processes."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.to_thread(pool.shutdown, cancel_futures=True)

    def _begun(self) -> ProcessPoolExecutor:
        # spawn: a fork would copy the threads and the loop of this process in whatever state they are.
        return ProcessPoolExecutor(
            self._count, mp_context=multiprocessing.get_context("spawn"), initializer=_begin, initargs=(self._steps,)
        )

    def _died(self, pool: ProcessPoolExecutor, error: BrokenProcessPool) -> None:
        """Of several pages that were under way only the first sees that its pool is the current one."""
        if self._pool is not pool:
            return
        self._pool = None
        pool.shutdown(wait=False, cancel_futures=True)
        self.deaths += 1
        if self.deaths > DEATHS_MAX:
            raise RunError(
                f"The processes of the transform died {self.deaths} times.",
                hint="it may need more memory than there is; fewer --processes or a smaller --batch-size help",
            ) from error


_mine: Steps | None = None


def _begin(steps: bytes) -> None:
    """In the new process: a Ctrl-C is for the parent, which ends this one when the page is done."""
    global _mine  # noqa: PLW0603, RUF100  # what a pool's initializer leaves for its calls can only be global
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _mine = pickle.loads(steps)


def _stage(page: bytes) -> _Returned:
    assert _mine is not None
    staged = _mine.apply(_split(page))
    joined = b"[" + b",".join(staged.items) + b"]"
    return _Returned(
        joined, staged.fanned_out, staged.dropped, staged.already, staged.dead, staged.moved, staged.origins
    )
