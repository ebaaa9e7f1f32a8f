"""A journal in S3 that is read back, newest frame first; what comes next is fetched while this is put back."""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from dynasmith.aws.stores.s3.journal import entries_prefix, frame_name, frame_numbers, read_s3_head, voids_prefix
from dynasmith.aws.stores.s3.objects import AT_ONCE, Object, S3Objects
from dynasmith.jobs.journal import JournalHead, read_entries, read_voids
from dynasmith.ports.journal import JournalFrame

READ_AHEAD = 8
"""Frames of a segment that are fetched before they are asked for."""
SEGMENTS_KEPT = 32
"""Segments whose frames are fetched ahead at a time: more than an undo has under way."""


@dataclass(slots=True)
class _Segment:
    last: int | None = None
    voided: set[tuple[int, int]] = field(default_factory=set)
    fetched: "dict[int, Future[Object | None]]" = field(default_factory=dict)


class S3JournalReader:
    """The journal of a job in S3. Raises RunError where there is none. One list call for a thousand frames.

    ``marks`` are those of the job's checkpoints, by segment: a frame before them that is not there is missing.
    """

    def __init__(self, objects: S3Objects, job_id: str, marks: Mapping[int, bytes] | None = None) -> None:
        self._promised = {segment: int(mark.split(b"/")[0]) for segment, mark in (marks or {}).items() if mark}
        self.head: JournalHead = read_s3_head(objects, job_id)
        self._objects = objects
        self._job = job_id
        self._segments: dict[int, _Segment] = {}
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="dynasmith-undo")

    def last(self, segment: int) -> int | None:
        """The number of the segment's last frame."""
        return self._segment(segment).last

    def read(self, segment: int, frame: int) -> JournalFrame:
        """One frame. One that is damaged or missing has no entries, and says so."""
        known, prefix = self._segment(segment), entries_prefix(self._job, segment)
        for number in [number for number in known.fetched if number > frame]:
            del known.fetched[number]
        for number in range(frame, max(-1, frame - READ_AHEAD), -1):
            if number not in known.fetched:
                known.fetched[number] = self._pool.submit(self._objects.read, frame_name(prefix, number))
        found = known.fetched[frame].result()
        entries = None if found is None else read_entries(found.content)
        damage = ""
        if entries is None:
            what = "missing" if found is None else "damaged"
            damage = f"{self._objects.url(frame_name(prefix, frame))} is {what}; what it held cannot be undone"
        kept = [entry for number, entry in enumerate(entries or ()) if (frame, number) not in known.voided]
        return JournalFrame(entries=kept, before=frame - 1 if frame else None, damage=damage)

    def _segment(self, segment: int) -> _Segment:
        known = self._segments.pop(segment, None) or self._look(segment)
        self._segments[segment] = known
        if len(self._segments) > SEGMENTS_KEPT:  # the one that was not asked for longest; it is looked at again
            del self._segments[next(iter(self._segments))]
        return known

    def _look(self, segment: int) -> _Segment:
        numbers = frame_numbers(self._objects, entries_prefix(self._job, segment))
        last = max(*numbers, self._promised.get(segment, 0) - 1, -1)
        found = _Segment(last=None if last < 0 else last)
        for written in self._objects.read_all(self._objects.names(voids_prefix(self._job, segment))):
            found.voided |= set(read_voids(written or b""))
        return found
