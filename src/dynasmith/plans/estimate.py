"""How long a step usually takes, and what a change costs, as far as either can be known beforehand."""

import math

from dynasmith.limits import WRITE_UNIT_BYTES
from dynasmith.plans import change as c
from dynasmith.plans import step as s
from dynasmith.plans.paths import path_of
from dynasmith.tables.description import TableDescription
from dynasmith.tables.prices import GIGABYTE, Prices
from dynasmith.tables.settings import setting_of
from dynasmith.tables.settings.base import CostEstimate, SettingChange, SettingWait, WaitTable
from dynasmith.tables.table import Billing, Table, known

HOURS_A_MONTH = 730


def usual_seconds(step: s.Step, description: TableDescription | None) -> tuple[int, int]:
    """The least and the most seconds that a step usually takes on the service: experience, not a promise.

    Building an index grows with the table: 5 minutes at least, and some 10 GB an hour at the slow end.
    """
    size = 0 if description is None else description.size_bytes_estimate
    match step:
        case s.WaitIndex():
            return (60, 600 + math.ceil(size / (10 * GIGABYTE)) * 3600)
        case s.WaitIndexGone():
            return (30, 600)
        case s.WaitReplica():
            return (120, 1200 + math.ceil(size / (10 * GIGABYTE)) * 3600)
        case s.WaitReplicaGone():
            return (60, 1200)
        case WaitTable():
            return (5, 60)
        case SettingWait():
            return step.usual_seconds
        case _:
            return (0, 2)


def estimate(change: c.Change, description: TableDescription | None, prices: Prices) -> CostEstimate | None:
    """What ``change`` costs, or None where it costs nothing by itself. Sizes and counts are the service's estimates."""
    path = path_of(change)
    match change:
        case c.CreateTable():
            return _capacity_of_new(change.table, path, prices)
        case c.AddIndex():
            return _index_build(path, description, prices)
        case c.RebuildIndex():
            return _index_build(path, description, prices)
        case c.SetCapacity():
            return CostEstimate(
                path=path,
                basis=f"{change.after.read - change.before.read:+d} read and "
                f"{change.after.write - change.before.write:+d} write units",
                monthly=_monthly(
                    change.after.read - change.before.read, change.after.write - change.before.write, prices
                ),
            )
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


def _capacity_of_new(table: Table, path: str, prices: Prices) -> CostEstimate | None:
    if known(table.billing, Billing.ON_DEMAND) is Billing.ON_DEMAND:
        return None
    capacities = [known(table.capacity, None)] + [known(i.capacity, None) for i in known(table.indexes, ())]
    read = sum(capacity.read for capacity in capacities if capacity)
    write = sum(capacity.write for capacity in capacities if capacity)
    return CostEstimate(
        path=path, basis=f"{read} read and {write} write units provisioned", monthly=_monthly(read, write, prices)
    )


def _monthly(read: int, write: int, prices: Prices) -> float | None:
    if prices.provisioned_read_unit_hour is None or prices.provisioned_write_unit_hour is None:
        return None
    hourly = read * prices.provisioned_read_unit_hour + write * prices.provisioned_write_unit_hour
    return round(hourly * HOURS_A_MONTH, 2)


def _index_build(path: str, description: TableDescription | None, prices: Prices) -> CostEstimate:
    """Every item that has the key is written to the index once; at most all of them, whole."""
    if description is None:
        return CostEstimate(path=path, basis="no items yet")
    count, size = description.item_count_estimate, description.size_bytes_estimate
    if count == 0:
        return CostEstimate(path=path, basis="the service counts no items (its count is up to 6 hours old)", once=None)
    units = count * max(1, math.ceil(size / count / WRITE_UNIT_BYTES))
    price, per_month = prices.million_write_units, prices.storage_gigabyte_month
    return CostEstimate(
        path=path,
        basis=f"at most {units:,} write units to fill it, {size:,} bytes to keep",
        once=None if price is None else round(units / 1_000_000 * price, 2),
        monthly=None if per_month is None else round(size / GIGABYTE * per_month, 2),
    )
