"""How long a step usually takes, and what a change costs, as far as either can be known beforehand."""

import math
from collections.abc import Sequence

from msgspec import UnsetType
from msgspec.structs import replace

from dynasmith.limits import WRITE_UNIT_BYTES
from dynasmith.plans import change as c
from dynasmith.plans import step as s
from dynasmith.plans.capacity import index_capacity, scaling_of, table_capacity
from dynasmith.plans.paths import path_of
from dynasmith.tables.description import TableDescription
from dynasmith.tables.prices import GIGABYTE, Prices
from dynasmith.tables.settings import setting_of
from dynasmith.tables.settings.base import CostEstimate, SettingChange, SettingWait, WaitTable
from dynasmith.tables.table import Billing, Capacity, Index, Scaling, Table, known

HOURS_A_MONTH = 730


def usual_seconds(step: s.Step, size_bytes: int) -> tuple[int, int]:
    """The least and the most seconds that a step usually takes on the service: experience, not a promise.

    Building an index grows with the table, of which there are ``size_bytes``: some 10 GB an hour at the slow end.
    """
    match step:
        case s.WaitIndex():
            return (60, 600 + math.ceil(size_bytes / (10 * GIGABYTE)) * 3600)
        case s.WaitIndexGone():
            return (30, 600)
        case s.WaitReplica():
            return (120, 1200 + math.ceil(size_bytes / (10 * GIGABYTE)) * 3600)
        case s.WaitReplicaGone():
            return (60, 1200)
        case WaitTable():
            return (5, 60)
        case SettingWait():
            return step.usual_seconds
        case _:
            return (0, 2)


def estimate(
    change: c.Change, description: TableDescription | None, prices: Prices, desired: Table | None = None
) -> CostEstimate | None:
    """What ``change`` costs, or None where it costs nothing by itself. Sizes and counts are the service's estimates;
    what cannot be known is None in the estimate, never 0. ``desired`` says how an index that is to be made is billed.
    """
    path = path_of(change)
    match change:
        case c.CreateTable():
            return _new_table(change.table, path, prices)
        case c.AddIndex():
            return _index_build(change.index, path, description, prices, desired)
        case c.RebuildIndex():
            return _index_build(change.after, path, description, prices, desired)
        case c.SetBilling():
            return _billing(change, path, prices)
        case c.SetCapacity():
            read, write = change.after.read - change.before.read, change.after.write - change.before.write
            basis = f"{read:+,d} read and {write:+,d} write units"
            return CostEstimate(path=path, basis=basis, monthly=_monthly(read, write, prices))
        case c.SetAutoscaling():
            return _scaled(change, path, prices)
        case c.AddReplica():
            return CostEstimate(
                path=path, basis="storage, and every write again in that Region", once=None, monthly=None
            )
        case c.RaiseWarm():
            return CostEstimate(path=path, basis="a single charge for the raise", once=None)
        case SettingChange():
            return setting_of(change).price(change, description, prices)
        case _:
            return None


def _new_table(table: Table, path: str, prices: Prices) -> CostEstimate | None:
    if known(table.billing, Billing.ON_DEMAND) is Billing.ON_DEMAND:
        return None
    capacities = [table_capacity(table), *(index_capacity(table, index.name) for index in known(table.indexes, ()))]
    parts: list[Table | Index] = [table, *known(table.indexes, ())]
    scaled = any(isinstance(scaling_of(part, side), Scaling) for part in parts for side in ("read", "write"))
    return _provisioned(capacities, path, prices, "; autoscaling may raise them" if scaled else "")


def _provisioned(capacities: Sequence[Capacity], path: str, prices: Prices, more: str = "") -> CostEstimate:
    """What so much capacity costs, of a table and its indexes together."""
    read = sum(capacity.read for capacity in capacities)
    write = sum(capacity.write for capacity in capacities)
    indexes = ", indexes included" if len(capacities) > 1 else ""
    basis = f"{read:,} read and {write:,} write units provisioned{indexes}{more}"
    return CostEstimate(path=path, basis=basis, monthly=_monthly(read, write, prices))


def _billing(change: c.SetBilling, path: str, prices: Prices) -> CostEstimate:
    if change.after is Billing.ON_DEMAND:
        return CostEstimate(path=path, basis="every request from then on, none for capacity", monthly=None)
    if isinstance(change.capacity, UnsetType):
        return CostEstimate(path=path, basis="the provisioned capacity, which is not known", monthly=None)
    return _provisioned([change.capacity, *change.index_capacities.values()], path, prices)


def _scaled(change: c.SetAutoscaling, path: str, prices: Prices) -> CostEstimate | None:
    """The least that autoscaling keeps provisioned; what it adds, nobody knows."""
    if change.after is None:
        return None
    least, most = change.after.min, change.after.max
    units = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    read, write = (least, 0) if change.dimension == "read" else (0, least)
    basis = f"{units} {change.dimension} units kept by autoscaling{'' if least == most else '; priced at the least'}"
    return CostEstimate(path=path, basis=basis, monthly=_monthly(read, write, prices))


def _monthly(read: int, write: int, prices: Prices) -> float | None:
    if prices.provisioned_read_unit_hour is None or prices.provisioned_write_unit_hour is None:
        return None
    hourly = read * prices.provisioned_read_unit_hour + write * prices.provisioned_write_unit_hour
    return round(hourly * HOURS_A_MONTH, 2)


def _index_build(
    index: Index, path: str, description: TableDescription | None, prices: Prices, desired: Table | None
) -> CostEstimate:
    """Every item that has the key is written to the index once; at most all of them, whole. A provisioned index keeps
    its capacity besides."""
    if description is None:
        return CostEstimate(path=path, basis="no items yet")
    live = description.table
    billing = known(live.billing if desired is None else desired.billing, known(live.billing, Billing.ON_DEMAND))
    capacity = index_capacity(replace(live, indexes=(index,)), index.name) if billing is Billing.PROVISIONED else None
    kept = "" if capacity is None else f", {capacity.read:,} read and {capacity.write:,} write units provisioned"
    held = 0.0 if capacity is None else _monthly(capacity.read, capacity.write, prices)
    count, size = description.item_count_estimate, description.size_bytes_estimate
    if count == 0:
        basis = f"the service counts no items (its count is up to 6 hours old){kept}"
        return CostEstimate(path=path, basis=basis, once=None, monthly=held)
    units = count * max(1, math.ceil(size / count / WRITE_UNIT_BYTES))
    price, per_month = prices.million_write_units, prices.storage_gigabyte_month
    unknown = per_month is None or held is None
    return CostEstimate(
        path=path,
        basis=f"at most {units:,} write units to fill it, {size:,} bytes to keep{kept}",
        once=None if price is None else round(units / 1_000_000 * price, 2),
        monthly=None if unknown else round(size / GIGABYTE * (per_month or 0.0) + (held or 0.0), 2),
    )
