"""One table of an erasure: passes over it, each of which finds and deletes, until one finds nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any, Final

from msgspec.json import decode

from dynasmith.engine.erasure.erasure_pace import ErasurePace
from dynasmith.engine.transfer.erasure_world import ErasureWorld
from dynasmith.engine.waiter import StopFlag, rest
from dynasmith.errors import ConditionFailed, RunError
from dynasmith.items.condition.condition import Condition, Expressions
from dynasmith.items.condition.tree import Node, Path
from dynasmith.items.key import encode_key, key_of
from dynasmith.items.lazy import LazyItem
from dynasmith.items.wire import RawItem
from dynasmith.jobs.erasure_recipe import ErasedTable, PersonQuery

SEGMENTS: Final = 8
"""Parts of a table that are read at the same time."""
DELETES_AT_ONCE: Final = 8
QUIET_SECONDS: Final = 1.0
"""Between the two reads of an index that must find nothing: it is eventually consistent."""
STALE_SECONDS_MAX: Final = 60.0
"""How long an index may show items that are gone."""
PASSES_MAX: Final = 100
"""Passes that may find items: more are items that somebody keeps writing."""


class TableErasure:
    """``check`` raises where the run must stop; ``keep`` is told the hashes of keys before their items are deleted.

    ``left`` counts items that others changed between the look at them and their deletion, so that they are not the
    person's any more.
    """

    def __init__(
        self, table: ErasedTable, at: ErasureWorld, check: Callable[[], None], keep: Callable[[list[str]], None]
    ) -> None:
        self._at, self._check, self._keep = at, check, keep
        self._index = table.by.index
        self._name, self._key = at.table(table)
        self._query: PersonQuery = at.query(table)
        self._lock = Lock()
        self.pace = ErasurePace(*at.rates(table), at.clock, self._checked)
        self._keys: dict[str, Mapping[str, Any]] = {}
        self._left: set[str] = set()
        self._stopped = False
        self.read_units = self.write_units = 0.0

    @property
    def left(self) -> int:
        """How many items were left."""
        return len(self._left)

    def run(self) -> None:
        """Pass after pass. Raises RunError where items keep appearing or an index keeps showing what is gone."""
        waited, pause, quiet = 0.0, 0.2, 0
        for _ in range(PASSES_MAX):
            self._check()
            shown, deleted = self._pass()
            if not shown:
                quiet += 1
                if not self._index or (quiet > 1 and not self._again()):
                    return
                rest(QUIET_SECONDS, self._at.clock, StopFlag())
                continue
            quiet = 0
            if not deleted:
                if waited >= STALE_SECONDS_MAX:
                    raise RunError(
                        f"Index {self._index} of {self._name} still shows {shown:,} items that are gone.",
                        hint="it is late; run the same command again",
                    )
                rest(pause, self._at.clock, StopFlag())
                waited, pause = waited + pause, min(pause * 1.6, 5.0)
        raise RunError(
            f"Items of the person keep appearing in {self._name}.", hint="stop what writes them, and run it again"
        )

    def _pass(self) -> tuple[int, int]:
        """Read all there is and delete it: how many items were shown, and how many were there."""
        if self._query.key is not None:
            return self._segment({})
        parts = [{"Segment": number, "TotalSegments": SEGMENTS} for number in range(SEGMENTS)]
        with ThreadPoolExecutor(SEGMENTS, thread_name_prefix="dynasmith-erase") as pool:
            try:
                done = list(pool.map(self._segment, parts))
            except BaseException:
                self._stopped = True
                raise
        return sum(shown for shown, _ in done), sum(deleted for _, deleted in done)

    def _checked(self) -> None:
        """Raise where the run must not go on; from any thread."""
        with self._lock:
            self._check()

    def _segment(self, part: Mapping[str, Any]) -> tuple[int, int]:
        shown = deleted = 0
        for keys in self.pages(part):
            shown += len(keys)
            deleted += self._delete(keys)
        return shown, deleted

    def pages(self, part: Mapping[str, Any]) -> Iterator[list[Mapping[str, Any]]]:
        """The keys of what is the person's, page after page."""
        request = {**self._request(), **part}
        operation = "Scan" if self._query.key is None else "Query"
        while not self._stopped:
            self._checked()
            taken = self.pace.leave("read")
            page = self._at.items.page(operation, self._name, request)
            self.pace.settle("read", taken, page.units)
            with self._lock:
                self.read_units += page.units
            if page.items:
                yield [self._key_of(item) for item in page.items]
            if page.last_key is None:
                return
            request = {**request, "ExclusiveStartKey": page.last_key}

    def _request(self) -> dict[str, Any]:
        """What every page asks for: the keys of what is the person's."""
        made, query = Expressions(), self._query
        request: dict[str, Any] = {}
        if query.key is not None:
            request["KeyConditionExpression"] = made.of([query.key])
        if query.filter is not None:
            request["FilterExpression"] = made.of([query.filter])
        request["ProjectionExpression"] = made.paths([Path((name,)) for name in self._key.names])
        request |= {"IndexName": self._index} if self._index else {"ConsistentRead": True}
        return request | _placeholders(made)

    def _key_of(self, item: RawItem) -> Mapping[str, Any]:
        return dict(decode(encode_key(key_of(item, self._key), self._key)))

    def _delete(self, keys: Sequence[Mapping[str, Any]]) -> int:
        """Delete the items of a page, each while it is the person's; how many were there."""
        hashes = [self._at.hashed(self._name, key) for key in keys]
        with self._lock:
            self._keys |= dict(zip(hashes, keys, strict=True))
            self._keep(hashes)
        with ThreadPoolExecutor(DELETES_AT_ONCE, thread_name_prefix="dynasmith-erase") as pool:
            return sum(pool.map(self._deleted, hashes, keys))

    def _deleted(self, hashed: str, key: Mapping[str, Any]) -> bool:
        request: dict[str, Any] = {"Key": key, "ReturnConsumedCapacity": "TOTAL"}
        if self._query.still is not None:
            made = Expressions()
            request["ConditionExpression"] = made.of([self._query.still])
            request |= {"ReturnValuesOnConditionCheckFailure": "ALL_OLD", **_placeholders(made)}
        taken = self.pace.leave("write")
        try:
            answer = self._at.items.call("DeleteItem", self._name, request)
        except ConditionFailed as failed:
            if getattr(failed, "item", None):
                with self._lock:
                    self._left.add(hashed)
            return False
        units = float((answer.get("ConsumedCapacity") or {}).get("CapacityUnits", 0.0))
        self.pace.settle("write", taken, units)
        with self._lock:
            self._left.discard(hashed)
            self.write_units += units
        return True

    def _again(self) -> int:
        """Read every item that was found once more, strongly, in the table itself: how many are the person's still, or
        again. They are deleted."""
        keys, still = list(self._keys.values()), Condition(_needed(self._query.still))
        found: list[Mapping[str, Any]] = []
        pending = [keys[start : start + 100] for start in range(0, len(keys), 100)]
        while pending:
            self._check()
            some = pending.pop()
            self.pace.settle("read", self.pace.leave("read"), len(some))
            items, left = self._at.items.read_keys(self._name, some, consistent=True)
            found += [self._key_of(item) for item in items if still.matches(LazyItem(item))]
            pending += [[some[place] for place in left]] if left else []
        return self._delete(found) if found else 0


def found_keys(table: ErasedTable, at: ErasureWorld) -> tuple[int, float]:
    """How many items of the person there are by a key, and what reading them cost. Deletes nothing."""
    work = TableErasure(table, at, lambda: None, lambda _hashes: None)
    return sum(len(keys) for keys in work.pages({})), work.read_units


def _needed(node: Node | None) -> Node:
    assert node is not None, "an index is asked by a key"
    return node


def _placeholders(made: Expressions) -> dict[str, Any]:
    names: dict[str, Any] = {"ExpressionAttributeNames": made.names} if made.names else {}
    return names | ({"ExpressionAttributeValues": made.values} if made.values else {})
