"""The undo journal in S3: ``[jobs] journal = "s3://BUCKET/PREFIX"``. One object a frame, since S3 has no append.

::

    PREFIX/backfill-20261120T232713-9f3a1c/
        journal.json                  which job and table
        entries/00003/0000000017      a frame of changes of a segment, there before any of them is sent
        voids/00003/0000000002        which of them were surely not written

Changes of one segment that come together share a frame, so that a batch of 25 costs at most one PutObject ($0.005 a
thousand in us-east-1) and its time. The frames of a segment are numbered without a gap, each is written only where
there is none (If-None-Match), and one that is missing is damage.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from dynasmith.aws.stores.s3.objects import AT_ONCE, S3Objects
from dynasmith.errors import CheckpointError, RunError
from dynasmith.jobs.journal import (
    JournalHead,
    decode_head,
    entries_frame,
    read_entries,
    read_voids,
    voids_frame,
)
from dynasmith.ports.journal import JournalEntry, JournalEntryId

HEAD = "journal.json"
_T = TypeVar("_T")


def create_s3_journal(objects: S3Objects, head: JournalHead) -> "S3Journal":
    """Begin a journal: one PutObject. Raises what S3 refuses, before anything was changed."""
    if objects.create(f"{head.job}/{HEAD}", msgspec.json.encode(head)) is None:
        raise RunError(
            f"There is an undo journal at {objects.url(head.job)} already.", hint="run it again for another id"
        )
    return S3Journal(objects, head.job, new=True)


def reopen_s3_journal(objects: S3Objects, job_id: str) -> "S3Journal":
    """Go on with a journal. Raises RunError where there is none."""
    read_s3_head(objects, job_id)
    return S3Journal(objects, job_id, new=False)


def read_s3_head(objects: S3Objects, job_id: str) -> JournalHead:
    """What a journal is of. Raises RunError where there is none, CheckpointError for a newer one."""
    found = objects.read(f"{job_id}/{HEAD}")
    if found is None:
        raise RunError(
            f"There is no undo journal at {objects.url(job_id)}.",
            hint="it was pruned, the job ran with --no-journal, or its journal is kept elsewhere",
        )
    return decode_head(found.content, objects.url(f"{job_id}/{HEAD}"))


def remove_s3_journal(objects: S3Objects, job_id: str) -> bool:
    """Remove a journal, its head last; whether there was one. In a versioned bucket old versions stay."""
    head = f"{job_id}/{HEAD}"
    found = objects.read(head) is not None
    objects.delete(name for name in objects.names(f"{job_id}/") if name != head)
    objects.delete([head])
    return found


@dataclass(slots=True)
class _Segment:
    """How far a segment's journal goes, and what waits to be written."""

    entries: int = 0
    voids: int = 0
    queued: list[tuple[Sequence[bytes], "asyncio.Future[JournalEntryId]"]] = field(default_factory=list)
    voided: list[tuple[int, int]] = field(default_factory=list)
    flushing: "asyncio.Task[None] | None" = None


class S3Journal:
    """The journal of a running job. A frame that cannot be written ends the journal: nothing more is sent."""

    def __init__(self, objects: S3Objects, job_id: str, *, new: bool) -> None:
        self._objects = objects
        self._job = job_id
        self._new = new
        self._segments: dict[int, _Segment] = {}
        self._failure: Exception | None = None
        self._check: Callable[[], None] = lambda: None
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="dynasmith-journal")

    async def begin(self, segment: int, mark: bytes) -> Sequence[JournalEntry]:
        """See the port. Lists the segment's frames, and reads only what stands behind the mark."""
        if self._new and not mark:
            return ()
        return await self._away(self._begin, segment, mark)

    def _begin(self, segment: int, mark: bytes) -> Sequence[JournalEntry]:
        entries, voids = map(int, (mark or b"0/0").split(b"/"))
        frames, voided = self._behind(entries_prefix(self._job, segment), entries), set[tuple[int, int]]()
        voiding = self._behind(voids_prefix(self._job, segment), voids)
        for _, written in voiding:
            voided |= set(read_voids(written))
        self._segments[segment] = _Segment(
            entries=max((number + 1 for number, _ in frames), default=entries),
            voids=max((number + 1 for number, _ in voiding), default=voids),
        )
        return [
            JournalEntry(JournalEntryId(number, place), change)
            for number, written in frames
            for place, change in enumerate(self._entries(segment, number, written))
            if (number, place) not in voided
        ]

    def _behind(self, prefix: str, promised: int) -> list[tuple[int, bytes]]:
        """The frames from ``promised`` on. Raises CheckpointError where one before it is missing."""
        numbers = sorted(frame_numbers(self._objects, prefix))
        kept = sum(number < promised for number in numbers)
        if kept < promised:
            raise CheckpointError(
                f"The undo journal {self._objects.url(prefix)} has {kept:,} of the {promised:,} frames that the job "
                "wrote: it was cut or removed.",
                hint="what was changed cannot be undone from it; cancel the job and start a new backfill",
            )
        later = [number for number in numbers if number >= promised]
        read = self._objects.read_all(frame_name(prefix, number) for number in later)
        return [(number, written or b"") for number, written in zip(later, read, strict=True)]

    def _entries(self, segment: int, number: int, written: bytes) -> list[bytes]:
        """The entries of a frame behind the mark. Raises CheckpointError for a damaged one."""
        entries = read_entries(written)
        if entries is None:
            raise CheckpointError(
                f"{self._objects.url(frame_name(entries_prefix(self._job, segment), number))} is damaged.",
                hint="what it held cannot be undone; cancel the job and start a new backfill",
            )
        return entries

    def guard(self, check: Callable[[], None]) -> None:
        """See the port."""
        self._check = check

    async def append(self, segment: int, changes: Sequence[bytes]) -> Sequence[JournalEntryId]:
        """See the port. Returns when the frame is in S3."""
        known = self._known(segment)
        future: asyncio.Future[JournalEntryId] = asyncio.get_running_loop().create_future()
        future.add_done_callback(_seen)
        known.queued.append((changes, future))
        self._flush(segment, known)
        first = await future
        return [JournalEntryId(first.frame, first.number + place) for place in range(len(changes))]

    def void(self, segment: int, ids: Sequence[JournalEntryId]) -> None:
        """See the port."""
        self._known(segment).voided.extend((one.frame, one.number) for one in ids)

    async def mark(self, segment: int) -> bytes:
        """How many frames there are of the segment, with every void in them."""
        known = self._known(segment)
        while known.voided and self._failure is None:
            await asyncio.wait({self._flush(segment, known)})
        if self._failure is not None:
            raise self._failure
        return f"{known.entries}/{known.voids}".encode()

    async def segments(self) -> Sequence[int]:
        """See the port. One list call."""
        found = await self._away(lambda: list(self._objects.folders(f"{self._job}/entries/")))
        return sorted(int(name) for name in found if name.isdecimal())

    async def remove(self, segment: int) -> None:
        """See the port. One delete call for a thousand frames."""
        self._segments.pop(segment, None)
        await self._away(self._remove, segment)

    def _remove(self, segment: int) -> None:
        for prefix in (entries_prefix(self._job, segment), voids_prefix(self._job, segment)):
            self._check()
            self._objects.delete(self._objects.names(prefix))

    async def close(self) -> None:
        """Write the voids that wait, and wait until what was queued is written."""
        for segment, known in self._segments.items():
            if known.voided:
                self._flush(segment, known)
        flushing = [known.flushing for known in self._segments.values() if known.flushing is not None]
        await asyncio.gather(*flushing, return_exceptions=True)
        self._pool.shutdown()

    # --- writing ------------------------------------------------------------------------------------------------------

    def _known(self, segment: int) -> _Segment:
        return self._segments.setdefault(segment, _Segment())

    def _flush(self, segment: int, known: _Segment) -> "asyncio.Task[None]":
        if known.flushing is None or known.flushing.done():
            known.flushing = asyncio.create_task(self._write_queued(segment, known))
        return known.flushing

    async def _write_queued(self, segment: int, known: _Segment) -> None:
        """Write what is queued, together, until nothing is."""
        while known.queued or known.voided:
            queued, known.queued = known.queued, []
            voided, known.voided = known.voided, []
            try:
                if self._failure is not None:
                    raise self._failure
                await self._write(segment, known, queued, voided)
            except Exception as error:  # raised where it is waited for
                self._failure = error
                for _, future in queued:
                    if not future.done():
                        future.set_exception(error)

    async def _write(
        self,
        segment: int,
        known: _Segment,
        queued: "list[tuple[Sequence[bytes], asyncio.Future[JournalEntryId]]]",
        voided: list[tuple[int, int]],
    ) -> None:
        if voided:
            number = await self._away(self._put, voids_prefix(self._job, segment), known.voids, voids_frame(voided))
            known.voids = number + 1
        if queued:
            frame = entries_frame([change for changes, _ in queued for change in changes])
            number = await self._away(self._put, entries_prefix(self._job, segment), known.entries, frame)
            known.entries = number + 1
            place = 0
            for changes, future in queued:
                if not future.done():
                    future.set_result(JournalEntryId(number, place))
                place += len(changes)

    def _put(self, prefix: str, number: int, frame: bytes) -> int:
        """Write a frame at ``number``, or at the first free one behind it; where it stands.

        A place that is taken holds a frame of a run that was killed, or lost its lease, while it sent it: nothing that
        S3 took is ever written over, and each run has the frames of its own changes.
        """
        self._check()
        while self._objects.create(frame_name(prefix, number), frame) is None:
            number += 1
            self._check()
        return number

    async def _away(self, work: Callable[..., _T], *arguments: Any) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)


def entries_prefix(job_id: str, segment: int) -> str:
    """Where the frames of changes of a segment are."""
    return f"{job_id}/entries/{segment:05d}/"


def voids_prefix(job_id: str, segment: int) -> str:
    """Where the frames of voids of a segment are."""
    return f"{job_id}/voids/{segment:05d}/"


def frame_name(prefix: str, number: int) -> str:
    """One frame; names sort as numbers."""
    return f"{prefix}{number:010d}"


def frame_numbers(objects: S3Objects, prefix: str) -> Iterator[int]:
    """The frames there are; what is no frame (a console's folder) is passed over."""
    numbers = (name.removeprefix(prefix) for name in objects.names(prefix))
    return (int(number) for number in numbers if number.isdecimal())


def _seen(future: "asyncio.Future[JournalEntryId]") -> None:
    """A failure is raised where it is awaited; where nobody waits any more it is not news."""
    if not future.cancelled():
        future.exception()
