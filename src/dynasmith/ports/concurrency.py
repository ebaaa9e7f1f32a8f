"""Side by side, and none left behind: what the flow and its ends do with several requests at once."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any, ParamSpec, TypeVar

from dynasmith.errors import DynasmithError

T = TypeVar("T")
P = ParamSpec("P")


@asynccontextmanager
async def tasks_together() -> AsyncIterator[asyncio.TaskGroup]:
    """Tasks side by side. After the first error the others are ended and waited for, so that what they use may be
    closed; the error is raised as itself."""
    first: BaseException | None = None
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as errors:
        first = _first(errors)
    if first is not None:  # raised here and not above: an error keeps its own cause
        raise first


async def together(parts: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Run coroutines side by side, as ``tasks_together`` does; what they return, in their order."""
    async with tasks_together() as group:
        tasks = [group.create_task(part) for part in parts]
    return [task.result() for task in tasks]


class ThreadCalls:
    """Calls in threads, which end before what they use is closed.

    A thread cannot be ended: where its caller is cancelled, because something else failed, it goes on, and what it
    opens then nobody would close. ``ended`` waits for those."""

    def __init__(self) -> None:
        self._calls: set[asyncio.Future[Any]] = set()

    async def run(self, work: Callable[P, T], /, *arguments: P.args, **options: P.kwargs) -> T:
        """What ``work`` returns or raises in a thread; a cancelled caller does not wait for it."""
        call = asyncio.ensure_future(asyncio.to_thread(work, *arguments, **options))
        self._calls.add(call)
        call.add_done_callback(self._forget)
        return await asyncio.shield(call)

    async def ended(self) -> None:
        """Return when no call is under way. Raises nothing of theirs: who waited for one has its error."""
        while self._calls:
            await asyncio.wait(self._calls)

    def _forget(self, call: asyncio.Future[Any]) -> None:
        self._calls.discard(call)
        if not call.cancelled():
            call.exception()  # else asyncio logs that nobody asked for it


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error to show of several that came at once: one of ours before any other."""
    flat = [_first(error) if isinstance(error, BaseExceptionGroup) else error for error in errors.exceptions]
    return next((error for error in flat if isinstance(error, DynasmithError)), flat[0])
