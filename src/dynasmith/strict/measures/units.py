"""What a call consumes: read and write units in the service's rounding, of the table and of each index."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dynasmith.strict.measures.sizes import item_bytes, text_bytes, value_bytes
from dynasmith.strict.state.state import StrictIndex, StrictLocalIndex, StrictTable

# Developer guide, "DynamoDB read and write operations": one write unit is 1 KB, one read unit 4 KB, consistently.
WRITE_UNIT_BYTES = 1024
READ_UNIT_BYTES = 4096


@dataclass(slots=True)
class ConsumedUnits:
    """Units by resource of one table: "" is the table itself, else an index."""

    by_resource: dict[str, float] = field(default_factory=dict)

    def add(self, resource: str, units: float) -> None:
        """Add units of a resource."""
        self.by_resource[resource] = self.by_resource.get(resource, 0.0) + units

    @property
    def total(self) -> float:
        """Units of the table and all indexes."""
        return sum(self.by_resource.values())

    def scaled(self, factor: float) -> "ConsumedUnits":
        """The same, times a factor (a transaction costs twice)."""
        return ConsumedUnits({name: units * factor for name, units in self.by_resource.items()})


def write_units(size_bytes: int) -> int:
    """Write units of an item of that size."""
    return max(1, -(-size_bytes // WRITE_UNIT_BYTES))


def read_units(size_bytes: int, *, consistent: bool) -> float:
    """Read units of that many bytes, rounded up to 4 KB once; an empty read costs one unit (half for eventual)."""
    units = max(1, -(-size_bytes // READ_UNIT_BYTES))
    return float(units) if consistent else units / 2


def projected_bytes(
    table: StrictTable, index: StrictIndex | StrictLocalIndex, item: Mapping[str, Any], whole: int
) -> int | None:
    """The size of an item's entry in an index, or None when the item is not in it (a key attribute is missing)."""
    if any(name not in item for name, _ in index.key_schema):
        return None
    if index.projection.get("ProjectionType", "ALL") == "ALL":
        return whole
    return sum(text_bytes(name) + value_bytes(item[name]) for name in _kept(table, index, item) if name in item)


def put_units(table: StrictTable, item: Mapping[str, Any], whole: int) -> ConsumedUnits:
    """What writing an item costs where none was before (what was there is not known here: a larger old item, or one
    that leaves an index, costs more).
    """
    consumed = ConsumedUnits({"": float(write_units(whole))})
    for index in table.gsis.values():
        size = projected_bytes(table, index, item, whole)
        if size is not None:
            consumed.add(index.name, write_units(size))
    for local in table.lsis.values():
        size = projected_bytes(table, local, item, whole)
        if size is not None:
            consumed.add("", write_units(size))
    return consumed


def changed_units(
    table: StrictTable, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> ConsumedUnits:
    """What it costs to bring an item from ``before`` to ``after`` (None: it is not there): the larger of both in the
    table, and in each index what is written there: nothing where its entry stays, twice where its key changes.
    """
    sizes = [0 if item is None else item_bytes(item) for item in (before, after)]
    consumed = ConsumedUnits({"": float(write_units(max(sizes)))})
    indexes: list[StrictIndex | StrictLocalIndex] = [*table.gsis.values(), *table.lsis.values()]
    for index in indexes:
        old, new = (
            None if item is None else projected_bytes(table, index, item, size)
            for item, size in zip((before, after), sizes, strict=True)
        )
        units = 0
        if old is None or new is None or before is None or after is None:
            units = sum(write_units(size) for size in (old, new) if size is not None)
        elif any(before[name] != after[name] for name, _ in index.key_schema):
            units = write_units(old) + write_units(new)
        elif any(before.get(name) != after.get(name) for name in _kept(table, index, {*before, *after})):
            units = write_units(max(old, new))
        if units:
            consumed.add(index.name if index.name in table.gsis else "", units)
    return consumed


def _kept(table: StrictTable, index: StrictIndex | StrictLocalIndex, names: Iterable[str]) -> set[str]:
    """Those of the names that an index keeps."""
    kind = index.projection.get("ProjectionType", "ALL")
    if kind == "ALL":
        return set(names)
    more = index.projection.get("NonKeyAttributes") or () if kind == "INCLUDE" else ()
    return {*(name for name, _ in index.key_schema), *table.keys, *more}


def failed_units(standing: Mapping[str, Any] | None) -> ConsumedUnits:
    """What a write costs whose condition did not hold: the item that stood there (developer guide, working with items:
    at least one unit).
    """
    return ConsumedUnits({"": float(write_units(0 if standing is None else item_bytes(standing)))})


def said_units(said: Any) -> ConsumedUnits | None:
    """The units that an engine's ConsumedCapacity says; a list of them is added up."""
    several = said if isinstance(said, list) else [said]
    consumed = ConsumedUnits()
    for one in several:
        if not isinstance(one, dict) or "CapacityUnits" not in one:
            return None
        indexes = one.get("GlobalSecondaryIndexes") or {}
        for name, part in indexes.items():
            consumed.add(name, float(part.get("CapacityUnits", 0)))
        consumed.add("", float(one["CapacityUnits"]) - sum(float(p.get("CapacityUnits", 0)) for p in indexes.values()))
    return consumed


def wire(table: str, consumed: ConsumedUnits, locals_: Iterable[str], *, indexes: bool) -> dict[str, Any]:
    """ConsumedCapacity of a reply."""
    value: dict[str, Any] = {"TableName": table, "CapacityUnits": consumed.total}
    if indexes:
        local = set(locals_)
        value["Table"] = {"CapacityUnits": consumed.by_resource.get("", 0.0)}
        parts = {name: {"CapacityUnits": units} for name, units in consumed.by_resource.items() if name}
        for member, names in (
            ("GlobalSecondaryIndexes", parts.keys() - local),
            ("LocalSecondaryIndexes", parts.keys() & local),
        ):
            if names:
                value[member] = {name: parts[name] for name in names}
    return value
