"""Cut a stream into pieces: lines, elements of a JSON array, lines of CSV. A piece is bytes with the line it is on.

Every framing says where it stands (``at``: plain bytes from the start, ``line``: lines before it), so that a job goes
on from there after a kill.
"""

import re
from typing import Protocol

from dynasmith.errors import FileFormatError
from dynasmith.files.items.opening import BUFFER_BYTES, Opened, translated

PIECE_BYTES_MAX = 32 * 1024 * 1024
"""The longest piece: an item of 400 KB, escaped as ``\\u0000`` throughout, is 2.4 MB."""

Piece = tuple[int, bytes]


class Framing(Protocol):
    """Cuts pieces; ``take`` gives up to ``count`` of them or about ``size`` bytes, an empty list at the end.

    ``ended`` is True as soon as it is known that nothing follows.
    """

    at: int
    line: int
    ended: bool

    def take(self, count: int, size: int) -> list[Piece]: ...


class Lines:
    """One piece a line; empty lines are passed over."""

    def __init__(self, opened: Opened, at: int, line: int) -> None:
        self._opened = opened
        self.at, self.line = at, line
        self.ended = False

    def take(self, count: int, size: int) -> list[Piece]:
        """Read some lines."""
        pieces: list[Piece] = []
        readline = self._opened.stream.readline
        taken = 0
        with translated(self._opened.path):
            while len(pieces) < count and (taken < size or not pieces):
                chunk = readline(PIECE_BYTES_MAX)
                if not chunk:
                    break
                if len(chunk) >= PIECE_BYTES_MAX:
                    raise _too_long(self._opened.path, self.line + 1)
                taken += len(chunk)
                self.line += 1
                stripped = chunk.strip()
                if stripped:
                    pieces.append((self.line, stripped))
        self.at += taken
        return pieces


class CsvLines:
    """One piece a line of CSV; a quoted line break does not end it."""

    def __init__(self, opened: Opened, at: int, line: int) -> None:
        self._opened = opened
        self.at, self.line = at, line
        self.ended = False

    def take(self, count: int, size: int) -> list[Piece]:
        """Read some pieces."""
        pieces: list[Piece] = []
        taken = 0
        while len(pieces) < count and (taken < size or not pieces):
            first = self.line + 1
            chunk = self._one()
            if not chunk:
                break
            taken += len(chunk)
            if chunk.strip():
                pieces.append((first, chunk))
        self.at += taken
        return pieces

    def _one(self) -> bytes:
        with translated(self._opened.path):
            chunk = self._opened.stream.readline(PIECE_BYTES_MAX)
            self.line += 1 if chunk else 0
            first = self.line
            while chunk.count(b'"') % 2:
                more = self._opened.stream.readline(PIECE_BYTES_MAX)
                if not more:
                    raise FileFormatError(
                        f"{self._opened.path}:{first}: a quoted value is not closed.",
                        hint="the file is cut, or not CSV",
                    )
                chunk += more
                self.line += 1
                if len(chunk) >= PIECE_BYTES_MAX:
                    raise _too_long(self._opened.path, first)
        return chunk


# A quote that begins no whole string (the last alternative) is one whose end was not read yet.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\],]|"', re.DOTALL)
_SPACE = b" \t\r\n"


class Elements:
    """The elements of a JSON array, cut by its strings and brackets; each element must still be parsed."""

    def __init__(self, opened: Opened, at: int, line: int, *, inside: bool) -> None:
        self._opened = opened
        self.at, self.line = at, line
        self._buffer = b""
        self._used = 0  # bytes of the buffer that were cut already
        self.ended = False
        if not inside:
            self._enter()

    def _enter(self) -> None:
        """Pass over everything up to the array: nothing, or the head of ``{"Items": [``."""
        while True:
            found = re.search(rb'^\s*\[|"Items"\s*:\s*\[', self._buffer)
            if found:
                self._pass(found.end())
                return
            if len(self._buffer) > PIECE_BYTES_MAX or not self._more():
                raise FileFormatError(f"{self._opened.path} has no array of items.", hint='[...] or {"Items": [...]}')

    def take(self, count: int, size: int) -> list[Piece]:
        """Cut some elements."""
        pieces: list[Piece] = []
        taken = 0
        while not self.ended and len(pieces) < count and (taken < size or not pieces):
            piece = self._one()
            if piece is None:
                break
            pieces.append(piece)
            taken += len(piece[1])
        return pieces

    def _one(self) -> Piece | None:
        depth, place = 0, 0  # place counts from what was cut already
        while True:
            for token in _TOKEN.finditer(self._buffer, self._used + place):
                mark = token[0]
                if mark == b'"':
                    break
                if mark in (b"{", b"["):
                    depth += 1
                elif depth == 0 and mark in (b",", b"]"):
                    return self._cut(token.start() - self._used, ended=mark == b"]")
                elif mark in (b"}", b"]"):
                    depth -= 1
                place = token.end() - self._used
            if len(self._buffer) - self._used > PIECE_BYTES_MAX:
                raise _too_long(self._opened.path, self.line + 1)
            if not self._more():
                raise FileFormatError(
                    f"{self._opened.path} is cut: its array of items does not end.", hint="copy the file again"
                )

    def _cut(self, length: int, *, ended: bool) -> Piece | None:
        chunk = self._buffer[self._used : self._used + length]
        lead = len(chunk) - len(chunk.lstrip(_SPACE))
        line = self.line + 1 + chunk[:lead].count(b"\n")
        self._pass(length + 1)
        self.ended = ended
        if ended:
            self._leave()
        stripped = chunk.strip(_SPACE)
        if not stripped and ended:
            return None
        return line, stripped

    def _leave(self) -> None:
        """Read what stands behind the array, to the file's end: nothing, or the rest of ``{"Items": [...], ...}``.

        Raises FileFormatError where anything else does: items in it would be left out in silence.
        """
        at, depth = self.at, 1 if self._next() in (b",", b"}") else 0
        while depth:
            token = _TOKEN.search(self._buffer, self._used)
            if token is None or token[0] == b'"':
                if len(self._buffer) - self._used > PIECE_BYTES_MAX or not self._more():
                    raise FileFormatError(f"{self._opened.path} is cut: its JSON does not end.", hint="copy it again")
                continue
            depth += (token[0] in (b"{", b"[")) - (token[0] in (b"}", b"]"))
            self._pass(token.end() - self._used)
        if self._next():
            raise FileFormatError(
                f"{self._opened.path}:{self.line + 1}: more comes after the end of the array of items.",
                hint="a file holds one array, or an item a line",
            )
        self.at = at

    def _next(self) -> bytes:
        """The next character that is no space; empty at the file's end."""
        while True:
            rest = self._buffer[self._used :].lstrip(_SPACE)
            if rest:
                self._pass(len(self._buffer) - self._used - len(rest))
                return rest[:1]
            self._pass(len(self._buffer) - self._used)
            if not self._more():
                return b""

    def _pass(self, count: int) -> None:
        self.line += self._buffer.count(b"\n", self._used, self._used + count)
        self.at += count
        self._used += count

    def _more(self) -> bool:
        with translated(self._opened.path):
            chunk = self._opened.stream.read1(BUFFER_BYTES // 4)
        self._buffer = self._buffer[self._used :] + chunk
        self._used = 0
        return bool(chunk)


def _too_long(path: str, line: int) -> FileFormatError:
    return FileFormatError(
        f"{path}:{line}: one piece is longer than {PIECE_BYTES_MAX // 2**20} MB.",
        hint="is it really one item a line? a JSON array begins with [",
    )
