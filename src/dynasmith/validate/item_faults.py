"""What can be wrong about many items of a table, whatever its classes say: pure, an item after the other.

Each look counts, keeps a few keys as examples and knows its table; memory does not grow with the table.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from dynasmith.items.expiry import EXPIRY_REACH_SECONDS
from dynasmith.items.number import number_parts
from dynasmith.limits import ITEM_MAX_BYTES, PARTITION_KEY_VALUE_MAX_BYTES, SORT_KEY_VALUE_MAX_BYTES
from dynasmith.tables.table import KeyAttribute
from dynasmith.validate.finding import Severity
from dynasmith.validate.item_checks import HOT, INDEX_KEYS, SIZES, TTL, ItemCheck
from dynasmith.validate.item_findings import ItemsFinding
from dynasmith.validate.item_sample import ItemSampleSize

Tree = Mapping[str, Any]
Key = Callable[[Tree], dict[str, str]]
NEAR_BYTES: Final = ITEM_MAX_BYTES * 9 // 10
"""From this size on an item is near the limit: the next attribute may be the one that is refused."""
HOT_SHARE: Final = 0.1
"""A partition that holds more of the items than this is reported (design)."""
HOT_ITEMS_MIN: Final = 100
"""Of fewer items no share is told."""
TOO_FAR_SECONDS: Final = 100 * 365 * 86_400
"""A time so far ahead is milliseconds, or a mistake (design)."""
COUNTERS_MAX: Final = 2_000
"""So many partitions are counted at a time; one with a share above `HOT_SHARE` stays (Misra and Gries, 1982)."""
_SHORT_TEXT: Final = 32


@dataclass(slots=True)
class ItemFault:
    """One kind of fault: how many items have it, by the way in which they do, and some of their keys."""

    check: ItemCheck
    table: str
    path: str
    severity: Severity
    what: str
    limit: int
    ways: dict[str, int] = field(default_factory=dict)
    count: int = 0
    keys: list[dict[str, str]] = field(default_factory=list)

    def add(self, way: str, key: dict[str, str]) -> None:
        """One more item."""
        self.count += 1
        self.ways[way] = self.ways.get(way, 0) + 1
        if len(self.keys) < self.limit:
            self.keys.append(key)

    def findings(self, sample: ItemSampleSize) -> Iterator[ItemsFinding]:
        """The finding, where an item has the fault."""
        if not self.count:
            return
        ways = "; ".join(f"{number:,} {way}" for way, number in sorted(self.ways.items(), key=lambda each: -each[1]))
        message = f"{self.count:,} of {sample.of} {self.what}: {ways}."
        keys = sorted(self.keys, key=repr)
        yield ItemsFinding.of(
            self.check, self.table, self.path, self.severity, message, sample, count=self.count, keys=keys
        )


class TimeToLiveCounter:
    """Values of the TTL attribute that never delete their item."""

    def __init__(self, table: str, attribute: str, now: float, limit: int) -> None:
        self._attribute, self._now = attribute, now
        self.fault = ItemFault(
            TTL, table, "time_to_live", "warning", f"have a value of {attribute} that TTL ignores", limit
        )

    def add(self, tree: Tree, key: Key) -> None:
        """Look at one item. An item without the attribute is meant to stay."""
        value = tree.get(self._attribute)
        way = "" if value is None else self._way(value)
        if way:
            self.fault.add(way, key(tree))

    def _way(self, value: Mapping[str, Any]) -> str:
        if "N" not in value:
            (kind,) = value
            return f"of type {kind}, not N"
        parts = number_parts(value["N"])
        if parts is None:
            return "not a number"
        negative, digits, exponent = parts
        if exponent < 0:
            return "with a fraction of a second"
        if negative or digits == "0":
            return "zero or negative"
        if len(digits) + exponent > _SHORT_TEXT or int(digits) * 10**exponent > self._now + TOO_FAR_SECONDS:
            return "more than a hundred years ahead (milliseconds, where seconds are meant)"
        return "more than five years past" if int(digits) * 10**exponent < self._now - EXPIRY_REACH_SECONDS else ""


class IndexKeyCounter:
    """Attributes that are the key of an index: of another type than it takes, or too long; and how many lack them."""

    def __init__(
        self, table: str, path: str, partition: tuple[KeyAttribute, ...], sort: tuple[KeyAttribute, ...], limit: int
    ) -> None:
        self._parts = [
            *((each, PARTITION_KEY_VALUE_MAX_BYTES) for each in partition),
            *((each, SORT_KEY_VALUE_MAX_BYTES) for each in sort),
        ]
        name = path.partition(".")[2]
        wrong, missing = (
            f"do not fit the key of index {name}",
            f"are not in index {name}, as they lack a part of its key",
        )
        self.wrong = ItemFault(INDEX_KEYS, table, path, "warning", wrong, limit)
        self.missing = ItemFault(INDEX_KEYS, table, path, "notice", missing, limit)

    def add(self, tree: Tree, key: Key) -> bool:
        """Look at one item; whether it is in the index."""
        absent = [part.name for part, _ in self._parts if part.name not in tree]
        ways = [
            way for part, most in self._parts if part.name in tree and (way := _key_way(tree[part.name], part, most))
        ]
        if ways:
            self.wrong.add(ways[0], key(tree))
        elif absent:
            self.missing.add(f"without {' and '.join(absent)}", key(tree))
        return not ways and not absent


def _key_way(value: Mapping[str, Any], part: KeyAttribute, most: int) -> str:
    if part.type not in value:
        (kind,) = value
        return f"with {part.name} of type {kind}, not {part.type}"
    if part.type == "N":
        return ""
    text = str(value[part.type])
    size = len(text.encode()) if part.type == "S" else len(text) * 3 // 4 - text.count("=", -2)
    if not size:
        return f"with an empty {part.name}"
    return f"with {part.name} of more than {most:,} bytes" if size > most else ""


class SizeCounter:
    """Items near the limit of 400 KB, and how large items are."""

    def __init__(self, table: str, limit: int) -> None:
        self.largest = self.total = 0
        self.fault = ItemFault(SIZES, table, "", "warning", "are near the limit of 400 KB", limit)

    def add(self, size: int, tree: Tree, key: Key) -> None:
        """Look at one item of that many bytes."""
        self.total += size
        self.largest = max(self.largest, size)
        if size >= NEAR_BYTES:
            self.fault.add("of 360 KB or more", key(tree))


class PartitionCounter:
    """Partitions of the table, or of an index, that hold much of its items."""

    def __init__(
        self, table: str, path: str, partition: tuple[KeyAttribute, ...], kind: Literal["table", "index"]
    ) -> None:
        self._table, self._path, self._kind = table, path, kind
        self._names = [part.name for part in partition]
        self._counts: dict[tuple[str, ...], int] = {}
        self._items = 0

    def add(self, tree: Tree) -> None:
        """Count one item that is there."""
        self._items += 1
        key = tuple(next(map(str, tree[name].values())) for name in self._names)
        counts = self._counts
        if key in counts or len(counts) < COUNTERS_MAX:
            counts[key] = counts.get(key, 0) + 1
            return
        for each in list(counts):
            counts[each] -= 1
            if not counts[each]:
                del counts[each]

    def findings(self, sample: ItemSampleSize) -> Iterator[ItemsFinding]:
        """A finding for each partition that holds more than `HOT_SHARE` of the items, the largest first."""
        if self._items < HOT_ITEMS_MIN:
            return
        large = sorted(((count, key) for key, count in self._counts.items()), reverse=True)
        for count, key in large:
            if count <= self._items * HOT_SHARE:
                return
            share = f"{count / self._items:.0%}"
            where = "the table" if self._kind == "table" else f"index {self._path.partition('.')[2]}"
            of = f"at least {count:,} of {self._items:,}"
            message = f"One partition key has {share} of the items of {where} that were read: {of}."
            shown = dict(zip(self._names, key, strict=True))
            yield ItemsFinding.of(HOT, self._table, self._path, "warning", message, sample, count=count, keys=[shown])
