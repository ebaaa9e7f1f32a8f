"""A source that somebody writes to, its stream, a target and a copier, all in memory, around the shipped capture, drain
and ownership. Every choice is made by a `Random`, so that hypothesis and plain seeds drive the same model.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any
from zlib import crc32

import msgspec

from dynasmith.engine.replacement.capture import StreamCapture
from dynasmith.engine.replacement.dirty_set import DirtySet
from dynasmith.engine.replacement.drain import Drain
from dynasmith.engine.replacement.item_mapping import ItemMapping
from dynasmith.engine.replacement.mark_spool import MarkSpool
from dynasmith.engine.replacement.marks import BY_COPY, FollowedRecords, Mark
from dynasmith.engine.replacement.shards import ShardPosition
from dynasmith.items.ctx import Context
from dynasmith.items.digest import item_hash
from dynasmith.items.key import KeySchema, canonical_key
from dynasmith.items.transform import Transform
from dynasmith.items.wire import RawItem
from dynasmith.ports.owned_items import OwnedItems, OwnedPut
from dynasmith.ports.streams import ChangeRecord, IteratorExpired, RecordPage, Shard

IDS = ("1", "2", "3")
MAILS = ("a", "b", "c", "d")
SOURCE = KeySchema.of("id")


class Killed(BaseException):
    """The process is gone."""


def _drop(item: Any, _ctx: Context) -> Any:
    return None if item["mail"] == "d" else item


def _lossy(item: Any, _ctx: Context) -> Any:
    return {name: item[name] for name in item if name != "places"}


def _cast(item: Any, _ctx: Context) -> Any:
    return {**item, "number": int(item["id"])}


def _by_mail(item: Any, _ctx: Context) -> Any:
    return item


def _fan_out(item: Any, _ctx: Context) -> Any:
    return [{**item, "place": place} for place in item["places"]]


def _failing(item: Any, _ctx: Context) -> Any:
    if item["mail"] == "d":
        raise ValueError("d")
    return item


TRANSFORMS: dict[str, tuple[Callable[[Any, Context], Any] | None, KeySchema]] = {
    "identity": (None, SOURCE),
    "new key": (_by_mail, KeySchema.of("mail")),
    "number key": (_cast, KeySchema.of("number", types={"number": "N"})),
    "fan-out": (_fan_out, KeySchema.of("place")),
    "drop": (_drop, SOURCE),
    "lossy": (_lossy, SOURCE),
    "failing": (_failing, KeySchema.of("mail")),
}


def mapping_of(kind: str) -> ItemMapping:
    """The shipped mapping of a kind of transform."""
    function, target = TRANSFORMS[kind]
    ctx = Context(datetime(2026, 1, 1, tzinfo=UTC), "copy-1", SOURCE)
    transform = None if function is None else Transform(function, ctx, target=target)
    return ItemMapping(SOURCE, target, transform)


def key_of_id(id_: str) -> bytes:
    """The canonical key of an id."""
    return canonical_key(msgspec.json.encode({"id": {"S": id_}}), SOURCE)


class StreamedTable:
    """A table and its stream, which outlive every kill."""

    def __init__(self) -> None:
        self.items: dict[bytes, RawItem] = {}
        self.records: dict[str, list[ChangeRecord]] = {"s0": []}
        self.parents = {"s0": ""}
        self.closed: set[str] = set()

    def write(self, key: bytes, item: dict[str, Any] | None) -> ChangeRecord | None:
        """One change, and its record, as the service writes them: nothing for nothing."""
        old = self.items.get(key)
        new = None if item is None else RawItem(msgspec.json.encode(item))
        if old == new:
            return None
        if new is None:
            del self.items[key]
        else:
            self.items[key] = new
        shard = self.open_shard(key)
        sequence = f"{len(self.records[shard]):06d}"
        record = ChangeRecord(keys=RawItem(key), old=old, new=new, sequence=sequence)
        self.records[shard].append(record)
        return record

    def open_shard(self, key: bytes) -> str:
        """The open shard of a key: each shard is split by a bit of it."""
        shard = "s0"
        while shard in self.closed:
            shard = next(each for each in (f"{shard}{crc32(key) % 2}", f"{shard}x") if each in self.records)
        return shard

    def split(self, rng: Random) -> None:
        """Close an open shard; others continue it."""
        shard = rng.choice([shard for shard in self.records if shard not in self.closed])
        if len(shard) > 4:
            return
        self.closed.add(shard)
        for child in (f"{shard}0", f"{shard}1") if rng.random() < 0.7 else (f"{shard}x",):
            self.records[child], self.parents[child] = [], shard

    def unread(self, positions: Mapping[str, ShardPosition]) -> list[ChangeRecord]:
        """The records that are behind no position."""
        found = []
        for shard, records in self.records.items():
            position = positions.get(shard)
            found += records[0 if position is None or not position.after else int(position.after) + 1 :]
        return found


@dataclass
class Tables:
    """The source with its stream, and the target."""

    mapping: ItemMapping
    stream: StreamedTable = field(default_factory=StreamedTable)
    target: dict[bytes, RawItem] = field(default_factory=dict)

    @property
    def source(self) -> dict[bytes, RawItem]:
        """The items of the source."""
        return self.stream.items

    @property
    def records(self) -> dict[str, list[ChangeRecord]]:
        """The records of its stream."""
        return self.stream.records

    def write(self, id_: str, item: dict[str, Any] | None) -> None:
        """One change of the source."""
        self.stream.write(key_of_id(id_), item)

    def owned(self, key: bytes) -> dict[bytes, RawItem]:
        """What the target holds of a source key."""
        return {place: item for place, item in self.target.items() if self.mapping.owner(item) == key}

    def wanted(self, key: bytes) -> dict[bytes, RawItem] | None:
        """What it should hold; None where the transform fails."""
        item = self.source.get(key)
        try:
            return {} if item is None else self.mapping.items(item)
        except Exception:  # whatever a transform raises
            return None


class FakeStream:
    """The stream, one or two records a page; now and then a page comes again, or an iterator has expired."""

    def __init__(self, tables: StreamedTable, rng: Random) -> None:
        self._tables, self._rng = tables, rng

    def shards(self) -> Sequence[Shard]:
        """In any order."""
        tables = self._tables
        found = [Shard(shard, tables.parents[shard], shard in tables.closed) for shard in tables.records]
        self._rng.shuffle(found)
        return found

    def iterator(self, shard: str, after: str) -> str:
        """After a sequence number."""
        return f"{shard}:{int(after) + 1 if after else 0}"

    def page(self, iterator: str) -> RecordPage:
        """Some records."""
        if self._rng.random() < 0.1:
            raise IteratorExpired
        shard, _, start = iterator.partition(":")
        records = self._tables.records[shard]
        first = max(0, int(start) - (self._rng.random() < 0.15))  # a record comes twice
        found = records[first : first + self._rng.randint(1, 2)]
        at = first + len(found)
        ended = shard in self._tables.closed and at >= len(records)
        return RecordPage(records=found, next=None if ended else f"{shard}:{at}", more=at < len(records))


class FakeItems:
    """The ports of the drain. ``before`` is called before each call: others write then, or the process is killed."""

    def __init__(self, tables: Tables, before: Callable[[], None]) -> None:
        self.tables, self.before = tables, before

    def read_source(self, keys: Sequence[bytes]) -> Mapping[bytes, RawItem]:
        """Strongly."""
        self.before()
        return {key: self.tables.source[key] for key in keys if key in self.tables.source}

    def read_target(self, keys: Sequence[bytes]) -> Mapping[bytes, RawItem]:
        """Strongly."""
        self.before()
        return {key: self.tables.target[key] for key in keys if key in self.tables.target}

    def put(self, item: RawItem, owner: bytes) -> OwnedPut:
        """On the condition of ownership."""
        self.before()
        place = canonical_key(item, self.tables.mapping.target)
        standing = self.tables.target.get(place)
        if standing is not None and self.tables.mapping.owner(standing) != owner:
            return OwnedPut(holder=standing)
        self.tables.target[place] = item
        return OwnedPut(changed=standing is None or item_hash(standing) != item_hash(item))

    def delete(self, key: bytes, owner: bytes) -> bool:
        """On the condition of ownership."""
        self.before()
        standing = self.tables.target.get(key)
        if standing is None or self.tables.mapping.owner(standing) != owner:
            return False
        del self.tables.target[key]
        return True


class MemoryLog:
    """The log of a job, which outlives a kill."""

    def __init__(self) -> None:
        self.entries: list[bytes] = []

    def read(self) -> Sequence[bytes]:
        """All of it."""
        return list(self.entries)

    def append(self, entries: Sequence[bytes]) -> None:
        """All or none."""
        self.entries += entries

    def replace(self, batches: Iterable[Sequence[bytes]]) -> None:
        """All or none."""
        self.entries = [entry for batch in batches for entry in batch]

    def close(self) -> None:
        """Nothing to close."""


class Parts:
    """The shipped parts that a model runs; a test puts wrong ones in their place to see that it notices."""

    dirty_set: type[DirtySet] = DirtySet
    spool: type[MarkSpool] = MarkSpool
    capture: type[StreamCapture] = StreamCapture
    drains_during_copy = False

    def items(self, items: FakeItems) -> OwnedItems:
        """The ports of the drain."""
        return items

    def drain(self, dirty: DirtySet, mapping: ItemMapping, items: OwnedItems, spool: MarkSpool) -> Drain:
        """The drain."""
        return Drain(dirty, mapping, items, now=lambda: 0.0, forgotten=spool.forgotten)


class Model:
    """One replacement, whose runner is killed and begins again. ``kind`` names the transform."""

    def __init__(self, kind: str, rng: Random, parts: Parts | None = None) -> None:
        self.mapping, self.parts = mapping_of(kind), parts or Parts()
        self.tables, self.rng = Tables(self.mapping), rng
        self.log = MemoryLog()
        self.hooked = True
        self.copied: set[str] = set()
        self.page: list[tuple[str, RawItem]] = []
        self.dead: set[bytes] = set()
        self.copy_ended = False
        for id_ in IDS:
            if rng.random() < 0.7:
                self.change(rng, id_)
        self.start(rng)

    def start(self, rng: Random) -> None:
        """A process begins with what is kept."""
        self.dirty = self.parts.dirty_set()
        self.spool = self.parts.spool(self.log, lambda: 0.0)
        content = self.spool.restore(self.dirty)
        stream = FakeStream(self.tables.stream, rng)
        reading = FollowedRecords(self.mapping)
        self.capture = self.parts.capture(stream, reading, self.dirty, self.spool, content.positions, lambda: 0.0)
        items = FakeItems(self.tables, self._meanwhile)
        self.drain = self.parts.drain(self.dirty, self.mapping, self.parts.items(items), self.spool)

    def _meanwhile(self) -> None:
        """What others do between two calls of a handling."""
        if not self.hooked:
            return
        self.hooked = False
        try:
            chance = self.rng.random()
            if chance < 0.25:
                self.change(self.rng)
            elif chance < 0.4:
                self.capture.round()
            elif chance < 0.45:
                raise Killed
        finally:
            self.hooked = True

    # --- steps

    def change(self, rng: Random, id_: str = "") -> None:
        """Somebody writes."""
        id_ = id_ or rng.choice(IDS)
        places = rng.sample(MAILS, rng.randint(0, 3))
        item = {
            "id": {"S": id_},
            "mail": {"S": rng.choice(MAILS)},
            "v": {"N": str(rng.randint(0, 9))},
            "places": {"L": [{"S": place} for place in places]},
        }
        self.tables.write(id_, None if rng.random() < 0.3 else item)

    def copy(self, rng: Random) -> None:
        """The copier reads a page, or writes the one that it read; it never puts one item over another one's."""
        if self.page:
            for id_, item in self.page:
                self._put_copy(id_, item)
            self.page = []
        elif left := [id_ for id_ in IDS if id_ not in self.copied]:
            page = left[: rng.randint(1, 2)]
            self.copied |= set(page)
            found = [(id_, self.tables.source.get(key_of_id(id_))) for id_ in page]
            self.page = [(id_, item) for id_, item in found if item is not None]
        elif not self.copy_ended:
            marks = [Mark(key=key, by=BY_COPY) for key in self.dead]
            marks = self.dirty.numbered(marks, 0.0)
            self.spool.keep(marks, {})
            self.dirty.add(marks)
            self.copy_ended = True

    def _put_copy(self, id_: str, item: RawItem) -> None:
        try:
            wanted = self.mapping.items(item)
        except Exception:  # a dead letter, whatever the transform raised
            self.dead.add(key_of_id(id_))
            return
        for place, made in wanted.items():
            standing = self.tables.target.setdefault(place, made)
            if item_hash(standing) != item_hash(made):
                self.dead.add(key_of_id(id_))

    def handle(self) -> None:
        """The drain handles some keys."""
        if self.copy_ended or self.parts.drains_during_copy:
            try:
                self.drain.run(self.rng.randint(1, 3))
            except Killed:
                self.start(self.rng)

    def kill(self, rng: Random) -> None:
        """kill -9, or a lease that went to another process: what was in memory is gone, a page of the copy is done
        again."""
        self.page = []
        if not self.copy_ended and self.copied:
            self.copied.discard(rng.choice(sorted(self.copied)))
            self.copied = set() if rng.random() < 0.5 else self.copied
        self.start(rng)

    # --- what must hold

    def unread(self) -> set[bytes]:
        """The keys of records that are behind no position."""
        return {bytes(record.keys) for record in self.tables.stream.unread(self.capture.positions)}

    def broken(self) -> str:
        """The invariant of a moment after the copy; empty where it holds."""
        if not self.copy_ended:
            return ""
        unread = self.unread()
        for key in map(key_of_id, IDS):
            wanted = self.tables.wanted(key)
            if self.tables.owned(key) != wanted and key not in self.dirty and key not in unread:
                return f"{key.decode()}: {self.tables.owned(key)} != {wanted}"
        return ""

    def end(self) -> str:
        """Copy, capture and drain to the end while nobody writes; what is wrong then, empty where nothing is."""
        self.hooked = False
        while not self.copy_ended:
            self.copy(self.rng)
        for _ in range(1000):
            handled = self.drain.run()
            read = self.capture.round()
            if not handled and not read and self.capture.quiet:
                break
        else:
            return "it does not end"
        if broken := self.broken():
            return broken
        for key in self.dirty.blocked:
            if not self._collides(key):
                return f"{key.decode()} is blocked, and nothing stands in its place"
        return "a key waits for ever" if self.dirty.pending else ""

    def _collides(self, key: bytes) -> bool:
        """Whether no target can be right: two keys want one place, or the transform fails on one of them."""
        wanted = self.tables.wanted(key)
        others = [self.tables.wanted(other) for other in map(key_of_id, IDS) if other != key]
        return wanted is None or any(other is None or wanted.keys() & other.keys() for other in others)
