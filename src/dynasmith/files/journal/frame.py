"""Frames of a journal in a file, found by their heads. What a frame is: ``dynasmith.jobs.journal``.

A file may end in the middle of a frame: the process was killed while it wrote, and what the frame speaks of was never
sent. Anything else that cannot be read is damage, and the next frame is found by its first four bytes.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from dynasmith.jobs.journal import HEAD_BYTES, MAGIC, PAYLOAD_BYTES_MAX, frame_content, frame_length


class FramePosition(NamedTuple):
    """Where a frame stands in its file. ``length`` counts its head too."""

    start: int
    length: int
    kind: bytes


def read_frame(path: Path, place: FramePosition) -> bytes:
    """The bytes of one frame."""
    with path.open("rb") as file:
        file.seek(place.start)
        return file.read(place.length)


class FrameGap(NamedTuple):
    """Bytes between two frames that are no frame: damage."""

    start: int
    length: int


def places(path: Path, start: int = 0) -> Iterator[FramePosition | FrameGap]:
    """The frames of a file from ``start`` on, by their heads; a cut tail is left out. Reads 17 bytes a frame."""
    size = path.stat().st_size
    with path.open("rb") as file:
        at = start
        while at + HEAD_BYTES <= size:
            file.seek(at)
            head = file.read(HEAD_BYTES)
            length = frame_length(head)
            if head[:4] == MAGIC and length <= HEAD_BYTES + PAYLOAD_BYTES_MAX and at + length <= size:
                yield FramePosition(at, length, head[4:5])
                at += length
                continue
            following = _next_magic(path, at + 1)
            if following is None:
                return
            yield FrameGap(at, following - at)
            at = following


def _next_magic(path: Path, start: int) -> int | None:
    """Where the next frame that is whole begins; None where only a tail is left."""
    with path.open("rb") as file:
        file.seek(start)
        rest = file.read()
    found = rest.find(MAGIC)
    while found >= 0:
        length = frame_length(rest[found : found + HEAD_BYTES])
        if frame_content(rest[found : found + length]) is not None:
            return start + found
        found = rest.find(MAGIC, found + 1)
    return None
