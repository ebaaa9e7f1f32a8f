"""A careful first run: a limit after which the source is at its end, a canary after which the job stops and waits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dynasmith.engine.backfill.stage import Quota
from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.ports.items import OpenSource, Page, Source, ThrottleListener


@dataclass(slots=True)
class Canary:
    """Stops a run when it has looked at ``items``; ``remember`` tells the job, so that a resume goes on to the end."""

    items: int
    stop: StopRequest
    remember: Callable[[], None]
    seen: int = 0
    reached: bool = False

    def saw(self, items: int) -> None:
        """A page was read, with so many items before any filter."""
        self.seen += items
        if self.seen >= self.items and not self.reached:
            self.reached = True
            self.remember()
            self.stop.finish()


def careful_source(source: OpenSource, quota: Quota, canary: Canary | None) -> OpenSource:
    """The same source, at its end when the quota is used up, and watched by the canary."""
    if quota.left is None and canary is None:
        return source

    async def opened(heard: ThrottleListener) -> "LimitedSource":
        return LimitedSource(await source(heard), quota, canary)

    return opened


class LimitedSource:
    """See ``careful_source``."""

    def __init__(self, real: Source, quota: Quota, canary: Canary | None) -> None:
        self._real = real
        self._quota = quota
        self._canary = canary
        self._began: set[int] = set()

    @property
    def segments(self) -> int:
        """As many as the real one has."""
        return self._real.segments

    async def read(self, segment: int, start: bytes | None) -> Page:
        """A page of the real one, or the end. Pages that an interrupted run began come first: only they can tell how
        much of the quota is used up."""
        if segment in self._began or segment not in self._quota.unsettled:
            await self._quota.all_settled()
        self._began.add(segment)
        if self._quota.left == 0:
            nothing: Sequence[bytes] = ()
            return Page(items=nothing, next=None, read=0)
        page = await self._real.read(segment, start)
        if self._canary is not None:
            self._canary.saw(page.read)
        return page

    async def close(self) -> None:
        """Close the real one."""
        await self._real.close()
