"""How a guarded process and its parent speak: frames of a length, a kind and bytes. Values that come *from* the process
are never unpickled: user code has run in it."""

from typing import IO, NamedTuple

from msgspec import Struct

DONE = b"d"
FAILED = b"f"
FRAME_BYTES_MAX = 1 << 30
_HEAD_BYTES = 9


class PipeFrame(NamedTuple):
    """One message. ``kind`` is one byte."""

    kind: bytes
    body: bytes


class GuardedFailure(Struct, frozen=True, kw_only=True):
    """What went wrong in the process: an error of ours where ``exit`` is not 0, else anything that was raised."""

    message: str
    hint: str = ""
    exit: int = 0


def write_frame(pipe: IO[bytes], kind: bytes, body: bytes) -> None:
    """Send one frame whole. Raises OSError where nobody listens any more."""
    pipe.write(kind + len(body).to_bytes(8, "big") + body)
    pipe.flush()


def read_frame(pipe: IO[bytes]) -> PipeFrame | None:
    """The next frame; None where the other side has gone, also in the middle of one."""
    head = pipe.read(_HEAD_BYTES)
    if len(head) < _HEAD_BYTES:
        return None
    size = int.from_bytes(head[1:], "big")
    if size > FRAME_BYTES_MAX:
        return None
    body = pipe.read(size)
    return PipeFrame(head[:1], body) if len(body) == size else None
