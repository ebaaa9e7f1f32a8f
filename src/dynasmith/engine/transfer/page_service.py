"""Pages of a source that only the job can read, for workers elsewhere: asked for one by one, sent as bytes.

A file, a database or an iterable is opened once, where the job is. A worker asks for the page that begins where its
segment goes on, so that a page that a worker took and did not finish is read again for the next one.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from dynasmith.items.wire import RawItem
from dynasmith.ports.items import DeadLetter, OpenSource, Page, Place, Source, ThrottleListener
from dynasmith.ports.remote_reference import RemoteReference


class _Ask(msgspec.Struct, array_like=True):
    segment: int
    start: bytes | None


class _SentPage(msgspec.Struct, array_like=True):
    """A ``Page``; its items are a JSON list."""

    items: bytes
    next: bytes | None
    read: int
    units: float
    dead: tuple[DeadLetter, ...]
    places: Sequence[Place]


_encode = msgspec.msgpack.Encoder().encode
_decode_ask = msgspec.msgpack.Decoder(_Ask).decode
_decode_page = msgspec.msgpack.Decoder(_SentPage).decode
_split = msgspec.json.Decoder(list[RawItem]).decode


class OpenedOnce:
    """Opens a source the first time that it is asked to, and gives the same one afterwards."""

    def __init__(self, source: OpenSource) -> None:
        self._source = source
        self._opened: Source | None = None
        self._opening = asyncio.Lock()

    async def __call__(self, heard: ThrottleListener) -> Source:
        """The source."""
        async with self._opening:
            if self._opened is None:
                self._opened = await self._source(heard)
            return self._opened

    async def close(self) -> None:
        """Close it, if it was opened."""
        if self._opened is not None:
            await self._opened.close()


class PageService(RemoteReference):
    """The source, where the job is."""

    def __init__(self, source: OpenSource) -> None:
        self._source = source

    async def ask(self, question: bytes) -> bytes:
        """The page that a worker asks for. Raises what reading raises, which ends the job."""
        asked = _decode_ask(question)
        source = await self._source(_unheard)
        page = await source.read(asked.segment, asked.start)
        items = b"[" + b",".join(page.items) + b"]"
        return _encode(_SentPage(items, page.next, page.read, page.units, page.dead, page.places))


@dataclass(frozen=True, slots=True)
class OpenRemotePages:
    """Opens the source where a worker is."""

    service: RemoteReference
    segments: int

    async def __call__(self, _heard: ThrottleListener) -> Source:
        """Nothing is opened: the job has it."""
        return RemotePages(self.service, self.segments)


@dataclass(frozen=True, slots=True)
class RemotePages:
    """The source where a worker is; keeps ``Source``."""

    service: RemoteReference
    segments: int

    async def read(self, segment: int, start: bytes | None) -> Page:
        """The page, from the job."""
        page = _decode_page(await self.service.ask(_encode(_Ask(segment, start))))
        items = _split(page.items)
        return Page(items=items, next=page.next, read=page.read, units=page.units, dead=page.dead, places=page.places)

    async def close(self) -> None:
        """Nothing is open here."""


def _unheard(_throttles: object) -> None:
    """The job opened it before with what listens."""
