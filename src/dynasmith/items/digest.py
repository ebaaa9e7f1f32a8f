"""The digest ``ds1``: a count and an order-free sum of hashes that say whether two sets of items are equal.

The canonical bytes, exactly (docs/reference/digest.md has them with examples, the golden vectors are in the tests):

- a value is a tag of one byte, the length of its content in four bytes (big endian), its content;
- ``S`` text: UTF-8, no normalisation. ``B`` binary: the bytes. ``N`` number: ASCII ``[-]digits E exponent`` with no
  leading and no trailing zero in the digits; zero is ``0E0``. ``T`` boolean: 01 or 00. ``0`` null: 01;
- ``L`` list: the values in order. ``M`` map: for each name, sorted by its UTF-8 bytes, the length of the name in four
  bytes, the name, the value. ``s`` ``n`` ``b`` sets of S, N, B: their members as values, sorted, each once;
- an item is the content of a map. Its hash is BLAKE2b with 16 bytes, no key, read as a big-endian number;
- the digest is the sum of the hashes modulo 2^128. A sum and not XOR: under XOR an item that is there twice is gone.

So the order of items, of attributes and of a set's members, escapes in strings and the spelling of numbers do not
matter, and everything else does. It finds accidents, not forgers. A change of any of this is ``ds2``.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

import msgspec

from dynasmith.errors import DataError
from dynasmith.items.canonical import canonical, general
from dynasmith.items.wire import RawItem

MODULUS: Final = 1 << 128
"""Digests are sums of hashes modulo this."""
_TEXT: Final = re.compile(r"ds1:(0|[1-9][0-9]*):([0-9a-f]{32})", re.ASCII)
new_hash: Final = blake2b(digest_size=16).copy
"""A copy costs less than a new one with the same parameters."""


@dataclass(frozen=True, slots=True)
class Digest:
    """How many items, and the sum of their hashes. ``a + b`` is the digest of both together, in any order."""

    count: int = 0
    total: int = 0

    def __add__(self, other: "Digest") -> "Digest":
        return Digest(self.count + other.count, (self.total + other.total) % MODULUS)

    def __str__(self) -> str:
        return f"ds1:{self.count}:{self.total:032x}"

    @classmethod
    def parse(cls, text: str) -> "Digest":
        """The digest that ``str`` wrote. Raises DataError for another format or version."""
        match = _TEXT.fullmatch(text)
        if match is None:
            raise DataError(
                f"{text[:80]!r} is not a digest of this version.",
                hint="a digest looks like ds1:<count>:<32 hex digits>",
            )
        return cls(int(match[1]), int(match[2], 16))


#: The digest of no items.
NOTHING: Final = Digest()


def digest_items(raws: Iterable[RawItem | bytes]) -> Digest:
    """The digest of some items, a page at a time: about 20 us an item of 12 attributes. Add the parts up with ``+``.

    Raises ItemInvalid for an item that is not DynamoDB JSON.
    """
    count = total = 0
    for raw in raws:
        count += 1
        total += item_hash(raw)
    return Digest(count, total % MODULUS)


def item_hash(raw: RawItem | bytes) -> int:
    """The 128-bit hash of one item. Raises ItemInvalid."""
    return int.from_bytes(_hash(canonical(raw)), "big")


def tree_hash(item: Mapping[str, Any]) -> int:
    """The hash of an item in DynamoDB JSON as a mapping: equal for equal items, however they are spelt."""
    return item_hash(msgspec.json.encode(item))


def _hash(content: bytes) -> bytes:
    hasher = new_hash()
    hasher.update(content)
    return hasher.digest()


def general_hash(raw: RawItem | bytes, tree: Any) -> bytes:
    """The hash of an item, which is ``tree`` when parsed, as 16 bytes. Raises ItemInvalid."""
    return _hash(general(raw, tree))
