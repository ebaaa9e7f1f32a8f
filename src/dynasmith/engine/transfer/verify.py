"""verify: whether two sets of items are equal, and which keys differ, without holding either in memory.

First pass: count and digest of both sides, each also split by the hash of the key into 65,536 buckets (a count and a
sum each, 1.5 MB). Equal digests end it. Second pass, over the buckets that differ only, as many as fit the limit of
keys that are held: the keys of both sides with their item hashes, compared. Where a transform made equal items of
several, a copy wrote them once: the source is read again then, and each of them counts once. A difference between
tables is read again by key, strongly, on both sides: what is equal then was changed by somebody while the scans ran,
and is told apart.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Literal
from zlib import crc32

import msgspec

from dynasmith.engine.transfer.deduplication import signed_hash
from dynasmith.engine.transfer.event_thread import StopRequest, run
from dynasmith.engine.transfer.pacer import UNLIMITED, Pacer, Rates, reading
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.engine.transfer.table_identity import READING, TableIdentityCheck
from dynasmith.engine.transfer.transform_stage import Stage
from dynasmith.engine.user_code.dry_run import PURE
from dynasmith.errors import AccessDenied, Interrupted
from dynasmith.items.digest import Digest, item_hash
from dynasmith.items.digester import Digester
from dynasmith.items.key import Key, KeySchema, encode_key, format_key, key_bytes, key_of
from dynasmith.items.wire import Units
from dynasmith.ports.concurrency import together
from dynasmith.ports.duplicate_keys import KeyEntry, KeyStore
from dynasmith.ports.guard import RefusedCall
from dynasmith.ports.items import DeadLetter, Item, Lookup, OpenSource, Source
from dynasmith.ports.permit import Halted

BUCKETS = 1 << 16
HELD_KEYS_MAX = 200_000
"""Keys of both sides that the second pass holds at once: about 60 MB."""

_MODULUS = 1 << 128
_ONE = 1 << 192
"""One item of a bucket: above any sum of hashes of fewer than 2^64 items."""


Kind = Literal["missing", "extra", "differs", "twice"]


@dataclass(frozen=True, slots=True)
class VerifySide:
    """One side: its items, what happens to them before they are compared, how to read some again.

    ``seen`` keeps the keys of a stage that makes one key of several; without it each of its items counts. ``end`` is
    the table, which must be the same one until the end.
    """

    source: OpenSource
    stage: Stage | None = None
    lookup: Callable[[], Awaitable[Lookup]] | None = None
    reads: Rates = UNLIMITED
    at_once: int = 8
    seen: Callable[[], KeyStore] | None = None
    end: TableEnd | None = None


@dataclass(frozen=True, slots=True)
class KeyDifference:
    """One key that is not equal on both sides, seen from the source: ``missing`` in the target, ``extra`` there.

    ``twice``: a file holds it more than once. ``changing``: it was equal when read again, so something writes to it.
    """

    kind: Kind
    key: str
    changing: bool = False


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """Both digests, and the first differences. ``more`` says that there are others beyond the limit.

    ``dead`` counts what was no item (lines of a file), or what a transform refused: it can be on no side. ``hazards``
    say what ran unguarded, or was refused in a dry run: ``refused_calls``, counted over every reading of the source.
    ``same_code`` says that dynasmith wrote a file that is a side, ``notes`` what the comparison therefore cannot find.
    ``closing`` is what is known to be unwritten.
    """

    source: Digest
    target: Digest
    differences: tuple[KeyDifference, ...] = ()
    more: bool = False
    dead: int = 0
    hazards: tuple[str, ...] = ()
    same_code: bool = False
    notes: tuple[str, ...] = ()
    refused_calls: tuple[RefusedCall, ...] = ()
    closing: str = PURE

    def __repr__(self) -> str:
        sides = f"{self.source.count:,} and {self.target.count:,} items"
        return f"<VerifyResult {'equal' if self.equal else 'different'}: {sides}>"

    @property
    def equal(self) -> bool:
        """Whether both sides hold the same items."""
        return self.source == self.target and not self.dead

    @property
    def ran_user_code(self) -> bool:
        """Whether code of the user's ran, here or in a guarded process."""
        return self.closing != PURE

    def to_json(self) -> dict[str, object]:
        """Stable keys."""
        return {
            "equal": self.equal,
            "source": {"count": self.source.count, "digest": str(self.source)},
            "target": {"count": self.target.count, "digest": str(self.target)},
            "differences": [
                {"kind": found.kind, "key": found.key, "changing": found.changing} for found in self.differences
            ],
            "more": self.more,
            "dead": self.dead,
            "hazards": list(self.hazards),
            "same_code": self.same_code,
            "notes": list(self.notes),
            "refused_calls": [msgspec.to_builtins(call) for call in self.refused_calls],
            "closing": self.closing,
        }


def verify(
    source: VerifySide, target: VerifySide, key: KeySchema, *, limit: int = 20, around: RunContext | None = None
) -> VerifyResult:
    """Compare both sides; ``key`` is the target's, ``limit`` how many differing keys are wanted.

    Reads each side once, and on a difference once more. Writes nothing. Raises Interrupted on a signal: there is
    nothing to resume, it is run again; CheckpointError where a table was deleted meanwhile, or made again.
    """
    around = around or RunContext()
    ends = [side.end for side in (source, target) if side.end is not None]

    async def main(stop: StopRequest) -> VerifyResult:
        async with TableIdentityCheck(ends, READING, around.listener, around.monotonic).watched():
            return await _verify(source, target, key, limit, stop)

    return run(main, loop_factory=around.loop_factory, stop=around.stop)


class _Buckets:
    """Counts and sums of item hashes by key hash; the count of a bucket stands above its sum in one number."""

    def __init__(self) -> None:
        self.sums = [0] * BUCKETS
        self.dead = 0
        self.moved = False

    @property
    def digest(self) -> Digest:
        total = sum(self.sums)
        return Digest(total // _ONE, total % _MODULUS)

    def differing(self, other: "_Buckets") -> list[int]:
        # Both as sums modulo 2^128, which is what equal digests promise.
        return [
            bucket
            for bucket, (one, two) in enumerate(zip(self.sums, other.sums, strict=True))
            if one != two and (one // _ONE, one % _MODULUS) != (two // _ONE, two % _MODULUS)
        ]


def _bucket(key: Key) -> int:
    # The same in every run, so that the same keys are shown; equal keys (also 1 and 1.0) are in one bucket.
    found = 0
    for part in key:
        raw = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        found = crc32(raw if isinstance(raw, bytes) else b"%d" % hash(raw), found)
    return found % BUCKETS


async def _verify(
    source: VerifySide, target: VerifySide, key: KeySchema, limit: int, stop: StopRequest
) -> VerifyResult:
    first, second = _Buckets(), _Buckets()

    def into(buckets: _Buckets) -> Callable[[Sequence[Item]], None]:
        sums, hash_of = buckets.sums, Digester().hash

        def add(items: Sequence[Item]) -> None:
            for item in items:
                sums[_bucket(key_of(item, key))] += hash_of(item) + _ONE

        return add

    await together([_walk(source, into(first), first, stop), _walk(target, into(second), second, stop)])
    if first.digest != second.digest and first.moved and source.seen is not None:
        seen, first = source.seen(), _Buckets()
        try:
            await _walk(source, _once(seen, key, into(first)), first, stop)
        finally:
            seen.close(over=True)
    dead = first.dead + second.dead
    if first.digest == second.digest:
        return VerifyResult(first.digest, second.digest, dead=dead)
    wanted = _some(first.differing(second), first, second, limit)
    twice: set[Key] = set()
    held: tuple[dict[Key, int], dict[Key, int]] = ({}, {})

    def keep(into: dict[Key, int], *, made: bool = False) -> Callable[[Sequence[Item]], None]:
        def add(items: Sequence[Item]) -> None:
            for item in items:
                found = key_of(item, key)
                if _bucket(found) in wanted:
                    hashed = item_hash(item)
                    if found in into and not (made and into[found] == hashed):
                        twice.add(found)
                    into[found] = hashed

        return add

    ours = keep(held[0], made=first.moved and source.seen is not None)
    await together([_walk(source, ours, _Buckets(), stop), _walk(target, keep(held[1]), _Buckets(), stop)])
    differing = [*_compared(*held), *map(_twice, sorted(twice))]
    shown = differing[:limit]
    changing = await _changing(source, target, [found for _, found in shown], key)
    differences = tuple(KeyDifference(kind, format_key(found, key), found in changing) for kind, found in shown)
    more = len(differing) > limit or len(wanted) < len(first.differing(second))
    return VerifyResult(first.digest, second.digest, differences, more, dead)


def _once(seen: KeyStore, key: KeySchema, add: Callable[[Sequence[Item]], None]) -> Callable[[Sequence[Item]], None]:
    """``add`` without the items that came before: a copy counts them as there already. Unequal ones of a key stay."""
    numbers, hash_of = count(), Digester().hash

    def told(items: Sequence[Item]) -> None:
        entries = [KeyEntry(key_bytes(key_of(item, key)), next(numbers), signed_hash(hash_of(item))) for item in items]
        met = {number: one.hash for number, one in seen.meet(0, None, None, entries).items()}
        add([item for number, item in enumerate(items) if met.get(number) != entries[number].hash])

    return told


def _some(differing: Sequence[int], first: _Buckets, second: _Buckets, limit: int) -> frozenset[int]:
    """As many of the differing buckets as are needed for the limit and fit the memory; at least one."""
    chosen: list[int] = []
    held = 0
    for bucket in differing:
        size = (first.sums[bucket] + second.sums[bucket]) // _ONE
        if chosen and (held + size > HELD_KEYS_MAX or len(chosen) > limit):
            break
        chosen.append(bucket)
        held += size
    return frozenset(chosen)


def _compared(source: dict[Key, int], target: dict[Key, int]) -> list[tuple[Kind, Key]]:
    """In the order of the keys: segments answer in any order, and each run shows the same."""
    found: list[tuple[Kind, Key]] = []
    for key, hashed in sorted(source.items()):
        if key not in target:
            found.append(("missing", key))
        elif target[key] != hashed:
            found.append(("differs", key))
    found += [("extra", key) for key in sorted(target.keys() - source.keys())]
    return found


def _twice(key: Key) -> tuple[Kind, Key]:
    return "twice", key


async def _changing(source: VerifySide, target: VerifySide, keys: Sequence[Key], schema: KeySchema) -> frozenset[Key]:
    """The keys that are equal on both sides when they are read again: live writes, not differences."""
    if source.lookup is None or target.lookup is None or source.stage is not None or not keys:
        return frozenset()
    wires = [encode_key(key, schema) for key in keys]
    found = []
    for side in (source.lookup, target.lookup):
        lookup = await side()
        try:
            found.append({key_of(item, schema): item_hash(item) for item in await lookup.get(wires)})
        except AccessDenied:  # a role that may scan and not get: what differs is shown, live writes among it
            return frozenset()
        finally:
            await lookup.close()
    return frozenset(key for key in keys if found[0].get(key) == found[1].get(key))


async def _walk(side: VerifySide, add: Callable[[Sequence[Item]], None], buckets: _Buckets, stop: StopRequest) -> None:
    """Every page of one side, in some segments at once."""
    reads, heard = reading(side.reads, stop)
    source = await side.source(heard)
    try:
        segments = iter(range(source.segments))

        async def walker() -> None:
            for segment in segments:
                await _segment(source, segment, side, reads, add, buckets, stop)

        await together([walker() for _ in range(min(side.at_once, source.segments))])
    finally:
        await source.close()


async def _segment(
    source: Source,
    segment: int,
    side: VerifySide,
    reads: Pacer,
    add: Callable[[Sequence[Item]], None],
    buckets: _Buckets,
    stop: StopRequest,
) -> None:
    start: bytes | None = None
    while True:
        try:
            if stop.asked:
                raise Halted
            taken = await reads.leave(1)
            page = await source.read(segment, start)
        except Halted:
            raise Interrupted("The verification was interrupted; it wrote nothing.", hint="run it again") from None
        reads.settle(taken, Units(page.units), 1)
        dead: tuple[DeadLetter, ...] = page.dead
        if side.stage is None:
            add(page.items)
        else:
            staged = await side.stage(page.items)
            buckets.moved = buckets.moved or staged.moved or staged.fanned_out > 0
            add(staged.items)
            dead += staged.dead
        buckets.dead += len(dead)
        start = page.next
        if start is None:
            return
