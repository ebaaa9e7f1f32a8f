"""The elements of a JSON array, or of the array ``Items`` in what a scan or a query printed."""

import re
from typing import Final

import msgspec

from dynasmith.errors import FileFormatError, ItemInvalid
from dynasmith.files.items.records import Piece
from dynasmith.files.items.streams import ItemStream, translated
from dynasmith.files.items.text_lines import CHUNK_BYTES, check_length
from dynasmith.items.repeated_members import check_members

LISTING_NAMES: Final = frozenset(
    ("Items", "Count", "ScannedCount", "LastEvaluatedKey", "NextToken", "ConsumedCapacity", "ResponseMetadata")
)
"""The members of a listing: the output of Scan, Query and ExecuteStatement (API reference), and ``NextToken``, which
the AWS CLI adds where ``--max-items`` cut it."""
HEAD_BYTES_MAX: Final = 1024 * 1024
"""What may stand before the array of a listing."""
_REST_BYTES_MAX: Final = 1024 * 1024
"""What may stand behind the array of a listing: a LastEvaluatedKey is 3 KB at most."""

# A quote that begins no whole string (the last alternative) is one whose end was not read yet.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\],]|"', re.DOTALL)
_SPACE = b" \t\r\n"
_ARRAY = re.compile(rb"\s*\[")
_OBJECT = re.compile(rb"\s*\{")
_VALUE_IS_ARRAY = re.compile(rb"\s*:\s*\[")
_HINT = '[...] or {"Items": [...]}'


class ListingHead(msgspec.Struct, frozen=True):
    """What stands before the first element: the length up to and with the array's bracket, and the names passed."""

    length: int
    names: tuple[str, ...] = ()


def listing_head(text: bytes, *, array: bool = True) -> ListingHead | None:
    """Where the array begins: at once (with ``array``), or as the member ``Items`` of an object; None where more text
    is needed. Raises ValueError where there is no such array."""
    if array and (found := _ARRAY.match(text)):
        return ListingHead(found.end())
    begun = _OBJECT.match(text)
    if begun is None:
        if text.strip(_SPACE):
            raise ValueError
        return None
    depth, key_next = 1, True
    names: list[str] = []
    for token in _TOKEN.finditer(text, begun.end()):
        mark = token[0]
        if mark == b'"':
            return None
        if mark[:1] == b'"':
            if depth == 1 and key_next:
                key_next = False
                names.append(_name(mark))
                if names[-1] == "Items":
                    if found := _VALUE_IS_ARRAY.match(text, token.end()):
                        return ListingHead(found.end(), tuple(names))
                    if text[token.end() :].strip(_SPACE + b":") == b"":
                        return None
        elif mark == b",":
            key_next = key_next or depth == 1
        else:
            depth += 1 if mark in (b"{", b"[") else -1
            if depth == 0:
                raise ValueError
    return None


def _name(token: bytes) -> str:
    try:
        return msgspec.json.decode(token, type=str)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError from error


class Elements:
    """The elements of a JSON array, cut by its strings and brackets; each element must still be parsed.

    ``opened`` stands at ``begin``, the start of the text. With ``at`` and ``line`` it goes on from there. A
    ``FileFormatError`` is raised where the file ends inside the array, or where anything else stands behind it.
    """

    def __init__(
        self, opened: ItemStream, begin: int, at: int = 0, line: int = 0, *, chunk_bytes: int = CHUNK_BYTES
    ) -> None:
        self._opened = opened
        self._chunk_bytes = chunk_bytes
        self.at, self.line = begin, 0
        self._buffer = b""
        self._used = 0  # bytes of the buffer that were cut already
        self.ended = False
        self.consumed = begin
        self.missing = ""
        self.counted: int | None = None
        self._head = self._enter()
        if at > self.at:
            self._go_to(at, line)

    def _enter(self) -> bytes:
        """Pass over everything up to the first element, and give it."""
        while True:
            try:
                found = listing_head(self._buffer)
            except ValueError as error:
                raise FileFormatError(f"{self._opened.path} has no array of items.", hint=_HINT) from error
            if found is not None:
                head = self._buffer[: found.length]
                self._pass(found.length)
                return head
            if len(self._buffer) > HEAD_BYTES_MAX or not self._more():
                raise FileFormatError(f"{self._opened.path} has no array of items.", hint=_HINT)

    def _go_to(self, at: int, line: int) -> None:
        ahead = at - self.at
        here = min(ahead, len(self._buffer) - self._used)
        self._pass(here)
        if ahead > here:
            self._opened.skip(ahead - here)
            self.at += ahead - here
        self.line = line

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
            check_length(self._opened.path, len(self._buffer) - self._used, self.line + 1)
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
        stripped = chunk.strip(_SPACE)
        if ended:
            self._leave()
        if not stripped and ended:
            return None
        return line, stripped

    def _leave(self) -> None:
        """Read what stands behind the array, to the file's end: nothing, or the rest of ``{"Items": [...], ...}``.

        Raises FileFormatError where anything else does: items in it would be left out in silence.
        """
        at = self.at
        rest = b""
        if not _ARRAY.match(self._head):
            rest = self._rest()
            self._check_listing(rest)
        if self._next():
            raise FileFormatError(
                f"{self._opened.path}:{self.line + 1}: more comes after the end of the array of items.",
                hint="a file holds one array, or an item a line; --format lines reads it line by line",
            )
        self.consumed = self.at
        self.at = at

    def _rest(self) -> bytes:
        """The text behind the array, to the end of the listing's object."""
        depth, place = 1, 0
        while True:
            for token in _TOKEN.finditer(self._buffer, self._used + place):
                mark = token[0]
                if mark == b'"':
                    break
                if mark[:1] != b'"' and mark != b",":
                    depth += 1 if mark in (b"{", b"[") else -1
                place = token.end() - self._used
                if depth == 0:
                    rest = self._buffer[self._used : self._used + place]
                    self._pass(place)
                    return rest
            if len(self._buffer) - self._used > _REST_BYTES_MAX or not self._more():
                raise FileFormatError(f"{self._opened.path} is cut: its JSON does not end.", hint="copy it again")

    def _check_listing(self, rest: bytes) -> None:
        """Read the other members of a listing: are they a listing's, and do they say that items are missing?"""
        try:
            around = self._head + b"]" + rest
            check_members(around)
            members = msgspec.json.decode(around, type=dict[str, msgspec.Raw])
        except ItemInvalid as error:
            raise FileFormatError(f"{self._opened.path}: {error.message}", hint="write one listing a file") from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise FileFormatError(
                f"{self._opened.path} is not JSON around its array of items ({error}).", hint=_HINT
            ) from error
        if others := sorted(set(members) - LISTING_NAMES):
            raise FileFormatError(
                f"{self._opened.path} is not a listing of items: beside Items it has {', '.join(others)[:80]}.",
                hint="write an item on one line, and --format lines",
            )
        for name in ("LastEvaluatedKey", "NextToken"):
            if bytes(members.get(name, b"null")) not in (b"null", b"{}", b'""'):
                self.missing = f"The listing has {name}: the table or index holds more items than the file."
                return
        # Where the AWS CLI began in the middle (--starting-token), its Count is too small, so only more is a fault.
        count = bytes(members.get("Count", b""))
        self.counted = int(count) if count.isdigit() and len(count) < 20 else None

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
            chunk = self._opened.stream.read1(self._chunk_bytes)
        self._buffer = self._buffer[self._used :] + chunk
        self._used = 0
        return bool(chunk)
