"""What the verbs know about a table beside its items: its key, its size, how fast it may be read and written."""

from collections.abc import Mapping
from math import inf

import msgspec

from dynasmith.engine.transfer.pacer import Rates
from dynasmith.errors import UsageError
from dynasmith.items.key import KeyPart, KeySchema
from dynasmith.jobs.steer import UnitKind, ceiling, start_rate
from dynasmith.jobs.table_identity import TableIdentity
from dynasmith.ports.items import ItemAccess
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Billing, Capacity, Key, OnDemandMaximum, Warm, known

SHARE = 0.5
"""How much of provisioned capacity a job takes without a limit, so that live traffic keeps the rest."""


class TableEnd(msgspec.Struct, frozen=True):
    """A table at one end of a flow: as it was described, and the access to it."""

    description: TableDescription
    access: ItemAccess

    @property
    def name(self) -> str:
        """The physical name."""
        return self.description.table.name

    @property
    def key(self) -> KeySchema:
        """The key of its items."""
        return key_schema(self.description.table.key)

    @property
    def identity(self) -> TableIdentity:
        """Which table it is: a name is not enough."""
        described = self.description
        return TableIdentity(name=self.name, where=self.access.where, arn=described.arn, table_id=described.table_id)

    @property
    def expires(self) -> str:
        """The TTL attribute; empty where TTL is off or unknown."""
        return known(self.description.table.time_to_live, None) or ""


def key_schema(key: Key) -> KeySchema:
    """The key of a definition as the key of items."""
    return KeySchema(
        tuple(KeyPart(part.name, part.type) for part in key.partition),
        tuple(KeyPart(part.name, part.type) for part in key.sort),
    )


def check_ends(source: TableEnd, target: TableEnd, *, transforms: bool) -> None:
    """Refuse what cannot be meant: one table on both sides, another key without a transform. Raises UsageError."""
    if source.access.where == target.access.where and source.name == target.name:
        raise UsageError(
            f"Source and target are the same table, {source.name}.",
            hint=f"dynasmith backfill {source.name} changes items in place",
        )
    if source.key != target.key and not transforms:
        raise UsageError(
            f"Table {target.name} has the key {_shown(target.key)}, and {source.name} has {_shown(source.key)}.",
            hint="give a transform that makes the new key",
        )


def _shown(key: KeySchema) -> str:
    return ", ".join(f"{part.name} ({part.type})" for part in key.parts)


def rates(end: TableEnd, side: UnitKind, asked: float | None, *, share: float = SHARE) -> Rates:
    """How fast a side of a job begins and may go: what was asked for, else the table's share and the quota.

    ``asked`` may be infinite for no limit at all. Indexes that have a capacity of their own get a rate of their own on
    the write side, because an index that is too slow throttles its table.
    """
    if asked == inf:
        return Rates()
    table = end.description.table
    provisioned = _provisioned(table.billing, table.capacity, side)
    most = ceiling(side, asked=asked, provisioned=provisioned, share=share)
    limit = _maximum(table.on_demand_maximum, side)
    most = most if limit is None else min(most, limit)
    first = start_rate(side, provisioned=provisioned, warm=_warm(table.warm, side), share=share)
    return Rates(min(first, most) if asked is None else most, most, _index_rates(end, side, share, asked is not None))


def index_read_rates(end: TableEnd, index: str, *, share: float = SHARE) -> Rates:
    """How fast an index is read without a limit: by its own capacity; a local index has the table's."""
    table = end.description.table
    own = next((each.capacity for each in known(table.indexes, ()) if each.name == index), None)
    provisioned = _provisioned(table.billing, own, "read")
    if provisioned is None:
        return rates(end, "read", None, share=share)
    most = ceiling("read", provisioned=provisioned, share=share)
    return Rates(min(start_rate("read", provisioned=provisioned, share=share), most), most, {})


def _index_rates(end: TableEnd, side: UnitKind, share: float, asked: bool) -> Mapping[str, tuple[float, float]]:
    if side == "read" or asked:
        return {}
    found: dict[str, tuple[float, float]] = {}
    table = end.description.table
    for index in known(table.indexes, ()):
        provisioned = _provisioned(table.billing, index.capacity, side)
        if provisioned is not None:
            most = ceiling(side, provisioned=provisioned, share=share)
            found[index.name] = (most, most)
    return found


def _provisioned(billing: object, capacity: object, side: UnitKind) -> float | None:
    if billing is not Billing.PROVISIONED or not isinstance(capacity, Capacity):
        return None
    return float(capacity.read if side == "read" else capacity.write)


def _maximum(limit: object, side: UnitKind) -> float | None:
    if not isinstance(limit, OnDemandMaximum):
        return None
    units = known(limit.read if side == "read" else limit.write, None)
    return None if units is None else float(units)


def _warm(warm: object, side: UnitKind) -> float | None:
    units = (warm.read if side == "read" else warm.write) if isinstance(warm, Warm) else None
    # ministack says 0, which would mean that the table serves nothing.
    return float(units) if isinstance(units, int) and units > 0 else None
