"""Shard iterators: opaque to clients, readable here, so that nothing must be remembered of them."""

import base64
import binascii
from typing import Final

import msgspec

ITERATOR_SECONDS: Final = 15 * 60.0
"""API reference, GetShardIterator: "A shard iterator expires 15 minutes after it is returned to the requester"."""


class IteratorPosition(msgspec.Struct, frozen=True):
    """A place in a shard: the record of number ``at``, or the next one. ``reader`` is the process that reads,
    ``reads_on`` whether it is the iterator of an answer of GetRecords; ``issued_at`` is stream time."""

    shard: str
    at: int
    issued_at: float
    reader: str
    reads_on: bool = False
    stream: str = ""

    def text(self) -> str:
        """The iterator. It begins with the ARN of its stream, as the service's does."""
        plain = msgspec.structs.replace(self, stream="")
        return f"{self.stream}|1|{base64.b64encode(msgspec.json.encode(plain)).decode()}"


def read_position(text: str) -> IteratorPosition | None:
    """The place of an iterator; None for a text that is none."""
    stream, _, rest = text.partition("|1|")
    try:
        found = msgspec.json.decode(base64.b64decode(rest, validate=True), type=IteratorPosition)
    except (binascii.Error, msgspec.MsgspecError):
        return None
    return msgspec.structs.replace(found, stream=stream)
