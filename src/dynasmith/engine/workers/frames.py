"""The one format of what a worker and its keeper say to each other: 4 bytes of length, most significant first, and as
many bytes. What a frame holds is decoded into closed types of messages; nothing of it is ever unpickled."""

import asyncio
from typing import Protocol

from dynasmith.errors import RunError

FRAME_BYTES_MAX = 256 * 1024 * 1024
"""A longer frame is rubbish: a page is 1 MB of items, which a transform may multiply."""

HEAD_BYTES = 4


class Pipe(Protocol):
    """What frames are read from."""

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes; fewer at the end."""
        ...


class Sender(Protocol):
    """What frames are sent over."""

    def sendall(self, data: bytes, /) -> None:
        """Send all of it. Raises OSError."""
        ...


class FrameTooLong(Exception):
    """The length of a frame is above ``FRAME_BYTES_MAX``: the other side does not speak this format."""


def framed(body: bytes) -> bytes:
    """The length of a frame, as it is sent before its bytes. Raises RunError for one that is too long."""
    if len(body) > FRAME_BYTES_MAX:
        raise RunError(
            f"A message of {len(body):,} bytes is too long for another process.", hint="use a smaller --batch-size"
        )
    return len(body).to_bytes(HEAD_BYTES, "big")


def size_of(head: bytes, most: int = FRAME_BYTES_MAX) -> int:
    """The length that the head of a frame says. Raises FrameTooLong where it is above ``most``."""
    size = int.from_bytes(head, "big")
    if size > most:
        raise FrameTooLong(f"a frame of {size:,} bytes")
    return size


def read_frame(pipe: Pipe, most: int = FRAME_BYTES_MAX) -> bytes | None:
    """The next frame; None where the other side has gone, also in the middle of one. Raises FrameTooLong."""
    head = pipe.read(HEAD_BYTES)
    if len(head) < HEAD_BYTES:
        return None
    size = size_of(head, most)
    body = pipe.read(size)
    return body if len(body) == size else None


def send_frame(connection: Sender, body: bytes) -> None:
    """Send one frame whole. Raises OSError where nobody listens any more."""
    connection.sendall(framed(body))
    connection.sendall(body)


async def receive_frame(reader: asyncio.StreamReader, most: int = FRAME_BYTES_MAX) -> bytes:
    """The next frame on a loop. Raises IncompleteReadError at the end, OSError, FrameTooLong."""
    return await reader.readexactly(size_of(await reader.readexactly(HEAD_BYTES), most))
