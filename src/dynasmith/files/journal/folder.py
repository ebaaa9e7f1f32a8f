"""The journal as a folder: one file a segment, appended, forced to the disk before anything of it is sent.

::

    .dynasmith/journal/backfill-20261120T232713-9f3a1c/
        journal.json     which job and table         00003.journal    the entries of a segment

Files are 0600 and the folder 0700: they hold customers' items. Appends of one segment that come together are forced
to the disk together.
"""

import asyncio
import errno
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from dynasmith.errors import CheckpointError, DynasmithError, RunError
from dynasmith.files.folder_removal import refuse_link, remove_folder
from dynasmith.files.journal.frame import FramePosition, places, read_frame
from dynasmith.jobs.journal import JournalHead, decode_head, entries_frame, read_entries, read_voids, voids_frame
from dynasmith.ports.journal import JournalEntry, JournalEntryId

HEAD: Final = "journal.json"
_SUFFIX: Final = ".journal"
_BINARY: Final[int] = getattr(os, "O_BINARY", 0)  # Windows writes other bytes than it is given without it


def journal_home(folder: Path, job_id: str) -> Path:
    """Where the journal of a job is."""
    return folder / job_id


def create_journal(home: Path, head: JournalHead) -> "FolderJournal":
    """Make the folder of a journal. Raises RunError where it cannot be written: nothing was changed then."""
    try:
        home.mkdir(parents=True, mode=0o700)
        _write(home / HEAD, msgspec.json.encode(head))
        _force_folder(home)
    except OSError as error:
        raise RunError(
            f"The undo journal {home} could not be written: {error.strerror}.",
            hint="free disk space or fix the permissions; nothing was changed (--no-journal goes without undo)",
        ) from error
    return FolderJournal(home)


def read_head(home: Path) -> JournalHead:
    """What the journal in a folder is of. Raises RunError where there is none, CheckpointError for a newer one."""
    try:
        written = (home / HEAD).read_bytes()
    except OSError as error:
        raise RunError(
            f"There is no undo journal in {home}.",
            hint="it was pruned, the job ran with --no-journal, or on another machine",
        ) from error
    return decode_head(written, str(home / HEAD))


def remove_journal(home: Path) -> bool:
    """Remove a journal with its folder; whether there was one. Raises RunError where the folder is a symbolic link."""
    refuse_link(home, "The folder of the undo journal")
    if not home.is_dir():
        return False
    remove_folder(home)
    return True


class FolderJournal:
    """The journal of a running job. Not shared between processes: the job's claim sees to that."""

    def __init__(self, home: Path) -> None:
        read_head(home)
        self._home = home
        self._ends: dict[int, int] = {}
        self._queues: dict[int, list[tuple[bytes, asyncio.Future[int]]]] = {}
        self._flushing: dict[int, asyncio.Task[None]] = {}
        self._voids: dict[int, list[tuple[int, int]]] = {}
        self._check: Callable[[], None] = lambda: None

    def _path(self, segment: int) -> Path:
        return segment_path(self._home, segment)

    async def begin(self, segment: int, mark: bytes) -> Sequence[JournalEntry]:
        """See the port. Reads only what stands behind the mark."""
        promised = int(mark or b"0")
        path = self._path(segment)
        size = path.stat().st_size if path.exists() else 0
        if size < promised:
            raise CheckpointError(
                f"The undo journal {path} has {size:,} bytes, and the job wrote {promised:,}: it was cut or removed.",
                hint="what was changed cannot be undone from it; cancel the job and start a new backfill",
            )
        end, entries, voided = promised, list[JournalEntry](), set[tuple[int, int]]()
        for place in places(path, promised) if size > promised else ():
            if not isinstance(place, FramePosition):
                break
            frame = read_frame(path, place)
            found = read_entries(frame) if place.kind == b"E" else []
            if found is None:
                break
            voided |= set(read_voids(frame)) if place.kind == b"V" else set()
            entries += [
                JournalEntry(JournalEntryId(place.start, number), change) for number, change in enumerate(found)
            ]
            end = place.start + place.length
        if end < size:
            os.truncate(path, end)
        self._ends[segment] = end
        return [entry for entry in entries if tuple(entry.id) not in voided]

    def guard(self, check: Callable[[], None]) -> None:
        """See the port."""
        self._check = check

    async def append(self, segment: int, changes: Sequence[bytes]) -> Sequence[JournalEntryId]:
        """See the port. Returns after fsync."""
        self._put_voids(segment)
        start = await self._queue(segment, entries_frame(list(changes)))
        return [JournalEntryId(start, number) for number in range(len(changes))]

    def void(self, segment: int, ids: Sequence[JournalEntryId]) -> None:
        """See the port."""
        self._voids.setdefault(segment, []).extend((one.frame, one.number) for one in ids)

    async def mark(self, segment: int) -> bytes:
        """The length of the segment's file, with every void in it."""
        waiting = self._put_voids(segment)
        if waiting is not None:
            await waiting
        return str(self._ends.get(segment, 0)).encode()

    async def segments(self) -> Sequence[int]:
        """See the port."""
        return sorted(int(path.stem) for path in self._home.glob(f"*{_SUFFIX}") if path.stem.isdecimal())

    async def remove(self, segment: int) -> None:
        """See the port. Raises RunError where it cannot be removed."""
        self._ends.pop(segment, None)
        await asyncio.to_thread(self._remove, self._path(segment))

    def _remove(self, path: Path) -> None:
        self._check()
        try:
            path.unlink(missing_ok=True)
            _force_folder(path.parent)
        except OSError as error:
            raise RunError(
                f"{path} could not be removed: {error.strerror}.", hint="fix the permissions, then resume the job"
            ) from error

    async def close(self) -> None:
        """Write the voids that wait, and wait until what was queued is written."""
        for segment in list(self._voids):
            self._put_voids(segment)
        await asyncio.gather(*self._flushing.values(), return_exceptions=True)

    # --- writing ------------------------------------------------------------------------------------------------------

    def _put_voids(self, segment: int) -> "asyncio.Future[int] | None":
        ids = self._voids.pop(segment, [])
        return self._queue(segment, voids_frame(ids)) if ids else None

    def _queue(self, segment: int, frame: bytes) -> "asyncio.Future[int]":
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        future.add_done_callback(_seen)
        self._queues.setdefault(segment, []).append((frame, future))
        if segment not in self._flushing:
            self._flushing[segment] = asyncio.create_task(self._flush(segment))
        return future

    async def _flush(self, segment: int) -> None:
        """Write what is queued, together, until nothing is."""
        try:
            while queued := self._queues.pop(segment, []):
                start = self._ends.get(segment, 0)
                try:
                    await asyncio.to_thread(self._write, segment, start, [frame for frame, _ in queued])
                except OSError as error:
                    _fail(queued, _unwritable(self._path(segment), error))
                    continue
                except DynasmithError as error:
                    _fail(queued, error)
                    continue
                for frame, future in queued:
                    if not future.done():
                        future.set_result(start)
                    start += len(frame)
                self._ends[segment] = start
        finally:
            del self._flushing[segment]

    def _write(self, segment: int, start: int, frames: list[bytes]) -> None:
        self._check()
        _append(self._path(segment), start, frames)


def segment_path(home: Path, segment: int) -> Path:
    """The file of one segment."""
    return home / f"{segment:05d}{_SUFFIX}"


def _append(path: Path, start: int, frames: list[bytes]) -> None:
    """Write behind ``start`` and force it to the disk; a part that could not be written is taken off again."""
    new = start == 0
    file = os.open(path, os.O_WRONLY | os.O_CREAT | _BINARY, 0o600)
    try:
        os.lseek(file, start, os.SEEK_SET)
        content = b"".join(frames)
        if os.write(file, content) != len(content):
            os.ftruncate(file, start)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(file)
    finally:
        os.close(file)
    if new:
        _force_folder(path.parent)


def _force_folder(folder: Path) -> None:
    """A new file's name is on the disk too. Windows has no such thing, and needs none."""
    if os.name == "nt":
        return
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _write(path: Path, content: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINARY, 0o600)
    try:
        if os.write(file, content) != len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(file)
    finally:
        os.close(file)


def _fail(queued: list[tuple[bytes, "asyncio.Future[int]"]], error: DynasmithError) -> None:
    for _, future in queued:
        if not future.done():
            future.set_exception(error)


def _seen(future: "asyncio.Future[int]") -> None:
    """A failure is raised where it is awaited; where nobody waits any more it is not news."""
    if not future.cancelled():
        future.exception()


def _unwritable(path: Path, error: OSError) -> RunError:
    return RunError(
        f"The undo journal {path} could not be written: {error.strerror}.",
        hint="free disk space or fix the permissions, then resume the job; this batch was not sent",
    )
