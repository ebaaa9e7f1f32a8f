"""One HTTP/1.1 reply, read from bytes as they come; knows no socket (RFC 9112).

Everything that comes from the wire is bounded and parsed by the grammar of the RFC: a size is digits and nothing else,
a head ends within 64 KiB, and each piece of a body takes the reader further or ends it. What does not fit raises
BrokenReply, and then the connection cannot be used again, because nobody knows where its next reply begins.
"""

import re
from collections.abc import Mapping
from enum import Enum
from typing import Final

from dynasmith.aws.data.exchange import BODY_BYTES_MAX, BrokenReply

HEAD_BYTES_MAX: Final = 64 * 1024
"""Bytes of a status line and its headers, of all interim replies, or of the trailers of a chunked body."""
INTERIM_MAX: Final = 8
"""Interim replies (100 Continue, 103) before the one that counts; the service sends none."""
CHUNK_HEAD_BYTES_MAX: Final = 1024

_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [^\r\n\0]*)?")
_HEADERS = re.compile(rb"(?:\r\n[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[^\r\n\0]*)*")
_LENGTH = re.compile(r"[0-9]{1,15}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,12})[ \t]*(?:;[^\r\n\0]*)?")
_ONCE = frozenset({"content-length", "transfer-encoding", "content-encoding", "x-amz-crc32", "x-amzn-requestid"})


class _Part(Enum):
    HEAD = 1
    SIZED = 2
    CHUNKS = 3
    TRAILERS = 4
    UNTIL_END = 5
    DONE = 6


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
        self._part = _Part.HEAD
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
        if self._part is _Part.HEAD:
            found = self._read_head(data)
            if found is None:
                return False
            data = found
        if self._part is _Part.SIZED or self._part is _Part.UNTIL_END:
            self._keep(data)
            return self._part is _Part.SIZED and self._sized()
        return self._read_chunks(data)

    def end(self) -> bool:
        """The other side sends no more; whether the reply is whole by that."""
        return self._part is _Part.UNTIL_END

    # --- the head -----------------------------------------------------------------------------------------------------

    def _read_head(self, data: bytes) -> bytes | None:
        """What follows the head of the reply that counts; None while there is more to come."""
        self._buffer += data
        while True:
            end = self._buffer.find(b"\r\n\r\n")
            if end > HEAD_BYTES_MAX or (end < 0 and len(self._buffer) > HEAD_BYTES_MAX):
                raise BrokenReply(f"the headers of a reply do not end within {HEAD_BYTES_MAX} bytes")
            if end < 0:
                return None
            head, rest = self._buffer[:end], self._buffer[end + 4 :]
            self._buffer = b""
            self._parse_head(head)
            if self.status >= 200:
                return rest
            self._interim += 1
            if self._interim > INTERIM_MAX or self.status == 101:
                raise BrokenReply(f"{self._interim} interim replies came (HTTP {self.status}), and no reply")
            self._buffer = rest

    def _parse_head(self, head: bytes) -> None:
        line = _STATUS.match(head)
        if line is None or _HEADERS.fullmatch(head, line.end()) is None:
            raise BrokenReply("the endpoint did not answer with HTTP")
        self.status = int(line[2])
        pairs = [each.partition(":") for each in head[line.end() + 2 :].decode("latin-1").split("\r\n")]
        headers = self.headers = {name.lower(): value.strip(" \t") for name, _, value in pairs}
        if len(headers) < len(pairs):
            self._check_once([name.lower() for name, _, _ in pairs])
        if self.status < 200:
            return
        self._choose_part(headers)
        if line[1] == b"0" or "close" in headers.get("connection", "").lower():
            self.reusable = False

    def _check_once(self, names: list[str]) -> None:
        twice = [name for name in _ONCE if names.count(name) > 1]
        if twice:
            raise BrokenReply(f"a reply has the header {twice[0]} more than once")

    def _choose_part(self, headers: Mapping[str, str]) -> None:
        length, coding = headers.get("content-length"), headers.get("transfer-encoding")
        if self.status in (204, 304):
            self._part, self._need = _Part.SIZED, 0
        elif coding is not None:
            if coding.lower() != "chunked" or length is not None:
                raise BrokenReply(
                    f"a reply has the Transfer-Encoding {coding[:40]!r} and the Content-Length {length!r}"
                )
            self._part = _Part.CHUNKS
        elif length is not None:
            if not _LENGTH.fullmatch(length) or int(length) > BODY_BYTES_MAX:
                raise BrokenReply(f"a reply has the Content-Length {length[:40]!r}")
            self._part, self._need = _Part.SIZED, int(length)
        else:
            self._part, self.reusable = _Part.UNTIL_END, False

    # --- the body -----------------------------------------------------------------------------------------------------

    def _keep(self, data: bytes) -> None:
        if data:
            self._parts.append(data)
            self._size += len(data)
            if self._size > BODY_BYTES_MAX:
                raise BrokenReply(f"a reply is longer than {BODY_BYTES_MAX} bytes")

    def _sized(self) -> bool:
        if self._size > self._need:
            raise BrokenReply("bytes came after the end of a reply")
        if self._size < self._need:
            return False
        self._part = _Part.DONE
        return True

    def _read_chunks(self, data: bytes) -> bool:
        """Take chunks off the buffer as long as they are whole; what is left of it waits for more bytes."""
        if self._part is _Part.DONE:
            raise BrokenReply("bytes came after the end of a reply")
        buffer, at = self._chunks, 0
        buffer += data
        while self._part is _Part.CHUNKS:
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
        return self._part is _Part.TRAILERS and self._read_trailers()

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
            self._part = _Part.TRAILERS
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
        self._part = _Part.DONE
        buffer.clear()
        return True
