"""The one place where the sync world enters the flow: a loop in a thread of its own.

So it works from a script, in Jupyter and inside a running loop, and a signal that comes to the main thread ends the
flow at a point from which it goes on.
"""

import asyncio
import contextvars
import gc
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")
LoopFactory = Callable[[], asyncio.AbstractEventLoop]

YOUNG_OBJECTS = 20_000
"""New objects between two collections of cycles while a flow runs (Python: 700). Pages of items are thousands of small
objects that no cycle holds: looking through them again and again took up to 40 % of a transforming copy
(``bench/copying.py``). Cycles that wait are at most some MB."""

_POLL_SECONDS = 0.2
"""How often the waiting thread looks whether a signal came."""


class StopRequest:
    """A wish to stop, made from any thread. ``signalled`` says that it came with a signal."""

    def __init__(self) -> None:
        self.signalled = False
        self._finishing = False
        self._halt: list[Callable[[], None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._event: asyncio.Event | None = None
        self._task: asyncio.Task[Any] | None = None
        self._asked = 0

    @property
    def asked(self) -> bool:
        """Whether stopping was asked for."""
        return self._asked > 0 or self._finishing

    def ask(self) -> None:
        """Send nothing more, and stop when what is under way is answered; asked a second time: at once.

        Nothing is lost either way: at most the page of each segment that is under way is done again.
        """
        self._asked += 1
        self._wake()

    def finish(self) -> None:
        """Stop after the pages that are on their way, which are written to their ends."""
        self._finishing = True
        self._wake()

    def on_halt(self, call: Callable[[], None]) -> None:
        """Call ``call`` on the loop as soon as nothing more may be sent; at once where that is so already."""
        self._halt.append(call)
        if self._asked:
            call()

    async def wait(self) -> None:
        """Return when stopping is asked for."""
        assert self._event is not None
        await self._event.wait()

    def _wake(self) -> None:
        if self._loop is None:
            return
        with suppress(RuntimeError):  # the loop has ended meanwhile, and what should stop has stopped
            self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        if self._event is not None:
            self._event.set()
        if self._asked:
            for call in self._halt:
                call()
        if self._asked > 1 and self._task is not None:
            self._task.cancel()

    def enter(self, task: "asyncio.Task[Any]") -> None:
        """Begin on the loop that runs ``task``, which a second request to stop cancels."""
        self._loop, self._event, self._task = task.get_loop(), asyncio.Event(), task
        if self.asked:
            self._event.set()


def run(
    main: Callable[[StopRequest], Coroutine[Any, Any, T]],
    *,
    loop_factory: LoopFactory = asyncio.new_event_loop,
    stop: StopRequest | None = None,
    stopping: Callable[[], None] = lambda: None,
) -> T:
    """Run ``main`` on a loop in a thread of its own and give back what it returns or raises.

    SIGINT and SIGTERM ask ``stop`` while this runs, if it is called on the main thread; ``stopping`` is then called
    once on that thread, whatever the loop is doing.
    """
    stop = stop or StopRequest()
    result: list[T] = []
    failure: list[BaseException] = []

    async def entered() -> T:
        task = asyncio.current_task()
        assert task is not None
        stop.enter(task)
        return await main(stop)

    def body() -> None:
        try:
            with _COLLECTED_RARELY, asyncio.Runner(loop_factory=loop_factory) as runner:
                result.append(runner.run(entered()))
        except BaseException as error:  # noqa: BLE001, RUF100  # it is raised again on the caller's thread
            failure.append(error)

    thread = threading.Thread(target=contextvars.copy_context().run, args=(body,), name="dynasmith-flow", daemon=True)
    with _signals(stop):
        thread.start()
        told = False
        while thread.is_alive():
            thread.join(_POLL_SECONDS)
            if stop.signalled and not told and thread.is_alive():
                told = True
                stopping()
    if failure:
        raise failure[0]
    return result[0]


class RareGarbageCollection:
    """Python's collector of cycles, seldom while any flow of this process runs; as it was when the last one ended.

    What was there before the first flow (modules, clients) is left out of collections meanwhile, except in a process
    that freezes objects itself.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flows = 0
        self._before = gc.get_threshold()
        self._froze = False
        self._others_freeze = False

    def __enter__(self) -> None:
        with self._lock:
            self._flows += 1
            if self._flows > 1:
                return
            self._before = gc.get_threshold()
            if 0 < self._before[0] < YOUNG_OBJECTS:  # 0: somebody turned it off
                gc.set_threshold(YOUNG_OBJECTS, *self._before[1:])
            # Counting looks at every frozen object (1,000,000 take 20 ms): whoever froze some is found once.
            self._others_freeze = self._others_freeze or gc.get_freeze_count() > 0
            self._froze = not self._others_freeze  # else somebody wants them frozen after us too
            if self._froze:
                gc.freeze()

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._flows -= 1
            if self._flows:
                return
            gc.set_threshold(*self._before)
            if self._froze:
                gc.unfreeze()


_COLLECTED_RARELY = RareGarbageCollection()


@contextmanager
def _signals(stop: StopRequest) -> Iterator[None]:
    """SIGINT and SIGTERM ask ``stop``; what was installed before comes back at the end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.signalled = True
        stop.ask()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
