"""A table in use and the one that it replaced, which follows it, in memory, around the shipped inverse: capture, drain,
announced writes, and what others still write to the old table. Every choice is made by a `Random`.
"""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

import msgspec

from dynasmith.engine.replacement.capture import StreamCapture
from dynasmith.engine.replacement.dirty_set import DirtySet
from dynasmith.engine.replacement.drain import Drain
from dynasmith.engine.replacement.inverse_mapping import InverseMapping
from dynasmith.engine.replacement.inverse_tables import InverseTables
from dynasmith.engine.replacement.item_mapping import ItemMapping
from dynasmith.engine.replacement.late_writes import LateWrites
from dynasmith.engine.replacement.mark_spool import MarkSpool
from dynasmith.engine.replacement.marks import BY_LATE, FollowedRecords
from dynasmith.engine.replacement.own_write_log import OwnWriteLog
from dynasmith.engine.replacement.own_writes import OwnWrites
from dynasmith.engine.replacement.owned_tables import OwnedTables
from dynasmith.errors import ConditionFailed
from dynasmith.items.key import KeySchema, canonical_key
from dynasmith.items.transform import Transform
from dynasmith.items.wire import RawItem
from dynasmith.ports.model_items import ItemsPage
from replacement.model import IDS, MAILS, SOURCE, FakeStream, Killed, MemoryLog, StreamedTable, mapping_of

OLD, NEW = "old", "new"
Function = Callable[[Any, Any], Any]


def _same(item: Any, _ctx: Any) -> Any:
    return item


def _unnumbered(item: Any, _ctx: Any) -> Any:
    return {name: item[name] for name in item if name != "number"}


INVERSES: dict[str, Function | None] = {
    "identity": None,
    "new key": _same,
    "number key": _unnumbered,
    "drop": _same,
    "lossy": _same,
}
"""The inverse of each kind of transform; "lossy" drops an attribute that nothing brings back."""


def inverse_of(kind: str, forward: ItemMapping) -> InverseMapping:
    """The shipped mapping of the way back."""
    function = INVERSES[kind]
    if function is None or forward.transform is None:
        return InverseMapping(forward, None)
    return InverseMapping(forward, Transform(function, forward.transform.ctx, target=SOURCE))


class FakeService:
    """`ModelItems` over the two tables. ``before`` is called before each call: others write then, or the process is
    killed. Understands the conditions and updates that the shipped code sends. ``came`` is told what a late write
    changed: the item before, and after."""

    def __init__(
        self,
        tables: Mapping[str, tuple[StreamedTable, KeySchema]],
        before: Callable[[], None],
        came: Callable[[Any, Any], None],
    ) -> None:
        self._tables, self._before, self._came = tables, before, came

    def call(self, operation: str, table: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """PutItem, UpdateItem and DeleteItem."""
        self._before()
        held, schema = self._tables[table]
        tree = request.get("Item") or request["Key"]
        key = canonical_key(RawItem(msgspec.json.encode(tree)), schema)
        standing = None if key not in held.items else msgspec.json.decode(held.items[key])
        if not _holds(request, standing or {}):
            raise ConditionFailed("The condition did not hold.", operation=operation)
        made = None
        if operation == "PutItem":
            made = request["Item"]
        elif operation == "UpdateItem":
            made = _updated(request, standing)
        held.write(key, made)
        if table == NEW:
            self._came(standing, made)
        return {"Attributes": standing} if standing else {}

    def read_keys(
        self, table: str, keys: Sequence[Mapping[str, Any]], *, consistent: bool
    ) -> tuple[Sequence[RawItem], list[int]]:
        """Strongly."""
        assert consistent
        self._before()
        held, schema = self._tables[table]
        names = [canonical_key(RawItem(msgspec.json.encode(key)), schema) for key in keys]
        return [held.items[name] for name in names if name in held.items], []

    def page(self, operation: str, table: str, request: Mapping[str, Any]) -> ItemsPage:
        """Nothing of the model reads pages."""
        raise AssertionError((operation, table, request))

    def query_all(
        self, table: str, requests: Sequence[Mapping[str, Any]], *, queries_at_once: int, items_max: int | None = None
    ) -> list[list[RawItem]]:
        """Nor does it query."""
        raise AssertionError((table, requests, queries_at_once, items_max))


def _holds(request: Mapping[str, Any], standing: Mapping[str, Any]) -> bool:
    """Whether a conjunction of comparisons holds."""
    names, values = request["ExpressionAttributeNames"], request.get("ExpressionAttributeValues", {})
    for term in request["ConditionExpression"].split(" AND "):
        function, _, inner = term.partition("(")
        if inner:
            exists = names[inner.rstrip(")")] in standing
            if exists != (function == "attribute_exists"):
                return False
        else:
            place, _, value = term.partition(" = ")
            if standing.get(names[place]) != values[value]:
                return False
    return True


def _updated(request: Mapping[str, Any], standing: Any) -> Any:
    names, values = request["ExpressionAttributeNames"], request.get("ExpressionAttributeValues", {})
    made, action = dict(standing), ""
    words = request["UpdateExpression"].replace(",", "").split()
    for number, word in enumerate(words):
        if word in ("SET", "REMOVE"):
            action = word
        elif word.startswith("#") and action == "SET":
            made[names[word]] = values[words[number + 2]]
        elif word.startswith("#"):
            made.pop(names[word], None)
    return made


class BackParts:
    """The shipped parts that a model of the way back runs; a test puts wrong ones in their place."""

    late: type[LateWrites] = LateWrites
    tables: type[InverseTables] = InverseTables
    log: type[OwnWriteLog] = OwnWriteLog


class BackModel:
    """The old table follows the new one, since a moment at which both were equal. Each write of a user has a number."""

    def __init__(self, kind: str, rng: Random, parts: BackParts | None = None) -> None:
        self.there = mapping_of(kind)
        self.back, self.parts, self.rng = inverse_of(kind, self.there), parts or BackParts(), rng
        self.old, self.new = StreamedTable(), StreamedTable()
        self.logs = {name: MemoryLog() for name in ("back", "watch", "own")}
        self.hooked, self.wrong = True, ""
        self.number = 0
        self.untouched: dict[bytes, RawItem] = {}
        self.written_late: set[bytes] = set()
        self.late: dict[str, tuple[bytes, str]] = {}
        self.origin: dict[bytes, list[str]] = {}
        for id_ in IDS:
            if rng.random() < 0.7:
                self._begin_with(id_)
        self.start(rng)

    def _begin_with(self, id_: str) -> None:
        tree = self._item(self.rng, id_)
        item = RawItem(msgspec.json.encode(tree))
        made = self.there.items(item)
        if any(place in self.new.items for place in made):
            return
        key = canonical_key(item, SOURCE)
        self.old.items[key] = self.untouched[key] = item
        self.new.items |= made

    def _item(self, rng: Random, id_: str) -> dict[str, Any]:
        self.number += 1
        return {
            "id": {"S": id_},
            "mail": {"S": rng.choice(MAILS)},
            "n": {"N": str(self.number)},
            "places": {"L": [{"S": place} for place in rng.sample(MAILS, 2)]},
        }

    def start(self, rng: Random) -> None:
        """A process begins with what is kept."""
        service = FakeService(
            {OLD: (self.old, SOURCE), NEW: (self.new, self.there.target)}, self._meanwhile, self._came
        )
        own = OwnWrites()
        self.own = self.parts.log(self.logs["own"], own)
        self.settled = False
        self.dirty, self.watched = DirtySet(), DirtySet()
        spool, watch = MarkSpool(self.logs["back"], lambda: 0.0), MarkSpool(self.logs["watch"], lambda: 0.0)
        positions = spool.restore(self.dirty).positions
        stream = FakeStream(self.new, rng)
        self.capture = StreamCapture(stream, FollowedRecords(self.back), self.dirty, spool, positions, lambda: 0.0)
        reader = self.parts.late(self.there, own, OwnedTables(service, OLD, NEW, self.there), service, NEW)
        positions = watch.restore(self.watched, own).positions
        self.watch = StreamCapture(FakeStream(self.old, rng), reader, self.watched, watch, positions, lambda: 0.0)
        tables = self.parts.tables(service, NEW, OLD, self.back)
        self.drain = Drain(self.dirty, self.back, tables, now=lambda: 0.0, own=self.own, forgotten=spool.forgotten)

    def _meanwhile(self) -> None:
        """What others do between two calls."""
        if not self.hooked:
            return
        self.hooked = False
        try:
            chance = self.rng.random()
            if chance < 0.2:
                self.change(self.rng)
            elif chance < 0.3:
                self.write_late(self.rng)
            elif chance < 0.35:
                raise Killed
        finally:
            self.hooked = True

    # --- steps

    def change(self, rng: Random) -> None:
        """The application writes the new table: an item, another place for one, or a deletion."""
        chance = rng.random()
        if chance < 0.3 and self.new.items:
            key = rng.choice(sorted(self.new.items))
            self._touch(self.new.items[key])
            self.new.write(key, None)
            self.origin.setdefault(key, []).append("")
            return
        tree = self._item(rng, rng.choice(IDS))
        made = _new_item(self.there, tree)
        if made is None:
            return
        key = canonical_key(made, self.there.target)
        for item in (self.new.items.get(key), made):
            self._touch(item)
        self.new.write(key, msgspec.json.decode(made))
        self.origin.setdefault(key, []).append(tree["n"]["N"])

    def write_late(self, rng: Random) -> None:
        """Somebody writes the old table, which is not in use."""
        id_ = rng.choice(IDS)
        key = canonical_key(RawItem(msgspec.json.encode({"id": {"S": id_}})), SOURCE)
        standing = self.old.items.get(key)
        self.untouched.pop(key, None)
        self.written_late.add(key)
        if standing is not None and rng.random() < 0.2:
            self.old.write(key, None)
            return
        tree = self._item(rng, id_)
        if standing is not None and rng.random() < 0.7:  # most of them change an item, and do not move it
            tree = msgspec.json.decode(standing) | {"n": tree["n"]}
        has_new = standing is not None and self.back.owner(standing) is not None  # else the transform drops it
        before = msgspec.json.decode(standing)["n"]["N"] if standing is not None and has_new else ""
        self.old.write(key, tree)
        if self.there.items(RawItem(msgspec.json.encode(tree))):
            self.late[tree["n"]["N"]] = (key, before)

    def _touch(self, item: RawItem | None) -> None:
        owner = None if item is None else self.there.owner(item)
        if owner is not None:
            self.untouched.pop(owner, None)

    def _came(self, standing: Any, made: Any) -> None:
        """A late write came over: only onto the item that it had changed."""
        number, key = made["n"]["N"], canonical_key(RawItem(msgspec.json.encode(made)), self.there.target)
        before = "" if standing is None else standing["n"]["N"]
        if number not in self.late:
            self.wrong = f"{number} of our own came over {before or 'nothing'}"
            return
        expected = self.late[number][1]
        if before != expected:
            self.wrong = f"late write {number} was made of {expected or 'nothing'}, and came over {before or 'nothing'}"
        self.origin.setdefault(key, []).append(number)

    def handle(self) -> None:
        """The drain handles some keys."""
        try:
            self.settle()
            self.drain.run(self.rng.randint(1, 3))
        except Killed:
            self.start(self.rng)

    def settle(self) -> None:
        """What a process does before its drain begins."""
        if self.settled:
            return
        self.watch.await_quiet()
        while not self.watch.near:
            self.watch.round()
        self.own.settle()
        self.settled = True

    def look(self) -> None:
        """The stream of the old table is read."""
        try:
            self.watch.round()
        except Killed:
            self.start(self.rng)

    def kill(self, rng: Random) -> None:
        """kill -9: what was in memory is gone."""
        self.start(rng)

    # --- what must hold

    def broken(self) -> str:
        """What is wrong at a moment; empty where nothing is."""
        if self.wrong:
            return self.wrong
        unread = {bytes(record.keys) for record in self.new.unread(self.capture.positions)}
        late = {bytes(record.keys) for record in self.old.unread(self.watch.positions)} | self.conflicts()
        for key, item in self.new.items.items():
            if key in self.dirty or key in unread:
                continue
            for place, made in self.back.items(item).items():
                standing = self.old.items.get(place)
                if place not in late and (standing is None or not self.back.same(standing, made)):
                    return f"{place.decode()}: {standing!r} != {made!r}"
        for place, item in self.old.items.items():
            owner = self.back.owner(item)
            if owner is None or owner in self.new.items or owner in self.dirty or owner in unread or place in late:
                continue
            return f"{place.decode()} stands in the old table, and {owner.decode()} does not in the new one"
        for key, item in self.untouched.items():
            if self.old.items.get(key) != item:
                return f"{key.decode()} was written, and nobody had changed it"
        return ""

    def conflicts(self) -> set[bytes]:
        """The keys that are told to be conflicts."""
        return {mark.key for mark in self.watched.marks() if mark.by == BY_LATE}

    def lost(self) -> str:
        """A late write that neither came over nor is a conflict, where everything is read."""
        came = {number for numbers in self.origin.values() for number in numbers}
        for number, (key, _) in self.late.items():
            if number not in came and key not in self.conflicts():
                return f"late write {number} of {key.decode()} is lost"
        return ""

    def end(self) -> str:
        """Read and drain to the end while nobody writes; what is wrong then, empty where nothing is."""
        self.hooked = False
        self.settle()
        self.capture.await_quiet()
        self.watch.await_quiet()
        for _ in range(1000):
            handled = self.drain.run()
            read = self.capture.round() + self.watch.round()
            if not handled and not read and self.capture.quiet and self.watch.quiet:
                break
        else:
            return "it does not end"
        if found := self.broken() or self.lost():
            return found
        for key in self.dirty.blocked:
            if not self._collides(key):
                return f"{key.decode()} is blocked, and nothing stands in its place"
        return "a key waits for ever" if self.dirty.pending else ""

    def _collides(self, key: bytes) -> bool:
        """Whether the old table cannot hold what the new one has: two items want one place, one has no way back, or an
        item stands there that the new table never had, or that somebody wrote late."""
        item = self.new.items.get(key)
        try:
            wanted = {} if item is None else self.back.items(item)
        except Exception:  # whatever an inverse raises
            return True
        for other, each in self.new.items.items():
            try:
                if other != key and wanted.keys() & self.back.items(each).keys():
                    return True
            except Exception:  # the same
                return True
        if wanted.keys() & self.written_late:  # the next run, or a comparison, tries it again
            return True
        return any(self.back.owner(self.old.items[place]) != key for place in wanted if place in self.old.items)


def _new_item(mapping: ItemMapping, tree: dict[str, Any]) -> RawItem | None:
    """An item as an application writes it into the new table."""
    made = list(mapping.items(RawItem(msgspec.json.encode(tree))).values())
    return made[0] if len(made) == 1 else None
