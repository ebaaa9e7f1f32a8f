"""Objects of S3 as the files of a populate: each is downloaded whole, compared with its checksum, read, and removed."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from dynasmith.errors import FileFormatError
from dynasmith.files.items.source import FileSource
from dynasmith.ports.concurrency import ThreadCalls
from dynasmith.ports.items import Page
from dynasmith.ports.service_transfer import TransferObjects


class RemoteFile(Struct, frozen=True):
    """An object, and the MD5 that it must have (base64; empty: not known)."""

    key: str
    md5: str = ""


class ObjectSource:
    """Reads the objects of a `FileSource` that ``opened`` makes of a folder, in which the file of each segment has its
    number as its name; ``closed`` is called at its end.

    As many objects are on this machine at a time as segments are read at once. Raises FileFormatError for an object
    that is not what its checksum says: nothing of it is read then.
    """

    def __init__(
        self,
        opened: Callable[[Path], FileSource],
        files: Sequence[RemoteFile],
        objects: TransferObjects,
        bucket: str,
        folder: Path,
        closed: Callable[[], None] | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._made = opened(folder)
        self._files = files
        self._objects = objects
        self._bucket = bucket
        self._folder = folder
        self._closed = closed
        self._threads = ThreadCalls()

    @property
    def segments(self) -> int:
        """One for each object."""
        return len(self._files)

    async def read(self, segment: int, start: bytes | None) -> Page:
        """The page at ``start``; the object is downloaded before its first one."""
        path = self._folder / str(segment)
        if not path.exists():
            await self._threads.run(fetch, self._objects, self._bucket, self._files[segment], path)
        page = await self._made.read(segment, start)
        if page.next is None:
            self._made.leave(segment)
            path.unlink(missing_ok=True)
        return page

    async def close(self) -> None:
        """Remove what was downloaded: a run that goes on downloads it again."""
        await self._threads.ended()
        await self._made.close()
        for segment in range(self.segments):
            (self._folder / str(segment)).unlink(missing_ok=True)
        if self._folder.exists() and not any(self._folder.iterdir()):
            self._folder.rmdir()
        if self._closed is not None:
            self._closed()


def fetch(objects: TransferObjects, bucket: str, file: RemoteFile, path: Path) -> None:
    """Download an object, compared with its checksum. Raises FileFormatError where it is another."""
    partial = path.with_name(f"{path.name}.part")
    md5 = base64.b64encode(objects.download(file.key, partial)).decode()
    if file.md5 and md5 != file.md5:
        partial.unlink(missing_ok=True)
        raise FileFormatError(
            f"s3://{bucket}/{file.key} is damaged: its MD5 is not what the manifest says.",
            hint="export the table again, or copy the object again",
        )
    partial.rename(path)
