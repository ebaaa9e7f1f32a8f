"""What a verification knows of a side: counts and sums of item hashes by the hash of the key, or the keys."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from zlib import crc32

from dynasmith.items.digest import Digest
from dynasmith.items.key import Key

BUCKETS = 1 << 16
MODULUS = 1 << 128
ONE = 1 << 192
"""One item of a bucket: above any sum of hashes of fewer than 2^64 items."""


@dataclass(slots=True)
class Buckets:
    """Counts and sums of item hashes by key hash; the count of a bucket stands above its sum in one number.

    ``dead`` counts what was no item, ``moved`` says that a transform made another key, or several items of one.
    """

    sums: list[int] = field(default_factory=lambda: [0] * BUCKETS)
    dead: int = 0
    moved: bool = False

    @property
    def digest(self) -> Digest:
        """The digest of all items."""
        total = sum(self.sums)
        return Digest(total // ONE, total % MODULUS)

    def differing(self, other: "Buckets") -> Sequence[int]:
        """The buckets that are not equal, as sums modulo 2^128: that is what equal digests promise."""
        return [
            bucket
            for bucket, (one, two) in enumerate(zip(self.sums, other.sums, strict=True))
            if one != two and (one // ONE, one % MODULUS) != (two // ONE, two % MODULUS)
        ]


@dataclass(slots=True)
class HeldKeys:
    """The keys of some buckets with the hashes of their items. ``made``: items that are equal were made of several by a
    transform, and count once; else a key that comes again is there ``twice``."""

    made: bool = False
    hashes: dict[Key, int] = field(default_factory=dict)
    twice: set[Key] = field(default_factory=set)

    def add(self, key: Key, hashed: int) -> None:
        """Hold one more."""
        if key in self.hashes and not (self.made and self.hashes[key] == hashed):
            self.twice.add(key)
        self.hashes[key] = hashed


def bucket_of(key: Key) -> int:
    """The bucket of a key: the same in every run, so that the same keys are shown; equal keys (also 1 and 1.0) are in
    one bucket."""
    found = 0
    for part in key:
        raw = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        found = crc32(raw if isinstance(raw, bytes) else b"%d" % hash(raw), found)
    return found % BUCKETS
