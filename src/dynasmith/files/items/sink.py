"""Files as a sink: one part a segment, packed in pieces that can be cut off, so that a kill leaves no damaged export.

A segment's mark is the length of its part. A resumed job cuts the part to that length and goes on, so an export has
each item once, whenever the run was killed. Every batch is packed alone (gzip members and zstd frames may follow one
another in a file), which is what makes the part legal at each mark.

The parts are those of one export: the folder beside a single file carries its name, and a folder of parts has a mark of
it (`dynasmith.files.items.destination`). So an export never takes the parts of another one, and never
overwrites what another one finished.
"""

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from dynasmith.errors import RunError
from dynasmith.files.items.csv_out import write_csv
from dynasmith.files.items.destination import DELIMITERS, Compression, Destination, Style, check_name
from dynasmith.files.items.gz import packed
from dynasmith.files.items.item_lines import ItemLines
from dynasmith.files.items.manifest import MANIFEST, Manifest, ManifestPart, beside, write_manifest
from dynasmith.files.items.records import Lines
from dynasmith.files.items.streams import ItemStream
from dynasmith.ports.items import Item, Outcome

ITEMS_A_BATCH = 1_000_000
"""A file takes a page whole: batches of one segment must follow one another."""


class _Mark(msgspec.Struct):
    """How far a segment's parts are: the finished ones, and the length and items of the one being written."""

    done: list[ManifestPart] = []
    length: int = 0
    items: int = 0


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What the manifest says beside the counts: tool and version, table, time (RFC 3339), key, definition."""

    tool: str
    table: str
    created_at: str
    key: tuple[tuple[str, str], ...]
    definition: dict[str, Any] | None = None


class FileSink:
    """Writes items to ``dest``: a folder of parts, or one file when its name says a format (``.jsonl.gz``).

    ``split_bytes`` begins a new part of a folder when one has that length; ``export`` is this export's own name, the
    same one at each resume. Files are readable by their owner only. Raises RunError where another export has the place.
    """

    def __init__(
        self,
        dest: Path,
        head: Head,
        *,
        style: Style = "dynamodb",
        compression: Compression = "",
        split_bytes: int | None = None,
        level: int = 1,
        export: str = "",
    ) -> None:
        self._dest = Destination(dest, export)
        self._head = head
        self._style = style
        self._compression = compression
        self._split = split_bytes
        self._folder = self._dest.folder
        self._lines = ItemLines(style, [name for name, _ in head.key])
        self._pack = packer(compression, level)
        self._marks: dict[int, _Mark] = {}
        self._is_claimed = False
        check_name(dest, style)

    @property
    def batch_items(self) -> int:
        """A page is one batch."""
        return ITEMS_A_BATCH

    async def begin(self, segment: int, mark: bytes) -> bool:
        """Cut the segment's part to where the mark says it was; False when the file is shorter or gone."""
        return await asyncio.to_thread(self._begin, segment, mark)

    async def write(self, segment: int, items: Sequence[Item], *, only_new: bool = False) -> Outcome:  # noqa: ARG002
        """Append one page; it is in the file when this returns."""
        return await asyncio.to_thread(self._write, segment, items)

    async def mark(self, segment: int) -> bytes:
        """The length of the segment's part."""
        return msgspec.json.encode(self._marks[segment])

    async def finish(self, digest: str) -> None:
        """Write the manifest, and make one file of the parts where one was asked for."""
        await asyncio.to_thread(self._finish, digest)

    async def close(self) -> None:
        """Nothing is held open."""

    # --- in a thread --------------------------------------------------------------------------------------------------

    def _begin(self, segment: int, mark: bytes) -> bool:
        known = msgspec.json.decode(mark, type=_Mark) if mark else _Mark()
        if self._dest.complete:
            self._marks[segment] = known
            return True
        if not self._is_claimed:  # once a run: another export that comes later sees the mark, and leaves
            self._dest.claim()
            self._is_claimed = True
        wanted = [(part.name, part.bytes) for part in known.done]
        wanted.append((self._part(segment, len(known.done)).name, known.length))
        whole = all(_length(self._folder / name) >= length for name, length in wanted)
        if not whole:
            known = _Mark()
        self._marks[segment] = known
        with _opened(self._part(segment, len(known.done))) as file:
            os.ftruncate(file, known.length)
        number = len(known.done) + 1
        while (extra := self._part(segment, number)).exists():  # begun after the mark was made
            extra.unlink()
            number += 1
        return whole

    def _part(self, segment: int, number: int) -> Path:
        extension = f"{self._style}.jsonl" if self._style in DELIMITERS else "jsonl"
        packed = f".{self._compression}" if self._compression else ""
        return self._folder / f"part-{segment:05d}-{number:04d}.{extension}{packed}"

    def _write(self, segment: int, items: Sequence[Item]) -> Outcome:
        text, dead = self._lines.text(items)
        written = len(items) - len(dead)
        mark = self._marks[segment]
        if written:
            packed = self._pack(text)
            path = self._part(segment, len(mark.done))
            with _opened(path) as file:
                os.lseek(file, mark.length, os.SEEK_SET)
                _write_all(file, packed, path)
            mark.length += len(packed)
            mark.items += written
            if self._split is not None and mark.length >= self._split:
                mark.done.append(ManifestPart(path.name, mark.items, mark.length))
                mark.length = mark.items = 0
                with _opened(self._part(segment, len(mark.done))):
                    pass
        others = tuple(entry.item for entry in dead)
        return Outcome(written=written, dead=tuple(dead), others=others)

    def _finish(self, digest: str) -> None:
        if self._dest.complete:  # killed while an earlier finish removed the parts
            shutil.rmtree(self._folder, ignore_errors=True)
            return
        parts = [
            part
            for segment, mark in sorted(self._marks.items())
            for part in [*mark.done, ManifestPart(self._part(segment, len(mark.done)).name, mark.items, mark.length)]
            if part.items or not mark.done
        ]
        if not self._dest.single:
            write_manifest(self._folder / MANIFEST, self._manifest(digest, tuple(parts)))
            self._dest.release()
            return
        path = self._dest.path
        if not self._dest.named:
            self._join(parts, self._dest.whole)
            self._dest.name()
        one = ManifestPart(path.name, sum(part.items for part in parts), path.stat().st_size)
        write_manifest(beside(path), self._manifest(digest, (one,)))
        shutil.rmtree(self._folder)

    def _join(self, parts: Sequence[ManifestPart], whole: Path) -> None:
        paths = [self._folder / part.name for part in parts]
        whole.unlink(missing_ok=True)
        with _opened(whole) as file, os.fdopen(os.dup(file), "wb") as out:
            if delimiter := DELIMITERS.get(self._style):
                out.writelines(map(self._pack, write_csv(lambda: _lines_of(paths), self._head.key, delimiter)))
            else:
                for path in paths:
                    with path.open("rb") as part:
                        shutil.copyfileobj(part, out, 1024 * 1024)

    def _manifest(self, digest: str, parts: tuple[ManifestPart, ...]) -> Manifest:
        head = self._head
        return Manifest(
            tool=head.tool,
            table=head.table,
            created_at=head.created_at,
            style=self._style,
            compression=self._compression,
            count=sum(part.items for part in parts),
            digest=digest,
            key=head.key,
            parts=parts,
            definition=head.definition,
            export=self._dest.export,
        )


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _opened(path: Path) -> "_Descriptor":
    return _Descriptor(path)


class _Descriptor:
    """A file open for writing, created for its owner only: exports hold customers' items."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = -1

    def __enter__(self) -> int:
        try:
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
        except OSError as error:
            raise RunError(f"{self._path} could not be written: {error.strerror}.", hint="check the folder") from error
        return self._file

    def __exit__(self, *_: object) -> None:
        os.close(self._file)


def _write_all(file: int, packed: bytes, path: Path) -> None:
    view = memoryview(packed)
    try:
        while view:
            view = view[os.write(file, view) :]
    except OSError as error:
        raise RunError(
            f"{path} could not be written: {error.strerror}.", hint="make room, then resume the job; nothing is lost"
        ) from error


def packer(compression: Compression, level: int = 1) -> Callable[[bytes], bytes]:
    """Packs a piece so that pieces may follow one another in a file."""
    match compression:
        case "":
            return lambda plain: plain
        case "gz":
            return lambda plain: packed(plain, level)
        case "zst":
            return lambda plain: zstandard.ZstdCompressor(level=level).compress(plain)


def _lines_of(paths: Sequence[Path]) -> Iterator[bytes]:
    """The items of some parts, one after the other."""
    for path in paths:
        if path.stat().st_size == 0:
            continue
        opened = ItemStream(str(path))
        lines = Lines(opened, 0, 0)
        try:
            while pieces := lines.take(1000, 1024 * 1024):
                for _, piece in pieces:
                    yield piece[len(b'{"Item":') : -1]
        finally:
            opened.close()
