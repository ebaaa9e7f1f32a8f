"""A journal that is read back, newest frame first, each segment's file on its own."""

from dataclasses import dataclass, field
from pathlib import Path

from dynasmith.files.journal.folder import read_head, segment_path
from dynasmith.files.journal.frame import Gap, Place, places, read_frame
from dynasmith.jobs.journal import JournalHead, read_entries, read_voids
from dynasmith.ports.journal import Frame

SEGMENTS_KEPT = 32
"""Segments whose frames are known at a time: more than an undo has under way."""


@dataclass(slots=True)
class _Segment:
    """The frames of one file, by their heads: some 50 bytes of memory each, a frame for 25 items."""

    places: dict[int, Place | Gap] = field(default_factory=dict)
    before: dict[int, int | None] = field(default_factory=dict)
    voided: set[tuple[int, int]] = field(default_factory=set)
    last: int | None = None


class KeptFolder:
    """The journal in a folder. Raises RunError where there is none."""

    def __init__(self, home: Path) -> None:
        self.head: JournalHead = read_head(home)
        self._home = home
        self._segments: dict[int, _Segment] = {}

    def last(self, segment: int) -> int | None:
        """The place of the segment's last frame."""
        return self._segment(segment).last

    def read(self, segment: int, frame: int) -> Frame:
        """One frame. A damaged one has no entries, and says so."""
        known = self._segment(segment)
        place, before = known.places[frame], known.before[frame]
        path = segment_path(self._home, segment)
        if isinstance(place, Gap):
            found = Frame(entries=(), before=before, damage=_damage(path, place.start, place.length))
        else:
            entries = read_entries(read_frame(path, place))
            kept = [entry for number, entry in enumerate(entries or ()) if (frame, number) not in known.voided]
            damage = "" if entries is not None else _damage(path, place.start, place.length)
            found = Frame(entries=kept, before=before, damage=damage)
        return found

    def _segment(self, segment: int) -> _Segment:
        known = self._segments.pop(segment, None) or self._look(segment)
        self._segments[segment] = known
        if len(self._segments) > SEGMENTS_KEPT:  # the one that was not asked for longest; it is looked at again
            del self._segments[next(iter(self._segments))]
        return known

    def _look(self, segment: int) -> _Segment:
        found, path = _Segment(), segment_path(self._home, segment)
        if not path.exists():
            return found
        for place in places(path):
            if isinstance(place, Place) and place.kind == b"V":
                found.voided |= set(read_voids(read_frame(path, place)))
                continue
            found.places[place.start] = place
            found.before[place.start] = found.last
            found.last = place.start
        _without_cut_tail(found, path)
        return found


def _without_cut_tail(found: _Segment, path: Path) -> None:
    """A last frame that a power cut left unwritten was never sent: it is no damage."""
    place = None if found.last is None else found.places[found.last]
    if isinstance(place, Place) and read_entries(read_frame(path, place)) is None:
        found.last = found.before[place.start]


def _damage(path: Path, start: int, length: int) -> str:
    return f"{path.name}: {length:,} bytes at {start:,} are damaged; what they held cannot be undone"
