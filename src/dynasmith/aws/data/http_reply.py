"""One HTTP/1.1 reply, read from bytes as they come; knows no socket (RFC 9112).

Everything that comes from the wire is bounded and parsed by the grammar of the RFC: a size is digits and nothing else,
a head ends within 64 KiB, and each piece of a body takes the reader further or ends it. What does not fit raises
BrokenReply, and then the connection cannot be used again, because nobody knows where its next reply begins.
"""

import re
from collections.abc import Mapping
from typing import Final

from dynasmith.aws.data.exchange import BODY_BYTES_MAX, BrokenReply, is_count

HEAD_BYTES_MAX: Final = 64 * 1024
"""Bytes of a status line and its headers, of all interim replies, or of the trailers of a chunked body."""
INTERIM_MAX: Final = 8
"""Interim replies (100 Continue, 103) before the one that counts; the service sends none."""
CHUNK_HEAD_BYTES_MAX: Final = 1024

_STATUS = re.compile(r"HTTP/1\.([01]) ([1-9][0-9]{2})(?: .*)?")
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_NAMES_MAX: Final = 256
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,12})[ \t]*(?:;[^\r\n\0]*)?")
_ONCE = frozenset({"content-length", "transfer-encoding", "content-encoding", "x-amz-crc32", "x-amzn-requestid"})


_HEAD, _SIZED, _CHUNKS, _TRAILERS, _UNTIL_END, _DONE = range(6)
"""What is read next. Numbers: a member of an Enum costs 0.15 us each time that it is looked up (Python 3.11)."""

_names: dict[str, str] = {}
"""Names of headers as they came, with their colon, and in lower case: a service sends the same few in every reply."""


class ReplyReader:
    """Reads one reply. ``status``, ``headers`` (lower case names) and ``body`` are whole once ``feed`` or ``end`` says.

    ``reusable`` says whether the connection may carry another request, ``begun`` whether anything came at all.
    """

    __slots__ = (
        "_buffer",
        "_chunks",
        "_interim",
        "_need",
        "_part",
        "_parts",
        "_size",
        "begun",
        "headers",
        "reusable",
        "status",
    )

    def __init__(self) -> None:
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self.begun = False
        self.reusable = True
        self._part = _HEAD
        self._buffer = b""
        self._chunks = bytearray()
        self._parts: list[bytes] = []
        self._size = self._need = self._interim = 0

    @property
    def body(self) -> bytes:
        """The body as it was sent, perhaps compressed. Its pieces are let go: a page is not kept twice."""
        if len(self._parts) != 1:
            self._parts = [b"".join(self._parts)]
        return self._parts[0]

    def feed(self, data: bytes) -> bool:
        """Take some bytes; whether the reply is whole. Raises BrokenReply, also for bytes beyond its end."""
        self.begun = True
        if self._part == _HEAD:
            found = self._read_head(data)
            if found is None:
                return False
            data = found
        if self._part == _SIZED:
            if data:
                self._keep(data)
            return self._size >= self._need and self._sized()
        if self._part == _UNTIL_END:
            self._keep(data)
            return False
        return self._read_chunks(data)

    def end(self) -> bool:
        """The other side sends no more; whether the reply is whole by that."""
        return self._part == _UNTIL_END

    # --- the head -----------------------------------------------------------------------------------------------------

    def _read_head(self, data: bytes) -> bytes | None:
        """What follows the head of the reply that counts; None while there is more to come."""
        if self._buffer:
            data = self._buffer + data
        while True:
            end = data.find(b"\r\n\r\n")
            if end > HEAD_BYTES_MAX or (end < 0 and len(data) > HEAD_BYTES_MAX):
                raise BrokenReply(f"the headers of a reply do not end within {HEAD_BYTES_MAX} bytes")
            if end < 0:
                self._buffer = data
                return None
            self._parse_head(data[:end])
            data = data[end + 4 :]
            if self.status >= 200:
                self._buffer = b""
                return data
            self._interim += 1
            if self._interim > INTERIM_MAX or self.status == 101:
                raise BrokenReply(f"{self._interim} interim replies came (HTTP {self.status}), and no reply")

    def _parse_head(self, head: bytes) -> None:
        lines = head.decode("latin-1").split("\r\n")
        line = _STATUS.fullmatch(lines[0])
        if line is None or len(head.splitlines()) != len(lines) or b"\0" in head:  # a CR or LF that ends no line
            raise BrokenReply("the endpoint did not answer with HTTP")
        self.status = int(line[2])
        headers: dict[str, str] = {}
        del lines[0]
        for each in lines:
            name, colon, value = each.partition(":")
            headers[_names.get(name + colon) or _lower(name, colon)] = value.strip(" \t")
        self.headers = headers
        if len(headers) < len(lines):
            self._check_once([each.partition(":")[0].lower() for each in lines])
        if self.status < 200:
            return
        self._choose_part(headers)
        if line[1] == "0" or "close" in headers.get("connection", "").lower():
            self.reusable = False

    def _check_once(self, names: list[str]) -> None:
        twice = [name for name in _ONCE if names.count(name) > 1]
        if twice:
            raise BrokenReply(f"a reply has the header {twice[0]} more than once")

    def _choose_part(self, headers: Mapping[str, str]) -> None:
        length, coding = headers.get("content-length"), headers.get("transfer-encoding")
        if self.status in (204, 304):
            self._part, self._need = _SIZED, 0
        elif coding is not None:
            if coding.lower() != "chunked" or length is not None:
                raise BrokenReply(
                    f"a reply has the Transfer-Encoding {coding[:40]!r} and the Content-Length {length!r}"
                )
            self._part = _CHUNKS
        elif length is not None:
            if not is_count(length) or int(length) > BODY_BYTES_MAX:
                raise BrokenReply(f"a reply has the Content-Length {length[:40]!r}")
            self._part, self._need = _SIZED, int(length)
        else:
            self._part, self.reusable = _UNTIL_END, False

    # --- the body -----------------------------------------------------------------------------------------------------

    def _keep(self, data: bytes) -> None:
        self._parts.append(data)
        self._size += len(data)
        if self._size > BODY_BYTES_MAX:
            raise BrokenReply(f"a reply is longer than {BODY_BYTES_MAX} bytes")

    def _sized(self) -> bool:
        if self._size > self._need:
            raise BrokenReply("bytes came after the end of a reply")
        self._part = _DONE
        return True

    def _read_chunks(self, data: bytes) -> bool:
        """Take chunks off the buffer as long as they are whole; what is left of it waits for more bytes."""
        if self._part == _DONE:
            raise BrokenReply("bytes came after the end of a reply")
        buffer, at = self._chunks, 0
        buffer += data
        while self._part == _CHUNKS:
            if self._need == 0:
                begin = self._chunk_begin(buffer, at)
                if begin is None:
                    break
                at = begin
            elif len(buffer) - at < self._need + 2:
                break
            else:
                end = at + self._need
                if buffer[end : end + 2] != b"\r\n":
                    raise BrokenReply("a chunk of a reply is longer than its size")
                self._keep(bytes(buffer[at:end]))
                at, self._need = end + 2, 0
        del buffer[:at]
        return self._part == _TRAILERS and self._read_trailers()

    def _chunk_begin(self, buffer: bytearray, at: int) -> int | None:
        """Where the content of the chunk begins whose size is at ``at``; None while its line is not whole."""
        end = buffer.find(b"\r\n", at, at + CHUNK_HEAD_BYTES_MAX)
        if end < 0:
            if len(buffer) - at >= CHUNK_HEAD_BYTES_MAX:
                raise BrokenReply("a reply has a chunk whose size does not end")
            return None
        size = _CHUNK.fullmatch(buffer, at, end)
        if size is None or int(size[1], 16) + self._size > BODY_BYTES_MAX:
            raise BrokenReply(f"a reply has a chunk of the size {buffer[at:end][:40].decode('latin-1')!r}")
        self._need = int(size[1], 16)
        if self._need == 0:
            self._part = _TRAILERS
        return end + 2

    def _read_trailers(self) -> bool:
        buffer = self._chunks
        if buffer[:2] == b"\r\n":
            rest = buffer[2:]
        else:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                if len(buffer) > HEAD_BYTES_MAX:
                    raise BrokenReply(f"the trailers of a reply do not end within {HEAD_BYTES_MAX} bytes")
                return False
            rest = buffer[end + 4 :]
        if rest:
            raise BrokenReply("bytes came after the end of a reply")
        self._part = _DONE
        buffer.clear()
        return True


def _lower(name: str, colon: str) -> str:
    """The name of a header in lower case. Raises BrokenReply where it is not one, or no colon follows."""
    if not colon or not _NAME.fullmatch(name):
        raise BrokenReply("the endpoint did not answer with HTTP")
    if len(_names) < _NAMES_MAX:
        _names[name + colon] = name.lower()
    return name.lower()
