"""The files of a job where a worker is: read there where they are the same ones, else asked of the job."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from dynasmith.errors import CheckpointError, RunError
from dynasmith.files.items.fingerprint import check_unchanged
from dynasmith.files.items.layout import Layout
from dynasmith.files.items.source import FileSource
from dynasmith.jobs.file_facts import Fingerprint
from dynasmith.ports.items import OpenSource, Page, Source, ThrottleListener


class MakeFileSource(Protocol):
    """Makes the source of the files; can be sent to a worker."""

    def __call__(self, layout: Layout) -> FileSource:
        """The source."""
        ...


@dataclass(frozen=True, slots=True)
class OpenVisibleFiles:
    """Opens the files of ``layout`` in a worker. ``pages`` opens what asks the job, for those that it does not see, or
    sees another file in their place: ``fingerprints`` are those of the job, by path."""

    layout: Layout
    make: MakeFileSource
    fingerprints: Mapping[str, Fingerprint]
    pages: OpenSource

    async def __call__(self, heard: ThrottleListener) -> Source:
        """Nothing is opened before it is read."""
        return VisibleFiles(self.layout, self.make(self.layout), self.fingerprints, await self.pages(heard))


@dataclass(slots=True)
class VisibleFiles:
    """Keeps ``Source``. A file is looked at when its first page is read: 3 MB of it at most."""

    layout: Layout
    own: FileSource
    fingerprints: Mapping[str, Fingerprint]
    pages: Source
    _seen: dict[int, bool] = field(default_factory=dict)

    @property
    def segments(self) -> int:
        """One for each file."""
        return self.own.segments

    async def read(self, segment: int, start: bytes | None) -> Page:
        """The page at ``start``."""
        if segment not in self._seen:
            self._seen[segment] = await asyncio.to_thread(self._is_same, segment)
        return await (self.own if self._seen[segment] else self.pages).read(segment, start)

    async def close(self) -> None:
        """Close the files."""
        await self.own.close()
        await self.pages.close()

    def _is_same(self, segment: int) -> bool:
        path = self.layout.parts[segment].path
        if path not in self.fingerprints:
            return False
        try:
            check_unchanged(path, self.fingerprints[path])
        except (CheckpointError, RunError):
            return False
        return True
