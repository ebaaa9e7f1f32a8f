"""The readings of both sides of a verification, and how this process does them: some segments at once, both sides."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Protocol, TypeAlias

from dynasmith.engine.transfer.deduplication import signed_hash
from dynasmith.engine.transfer.event_thread import StopRequest
from dynasmith.engine.transfer.pacer import UNLIMITED, Pacer, Rates, reading
from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.engine.transfer.transform_stage import Stage
from dynasmith.engine.transfer.verify_buckets import ONE, Buckets, HeldKeys, bucket_of
from dynasmith.errors import Interrupted
from dynasmith.items.digest import item_hash
from dynasmith.items.digester import Digester
from dynasmith.items.key import KeySchema, key_bytes, key_of
from dynasmith.items.wire import Units
from dynasmith.ports.concurrency import together
from dynasmith.ports.duplicate_keys import KeyEntry, KeyStore
from dynasmith.ports.items import DeadLetter, Item, Lookup, OpenSource, Source
from dynasmith.ports.permit import Halted

Add: TypeAlias = Callable[[Sequence[Item]], None]


@dataclass(frozen=True, slots=True)
class VerifySide:
    """One side: its items, what happens to them before they are compared, how to read some again.

    ``seen`` keeps the keys of a stage that makes one key of several; without it each of its items counts. ``end`` is
    the table, which must be the same one until the end. ``segments`` is how many the source has, and ``there`` opens
    it where a worker is, for sides that are read by workers.
    """

    source: OpenSource
    stage: Stage | None = None
    lookup: Callable[[], Awaitable[Lookup]] | None = None
    reads: Rates = UNLIMITED
    at_once: int = 8
    seen: Callable[[], KeyStore] | None = None
    end: TableEnd | None = None
    segments: int = 0
    there: OpenSource | None = None


class Walks(Protocol):
    """The readings. Each may be asked for once, in this order. Raises Interrupted where the run stops."""

    async def sums(self) -> tuple[Buckets, Buckets]:
        """Of both sides."""
        ...

    async def distinct_sums(self, seen: KeyStore) -> Buckets:
        """Of the source, whose items count once where equal ones were made of several. Unequal ones of a key stay."""
        ...

    async def keys(self, wanted: frozenset[int], *, made: bool) -> tuple[HeldKeys, HeldKeys]:
        """The keys in the ``wanted`` buckets, of both sides. ``made`` is of the source; see ``HeldKeys``."""
        ...


@dataclass(frozen=True, slots=True)
class OwnWalks:
    """Readings by this process; keeps ``Walks``."""

    source: VerifySide
    target: VerifySide
    key: KeySchema
    stop: StopRequest

    async def sums(self) -> tuple[Buckets, Buckets]:
        """See ``Walks``."""
        first, second = Buckets(), Buckets()
        await together(
            [
                _walk(self.source, self._into(first), first, self.stop),
                _walk(self.target, self._into(second), second, self.stop),
            ]
        )
        return first, second

    async def distinct_sums(self, seen: KeyStore) -> Buckets:
        """See ``Walks``."""
        found = Buckets()
        await _walk(self.source, _once(seen, self.key, self._into(found)), found, self.stop)
        return found

    async def keys(self, wanted: frozenset[int], *, made: bool) -> tuple[HeldKeys, HeldKeys]:
        """See ``Walks``."""
        ours, theirs = HeldKeys(made), HeldKeys()
        await together(
            [
                _walk(self.source, self._holding(ours, wanted), Buckets(), self.stop),
                _walk(self.target, self._holding(theirs, wanted), Buckets(), self.stop),
            ]
        )
        return ours, theirs

    def _into(self, buckets: Buckets) -> Add:
        sums, hash_of, key = buckets.sums, Digester().hash, self.key

        def add(items: Sequence[Item]) -> None:
            for item in items:
                sums[bucket_of(key_of(item, key))] += hash_of(item) + ONE

        return add

    def _holding(self, held: HeldKeys, wanted: frozenset[int]) -> Add:
        key = self.key

        def add(items: Sequence[Item]) -> None:
            for item in items:
                found = key_of(item, key)
                if bucket_of(found) in wanted:
                    held.add(found, item_hash(item))

        return add


def _once(seen: KeyStore, key: KeySchema, add: Add) -> Add:
    """``add`` without the items that came before: a copy counts them as there already."""
    numbers, hash_of = count(), Digester().hash

    def told(items: Sequence[Item]) -> None:
        entries = [KeyEntry(key_bytes(key_of(item, key)), next(numbers), signed_hash(hash_of(item))) for item in items]
        met = {number: one.hash for number, one in seen.meet(0, None, None, entries).items()}
        add([item for number, item in enumerate(items) if met.get(number) != entries[number].hash])

    return told


def interrupted() -> Interrupted:
    """There is nothing to resume."""
    return Interrupted("The verification was interrupted; it wrote nothing.", hint="run it again")


async def _walk(side: VerifySide, add: Add, buckets: Buckets, stop: StopRequest) -> None:
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
    source: Source, segment: int, side: VerifySide, reads: Pacer, add: Add, buckets: Buckets, stop: StopRequest
) -> None:
    start: bytes | None = None
    while True:
        try:
            if stop.asked:
                raise Halted
            taken = await reads.leave(1)
            page = await source.read(segment, start)
        except Halted:
            raise interrupted() from None
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
