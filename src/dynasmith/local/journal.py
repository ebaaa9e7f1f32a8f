"""The journal of calls since the last save: appended to after each write, read again after an unclean stop.

A frame is its length and CRC-32 (four bytes each, big-endian) and one call in MessagePack. What follows a cut or
damaged frame is not read: a process that was killed while it wrote had not answered that call.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import msgspec
from msgspec import Struct

_HEAD = struct.Struct(">II")


class RecordedCall(Struct, frozen=True, array_like=True):
    """One HTTP request as it reached the engine: enough to make it again.

    ``table_id`` is the id that the engine gave to a table that the call made: it has it again when that is repeated.
    """

    path: str
    query: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    table_id: str = ""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(RecordedCall)


class CallLog:
    """An open journal file. ``append`` returns once the system has the bytes: they survive the end of the process.

    They do not survive the end of the machine: nothing is flushed to the disk call by call.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600)
        self.size_bytes = os.fstat(self._file).st_size

    def append(self, call: RecordedCall) -> None:
        """Write one call. Raises OSError when it cannot be (a full disk); the journal is then as it was before."""
        payload = _encoder.encode(call)
        frame = _HEAD.pack(len(payload), zlib.crc32(payload)) + payload
        written = 0
        try:
            while written < len(frame):
                written += os.write(self._file, frame[written:])
        except OSError:
            os.ftruncate(self._file, self.size_bytes)
            raise
        self.size_bytes += len(frame)

    def close(self) -> None:
        """Close the file; calling it twice is allowed."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read(path: Path) -> Iterator[RecordedCall]:
    """The calls of a journal in the order in which they were made, up to the first frame that is cut or damaged."""
    with path.open("rb") as file:
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            length, checksum = _HEAD.unpack(head)
            payload = file.read(length)
            if len(payload) < length or zlib.crc32(payload) != checksum:
                return
            yield _decoder.decode(payload)
