"""``ctx``, the second argument of a transform: what it may depend on beside the item, so that running it again gives
the same bytes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any
from uuid import UUID

from dynasmith.items.key import Key, KeySchema, encode_key, key_of
from dynasmith.items.lazy import LazyItem
from dynasmith.items.number import number_text
from dynasmith.items.wire import encode_item


@dataclass(frozen=True, slots=True)
class Context:
    """What is fixed for a job: its id, its time, the key of the items that it reads."""

    #: When the job was made, with its time zone (UTC). A resumed run sees the same.
    now: datetime
    #: The id of the job.
    job: str
    #: The key of the source's items.
    key: KeySchema

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ValueError("now needs a time zone")

    def uuid(self, item: Mapping[str, Any], label: str = "") -> str:
        """An id, as text of a UUID, that depends on the job, the item's key and ``label`` alone.

        For an item that a transform was given, the key is the one it came with, also after the transform changed it.
        A label tells several ids of one item apart. Raises ItemInvalid where the item has no key.
        """
        key = key_of(item.raw if isinstance(item, LazyItem) else encode_item(item), self.key)
        seed = "\0".join((self.job, label)).encode() + b"\0" + encode_key(_spelt_once(key), self.key)
        # Version 5 says "made from a name"; the hash is BLAKE2b in place of SHA-1.
        return str(UUID(bytes=blake2b(seed, digest_size=16).digest(), version=5))


def _spelt_once(key: Key) -> Key:
    """Numbers that are equal get one spelling, so that 1 and 1.0 name one item here too."""
    return tuple(part if isinstance(part, str | bytes) else Decimal(number_text(part)) for part in key)
