"""What a worker of a verification does: it reads pages of either side, and says of each what the job adds up.

A segment of the order is one of a side in one reading. Of a page goes back: its bucket sums (22 bytes a bucket), or the
key and the hash of each item, where the job must know what came before (34 bytes), or the keys in some buckets.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from struct import Struct

import msgspec

from dynasmith.engine.transfer.parts import OpenedParts
from dynasmith.engine.transfer.transform_stage import Stage
from dynasmith.engine.transfer.verify_buckets import MODULUS, ONE, Buckets, HeldKeys, bucket_of
from dynasmith.items.digest import item_hash
from dynasmith.items.digester import Digester
from dynasmith.items.key import KeySchema, encode_key, key_bytes, key_of
from dynasmith.ports.duplicate_keys import KeyEntry, KeyStore
from dynasmith.ports.items import DeadLetter, Item, OpenSource, Outcome, Page, Source, ThrottleListener
from dynasmith.ports.remote_reference import RemoteReference

BATCH_ITEMS = 1 << 30
"""A page is one batch: nothing is sent."""

_LOW = (1 << 64) - 1
_HALF = 1 << 63
_SUM = Struct(">HIQQ")
_ENTRY = Struct(">16sHQQ")


class Pass(IntEnum):
    """What is asked of the pages of a side."""

    SUMS = 0
    ENTRIES = 1
    KEYS = 2


@dataclass(frozen=True, slots=True)
class ReadingSegments:
    """The segments of the order: those of both sides, once for each reading."""

    source: int
    target: int

    @property
    def total(self) -> int:
        """How many there are."""
        return len(Pass) * (self.source + self.target)

    def of(self, reading: Pass, side: int) -> range:
        """Those of one side (0: the source) in one reading."""
        first = reading * (self.source + self.target) + side * self.source
        return range(first, first + (self.target if side else self.source))

    def place(self, number: int) -> tuple[Pass, int, int]:
        """The reading, the side, and the side's own segment."""
        reading, rest = divmod(number, self.source + self.target)
        side = int(rest >= self.source)
        return Pass(reading), side, rest - side * self.source


class PageFindings(msgspec.Struct, array_like=True, frozen=True):
    """What was found in a page; ``moved`` as in ``Buckets``."""

    moved: bool
    body: bytes


_encode = msgspec.msgpack.Encoder().encode
decode_found = msgspec.msgpack.Decoder(PageFindings).decode
_decode_keys = msgspec.msgpack.Decoder(list[tuple[bytes, bytes]]).decode
_decode_wanted = msgspec.msgpack.Decoder(list[int]).decode


@dataclass(frozen=True, slots=True)
class VerifyParts:
    """What a worker opens: both sides, and what it asks for the buckets whose keys are wanted."""

    sides: tuple[OpenSource, OpenSource]
    segments: ReadingSegments
    stage: Stage | None
    key: KeySchema
    wanted: RemoteReference

    async def __call__(self, heard: ThrottleListener) -> OpenedParts:
        """Open them."""
        first = await self.sides[0](heard)
        try:
            second = await self.sides[1](heard)
        except BaseException:
            await first.close()
            raise
        found = PageSums(self.segments, self.key)
        return OpenedParts(_Pages((first, second), self.segments, self.stage, found, self.wanted), found, None)


@dataclass(slots=True)
class PageSums:
    """The "sink": adds up a page, which its mark says. Keeps ``Sink``."""

    segments: ReadingSegments
    key: KeySchema
    batch_items: int = BATCH_ITEMS
    wanted: frozenset[int] | None = None
    moved: set[int] = field(default_factory=set)
    _bodies: dict[int, bytes] = field(default_factory=dict)
    _hash: Callable[[Item], int] = field(default_factory=lambda: Digester().hash)

    async def begin(self, segment: int, mark: bytes) -> bool:
        """Nothing is kept from page to page."""
        del segment, mark
        return True

    async def write(self, segment: int, items: Sequence[Item], *, only_new: bool = False) -> Outcome:
        """Add up a page."""
        del only_new
        match self.segments.place(segment)[0]:
            case Pass.SUMS:
                self._bodies[segment] = self._sums(items)
            case Pass.ENTRIES:
                self._bodies[segment] = self._entries(items)
            case Pass.KEYS:
                self._bodies[segment] = self._keys(items)
        return Outcome(written=len(items))

    async def mark(self, segment: int) -> bytes:
        """What was found in the page that was written last; empty where it had no item."""
        body, moved = self._bodies.pop(segment, b""), segment in self.moved
        self.moved.discard(segment)
        return _encode(PageFindings(moved, body)) if body or moved else b""

    async def finish(self, digest: str) -> None:
        """The job has all."""

    async def close(self) -> None:
        """Nothing is open."""

    def _sums(self, items: Sequence[Item]) -> bytes:
        found: dict[int, int] = {}
        key, hash_of = self.key, self._hash
        for item in items:
            bucket = bucket_of(key_of(item, key))
            found[bucket] = found.get(bucket, 0) + hash_of(item) + ONE
        pack = _SUM.pack
        return b"".join(
            [pack(bucket, total // ONE, (total % MODULUS) >> 64, total & _LOW) for bucket, total in found.items()]
        )

    def _entries(self, items: Sequence[Item]) -> bytes:
        made = []
        for item in items:
            found, hashed = key_of(item, self.key), self._hash(item)
            made.append(_ENTRY.pack(key_bytes(found), bucket_of(found), (hashed % MODULUS) >> 64, hashed & _LOW))
        return b"".join(made)

    def _keys(self, items: Sequence[Item]) -> bytes:
        wanted, made = self.wanted or frozenset(), []
        for item in items:
            found = key_of(item, self.key)
            if bucket_of(found) in wanted:
                made.append((encode_key(found, self.key), item_hash(item).to_bytes(16, "big")))
        return _encode(made) if made else b""


@dataclass(frozen=True, slots=True)
class _Pages:
    """Both sides as one source; the source's items are transformed here. Keeps ``Source``."""

    sides: tuple[Source, Source]
    of: ReadingSegments
    stage: Stage | None
    found: PageSums
    wanted: RemoteReference

    @property
    def segments(self) -> int:
        """Those of both sides in every reading."""
        return self.of.total

    async def read(self, segment: int, start: bytes | None) -> Page:
        """A page. What was no item is counted and not told: nobody keeps it."""
        reading, side, own = self.of.place(segment)
        if reading is Pass.KEYS and self.found.wanted is None:
            self.found.wanted = frozenset(_decode_wanted(await self.wanted.ask(b"")))
        page = await self.sides[side].read(own, start)
        items, dead = page.items, len(page.dead)
        if side == 0 and self.stage is not None:
            staged = await self.stage(items)
            items, dead = staged.items, dead + len(staged.dead)
            if staged.moved or staged.fanned_out:
                self.found.moved.add(segment)
        untold = tuple(DeadLetter(code="", reason="") for _ in range(dead))
        return Page(items=items, next=page.next, read=page.read, units=page.units, dead=untold)

    async def close(self) -> None:
        """Close both."""
        for side in self.sides:
            await side.close()


class WantedBuckets(RemoteReference):
    """Whose keys are wanted, where the job is."""

    def __init__(self) -> None:
        self.buckets: frozenset[int] = frozenset()

    async def ask(self, question: bytes) -> bytes:
        """The buckets."""
        del question
        return _encode(sorted(self.buckets))


# --- where the job is -------------------------------------------------------------------------------------------------


def add_sums(body: bytes, into: Buckets) -> None:
    """Add the sums of a page."""
    sums = into.sums
    for bucket, count, high, low in _SUM.iter_unpack(body):
        sums[bucket] += count * ONE + (high << 64) + low


def add_entries(body: bytes, into: Buckets, seen: KeyStore, first: int) -> None:
    """Add the items of a page that did not come before; its first item is number ``first`` of all."""
    lines = list(_ENTRY.iter_unpack(body))
    entries = [
        KeyEntry(key, first + number, low - _HALF)  # as signed_hash makes it
        for number, (key, _, _, low) in enumerate(lines)
    ]
    met = {number: one.hash for number, one in seen.meet(0, None, None, entries).items()}
    for number, (_, bucket, high, low) in enumerate(lines):
        if met.get(number) != entries[number].hash:
            into.sums[bucket] += ONE + (high << 64) + low


def add_keys(body: bytes, into: HeldKeys, key: KeySchema) -> None:
    """Hold the keys of a page."""
    for wire, hashed in _decode_keys(body) if body else ():
        into.add(key_of(wire, key), int.from_bytes(hashed, "big"))
