"""A journal that is read back, newest frame first, each segment's file on its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dynasmith.files.journal.folder import read_head, segment_path
from dynasmith.files.journal.frame import FrameGap, FramePosition, places, read_frame
from dynasmith.jobs.journal import JournalHead, read_entries, read_voids
from dynasmith.ports.journal import JournalFrame

SEGMENTS_KEPT = 32
"""Segments whose frames are known at a time: more than an undo has under way."""


@dataclass(slots=True)
class _Segment:
    """The frames of one file, by their heads: some 50 bytes of memory each, a frame for 25 items."""

    places: dict[int, FramePosition | FrameGap] = field(default_factory=dict)
    before: dict[int, int | None] = field(default_factory=dict)
    voided: set[tuple[int, int]] = field(default_factory=set)
    last: int | None = None

    def add(self, place: FramePosition | FrameGap) -> None:
        """The next one of the file."""
        self.places[place.start] = place
        self.before[place.start] = self.last
        self.last = place.start


class FolderJournalReader:
    """The journal in a folder. Raises RunError where there is none.

    ``marks`` are those of the job's checkpoints, by segment: before them nothing may be missing, and only behind them
    a tail may be cut.
    """

    def __init__(self, home: Path, marks: Mapping[int, bytes] | None = None) -> None:
        self.head: JournalHead = read_head(home)
        self._promised = {segment: int(mark) for segment, mark in (marks or {}).items() if mark}
        self._home = home
        self._segments: dict[int, _Segment] = {}

    def last(self, segment: int) -> int | None:
        """The place of the segment's last frame."""
        return self._segment(segment).last

    def read(self, segment: int, frame: int) -> JournalFrame:
        """One frame. A damaged one has no entries, and says so."""
        known = self._segment(segment)
        place, before = known.places[frame], known.before[frame]
        path = segment_path(self._home, segment)
        if isinstance(place, FrameGap):
            found = JournalFrame(entries=(), before=before, damage=self._lost(segment, path, place))
        else:
            entries = read_entries(read_frame(path, place))
            kept = [entry for number, entry in enumerate(entries or ()) if (frame, number) not in known.voided]
            damage = "" if entries is not None else _damage(path, place.start, place.length)
            found = JournalFrame(entries=kept, before=before, damage=damage)
        return found

    def _lost(self, segment: int, path: Path, gap: FrameGap) -> str:
        promised = self._promised.get(segment, 0)
        if gap.start + gap.length < promised or (path.exists() and path.stat().st_size > gap.start + gap.length):
            return _damage(path, gap.start, gap.length)
        return (
            f"{path.name}: the last {gap.length:,} of {promised:,} bytes that the job wrote are missing or damaged; "
            "what they held cannot be undone"
        )

    def _segment(self, segment: int) -> _Segment:
        known = self._segments.pop(segment, None) or self._look(segment)
        self._segments[segment] = known
        if len(self._segments) > SEGMENTS_KEPT:  # the one that was not asked for longest; it is looked at again
            del self._segments[next(iter(self._segments))]
        return known

    def _look(self, segment: int) -> _Segment:
        found, path = _Segment(), segment_path(self._home, segment)
        promised, end = self._promised.get(segment, 0), 0
        for place in places(path) if path.exists() else ():
            end = place.start + place.length
            if isinstance(place, FramePosition) and place.kind == b"V":
                found.voided |= set(read_voids(read_frame(path, place)))
                continue
            found.add(place)
        _without_cut_tail(found, path, promised)
        if end < promised:
            found.add(FrameGap(end, promised - end))
        return found


def _without_cut_tail(found: _Segment, path: Path, promised: int) -> None:
    """A last frame that a power cut left unwritten was never sent: it is no damage, unless a checkpoint counts it."""
    place = None if found.last is None else found.places[found.last]
    if isinstance(place, FramePosition) and place.start >= promised and read_entries(read_frame(path, place)) is None:
        found.last = found.before[place.start]


def _damage(path: Path, start: int, length: int) -> str:
    return f"{path.name}: {length:,} bytes at {start:,} are damaged; what they held cannot be undone"
