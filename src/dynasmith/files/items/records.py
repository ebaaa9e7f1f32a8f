"""Cut a stream of JSON into pieces: lines, or the elements of an array. A piece is bytes with the line it is on.

Every framing says where it stands (``at``: plain bytes from the start, ``line``: lines before it), so that a job goes
on from there after a kill.
"""

from typing import Protocol

from dynasmith.files.items.streams import ItemStream
from dynasmith.files.items.text_lines import CHUNK_BYTES, text_lines

Piece = tuple[int, bytes]


class Framing(Protocol):
    """Cuts pieces; ``take`` gives up to ``count`` of them or about ``size`` bytes, an empty list at the end.

    ``ended`` is True as soon as it is known that nothing follows, and ``consumed`` is then how many bytes were read.
    ``missing`` says, at the end, why the file does not hold all items; empty where nothing says so. ``counted`` is the
    number of items that the file itself says it holds, if it does.
    """

    at: int
    line: int
    ended: bool
    missing: str
    counted: int | None

    @property
    def consumed(self) -> int:
        """Plain bytes that were read."""
        ...

    def take(self, count: int, size: int) -> list[Piece]:
        """Up to ``count`` records and about ``size`` bytes of them."""
        ...


class Lines:
    """One piece a line, whichever of ``\\n``, ``\\r\\n`` and ``\\r`` ends it; empty lines are passed over."""

    missing = ""
    counted: int | None = None

    def __init__(self, opened: ItemStream, at: int, line: int, *, chunk_bytes: int = CHUNK_BYTES) -> None:
        self._lines = text_lines(opened, chunk_bytes)
        self.at, self.line = at, line
        self.ended = False

    @property
    def consumed(self) -> int:
        """Where it stands."""
        return self.at

    def take(self, count: int, size: int) -> list[Piece]:
        """Read some lines."""
        pieces: list[Piece] = []
        taken, line = 0, self.line
        for chunk in self._lines:
            taken += len(chunk)
            line += 1
            stripped = chunk.strip()
            if stripped:
                pieces.append((line, stripped))
                if len(pieces) >= count or taken >= size:
                    break
        else:
            self.ended = True
        self.at += taken
        self.line = line
        return pieces
