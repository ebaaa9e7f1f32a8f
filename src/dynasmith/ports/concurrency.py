"""Side by side, and none left behind: what the flow and its ends do with several requests at once."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from dynasmith.errors import DynasmithError

T = TypeVar("T")


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


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error to show of several that came at once: one of ours before any other."""
    flat = [_first(error) if isinstance(error, BaseExceptionGroup) else error for error in errors.exceptions]
    return next((error for error in flat if isinstance(error, DynasmithError)), flat[0])
