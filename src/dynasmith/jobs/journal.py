"""The undo journal as bytes, wherever it is kept: its head, and its frames, each readable alone and checked alone.

::

    4 bytes  dsj1           1 byte  E entries, V voids
    4 bytes  length of what follows the checksum, big-endian
    8 bytes  BLAKE2b of kind, length and payload
    n bytes  payload: zstd of a JSON array
"""

from hashlib import blake2b
from typing import Final, Literal, TypeAlias

import msgspec
import zstandard
from msgspec import Struct

from dynasmith.errors import CheckpointError

FORMAT: Final = 1
MAGIC: Final = b"dsj1"
HEAD_BYTES: Final = 17
PAYLOAD_BYTES_MAX: Final = 512 * 1024 * 1024
"""No frame of ours is near this: a length beyond it is damage."""
_LEVEL = 1
Kind: TypeAlias = Literal[b"E", b"V"]

_Entries: TypeAlias = list[msgspec.Raw]
_entries = msgspec.json.Decoder(_Entries).decode
_voids = msgspec.json.Decoder(list[tuple[int, int]]).decode


class JournalHead(Struct, frozen=True, kw_only=True):
    """What a journal is of. ``where`` is the endpoint and Region of the table."""

    format: int = FORMAT
    job: str
    table: str
    where: str
    segments: int


def decode_head(written: bytes, place: str) -> JournalHead:
    """The head in these bytes. Raises CheckpointError where they are damaged, or of a newer version."""
    try:
        head = msgspec.json.decode(written, type=JournalHead)
    except msgspec.DecodeError as error:
        raise CheckpointError(f"{place} is damaged: {error}.") from error
    if head.format > FORMAT:
        raise CheckpointError(
            f"The journal {place} has version {head.format}, this is version {FORMAT}.",
            hint="undo it with the dynasmith that wrote it",
        )
    return head


def entries_frame(changes: list[bytes]) -> bytes:
    """A frame of entries, each already JSON. About 100 us for 25 items of 1 KB."""
    return _frame(b"E", b"[%b]" % b",".join(changes))


def voids_frame(ids: list[tuple[int, int]]) -> bytes:
    """A frame that says which entries were surely not written."""
    return _frame(b"V", msgspec.json.encode(ids))


def _frame(kind: bytes, content: bytes) -> bytes:
    payload = zstandard.ZstdCompressor(level=_LEVEL).compress(content)
    length = len(payload).to_bytes(4, "big")
    return MAGIC + kind + length + _checksum(kind + length, payload) + payload


def _checksum(head: bytes, payload: bytes) -> bytes:
    return blake2b(head + payload, digest_size=8).digest()


def read_entries(frame: bytes) -> list[bytes] | None:
    """The entries of a whole frame; None where it is damaged."""
    content = frame_content(frame)
    try:
        return None if content is None else [bytes(entry) for entry in _entries(content)]
    except msgspec.DecodeError:
        return None


def read_voids(frame: bytes) -> list[tuple[int, int]]:
    """The voids of a whole frame; none where it is damaged."""
    content = frame_content(frame)
    try:
        return [] if content is None else _voids(content)
    except msgspec.DecodeError:
        return []


def frame_content(frame: bytes) -> bytes | None:
    """What a frame holds; None where it is damaged."""
    head, checksum, payload = frame[4:9], frame[9:17], frame[HEAD_BYTES:]
    if frame[:4] != MAGIC or _checksum(head, payload) != checksum:
        return None
    try:
        return zstandard.ZstdDecompressor().decompress(payload)
    except zstandard.ZstdError:
        return None


def frame_length(head: bytes) -> int:
    """The length of a frame, head included, as its head says."""
    return HEAD_BYTES + int.from_bytes(head[5:9], "big")
