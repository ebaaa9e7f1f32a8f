"""`ItemExaminer`: looks at the items of one table, one after the other, and says what it found. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from dynasmith.items.size import item_bytes
from dynasmith.items.wire import RawItem
from dynasmith.tables.table import Index, Table, known
from dynasmith.validate.finding import Finding
from dynasmith.validate.item_checks import CENSUS
from dynasmith.validate.item_faults import IndexKeyCounter, PartitionCounter, SizeCounter, TimeToLiveCounter
from dynasmith.validate.item_findings import AttributeCount, ItemCensus
from dynasmith.validate.item_sample import ItemSampleSize
from dynasmith.validate.personal_examiner import PersonalExaminer

Tree = Mapping[str, Any]
NAMES_MAX: Final = 500
"""So many names of attributes are counted; maps of users, written as attributes, would be without end."""
MORE_MAX: Final = 10_000
"""So many further names are told apart."""
LISTED_MAX: Final = 25
"""So many are named in the sentence; the rest is in the fields."""


class ItemExaminer:
    """Holds items against a table and its definition.

    ``live`` is the table as described, ``desired`` its definition: indexes and a TTL that only the definition has are
    looked at too, so that what would be left out is known before. ``now`` is in seconds since 1970; ``limit`` is how
    many keys are shown for each fault.
    """

    def __init__(self, live: Table, desired: Table | None, *, now: float, limit: int) -> None:
        self._table = live
        self._names = [part.name for part in (*live.key.partition, *live.key.sort)]
        self._sizes = SizeCounter(live.name, limit)
        self._partitions = (
            [PartitionCounter(live.name, "key_schema", live.key.partition, "table")] if live.key.sort else []
        )
        attribute = (known(desired.time_to_live, None) if desired is not None else None) or known(
            live.time_to_live, None
        )
        self._ttl = TimeToLiveCounter(live.name, attribute, now, limit) if attribute else None
        self._indexes = [(look, None) for look in self._local_looks(live, limit)]
        self._global: list[tuple[IndexKeyCounter, PartitionCounter]] = []
        for index in _indexes(live, desired):
            path = f"global_secondary_indexes.{index.name}"
            self._global.append(
                (
                    IndexKeyCounter(live.name, path, index.key.partition, index.key.sort, limit),
                    PartitionCounter(live.name, path, index.key.partition, "index"),
                )
            )
        self._personal = PersonalExaminer(live.name, known(desired.personal, ()) if desired is not None else ())
        self._counts: Counter[str] = Counter()
        self._types: dict[str, Counter[str]] = {}
        self._more: set[int] = set()

    @property
    def judges_ttl(self) -> bool:
        """Whether there is a TTL attribute to look at."""
        return self._ttl is not None

    @staticmethod
    def _local_looks(live: Table, limit: int) -> Iterator[IndexKeyCounter]:
        for index in known(live.local_indexes, ()):
            yield IndexKeyCounter(live.name, f"local_secondary_indexes.{index.name}", (), index.key.sort, limit)

    def add(self, raw: RawItem | bytes, tree: Tree) -> None:
        """Look at one item: its wire bytes, and what they say. About 30 us for 12 attributes."""
        self._sizes.add(item_bytes(raw), tree, self.key)
        if self._ttl is not None:
            self._ttl.add(tree, self.key)
        for partition in self._partitions:
            partition.add(tree)
        for look, _ in self._indexes:
            look.add(tree, self.key)
        for look, partition in self._global:
            if look.add(tree, self.key):
                partition.add(tree)
        self._personal.add(tree)
        for name, value in tree.items():
            self._count(name, value)

    def key(self, tree: Tree) -> dict[str, str]:
        """The key of an item, as it is shown."""
        return {name: str(next(iter(tree[name].values()))) for name in self._names if name in tree}

    def _count(self, name: str, value: Mapping[str, Any]) -> None:
        if name not in self._types:
            if len(self._types) >= NAMES_MAX:
                if len(self._more) < MORE_MAX:
                    self._more.add(hash(name))
                return
            self._types[name] = Counter()
        (kind,) = value
        self._types[name][kind] += 1

    def findings(self, sample: ItemSampleSize) -> list[Finding]:
        """Everything that was found, and what was read."""
        faults = [self._sizes.fault, *([self._ttl.fault] if self._ttl is not None else [])]
        for look in (*(look for look, _ in self._indexes), *(look for look, _ in self._global)):
            faults += [look.wrong, look.missing]
        found: list[Finding] = [self._census(sample)]
        found += [finding for fault in faults for finding in fault.findings(sample)]
        for partition in (*self._partitions, *(partition for _, partition in self._global)):
            found += partition.findings(sample)
        return [*found, *self._personal.findings(sample)]

    def _census(self, sample: ItemSampleSize) -> ItemCensus:
        counted = [
            AttributeCount(name=name, items=sum(types.values()), types=dict(types.most_common()))
            for name, types in self._types.items()
        ]
        counted.sort(key=lambda each: (-each.items, each.name))
        average = round(self._sizes.total / sample.items) if sample.items else 0
        listed = ", ".join(_attribute(each, sample.items) for each in counted[:LISTED_MAX])
        left = len(counted) + len(self._more) - LISTED_MAX
        more = f" and {left:,} more" if left > 0 else ""
        sizes = f" They have {average:,} bytes on average, the largest {self._sizes.largest:,}." if sample.items else ""
        attributes = f" Attributes: {listed}{more}." if counted else ""
        return ItemCensus(
            table=self._table.name,
            code=CENSUS.code,
            severity="notice",
            path="",
            why=f"{sample.sentence}{sizes}{attributes} {CENSUS.why}",
            fix=CENSUS.fix,
            items=sample.items,
            items_estimate=sample.estimate,
            sampled=not sample.whole,
            read_units=sample.read_units,
            average_bytes=average,
            largest_bytes=self._sizes.largest,
            attributes=counted,
            more_attributes=len(self._more),
        )


def _attribute(counted: AttributeCount, items: int) -> str:
    types = "/".join(counted.types)
    share = "" if counted.items == items else f" {counted.items / items:.1%}" if items else ""
    return f"{counted.name} {types}{share}"


def _indexes(live: Table, desired: Table | None) -> Iterator[Index]:
    """The global indexes that the table has, and those that its definition has besides."""
    there = {index.name: index for index in known(live.indexes, ())}
    wanted = known(desired.indexes, ()) if desired is not None else ()
    yield from (there | {index.name: index for index in wanted}).values()
