"""A source whose rejected lines are counted and named, and not kept: they would hold what is being masked."""

from __future__ import annotations

import re
from dataclasses import dataclass

from msgspec.structs import replace

from dynasmith.ports.items import DeadLetter, OpenSource, Page, Source, ThrottleListener

_PLAIN_PLACE = re.compile(r".*:\d+|item \d+", re.DOTALL)
REJECTED = "rejected"
"""The code of what a source cannot read as an item."""
REASON = "It cannot be read as an item; it is not kept or shown, because the items of this job are masked."


def without_rejected(opened: OpenSource) -> OpenSource:
    """The source, whose dead letters say where they came from and hold nothing of it."""
    return OpenMaskedSource(opened)


@dataclass(frozen=True, slots=True)
class OpenMaskedSource:
    """See `without_rejected`. A class, so that it can be sent to a worker."""

    opened: OpenSource

    async def __call__(self, heard: ThrottleListener) -> Source:
        """Open it."""
        return MaskedSource(await self.opened(heard))


@dataclass(frozen=True, slots=True)
class MaskedSource:
    """See `without_rejected`."""

    inner: Source

    @property
    def segments(self) -> int:
        """How many segments there are."""
        return self.inner.segments

    async def read(self, segment: int, start: bytes | None) -> Page:
        """A page; see `Source.read`."""
        page = await self.inner.read(segment, start)
        return replace(page, dead=tuple(map(_without_item, page.dead))) if page.dead else page

    async def close(self) -> None:
        """Close the connections or files."""
        await self.inner.close()


def _without_item(dead: DeadLetter) -> DeadLetter:
    if dead.code != REJECTED:
        return dead
    # That of a row is its key, which may be masked; a line and a number tell nothing.
    place = dead.place if _PLAIN_PLACE.fullmatch(dead.place) else ""
    return DeadLetter(code=dead.code, reason=REASON, place=place)
