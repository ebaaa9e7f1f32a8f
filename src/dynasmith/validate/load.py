"""What a table and its indexes consumed over days, and what that costs under either billing mode. Pure."""

from math import ceil
from typing import Final, Literal

from msgspec import Struct

from dynasmith.tables.prices import Prices

LOAD_DAYS: Final = 14
LOAD_DAYS_MIN: Final = 7
"""Of less than a week no month can be told: there is no weekend in it."""
HOURS_A_MONTH: Final = 730
TARGET: Final = 0.7
"""What autoscaling keeps the use at, by default (Application Auto Scaling user guide, target tracking for DynamoDB)."""
_HOUR: Final = 3_600


class ResourceLoad(Struct, frozen=True, kw_only=True):
    """What a table (``index`` is empty) or an index consumed on one side: units by the hour, and in each hour the
    largest rate of five minutes in units a second. Hours without any are left out."""

    index: str
    side: Literal["read", "write"]
    units: tuple[float, ...] = ()
    peaks: tuple[float, ...] = ()


class LoadCost(Struct, frozen=True, kw_only=True):
    """US dollars a month for the capacity of a table and its indexes."""

    on_demand: float
    provisioned: float


def load_cost(load: tuple[ResourceLoad, ...], days: float, prices: Prices) -> LoadCost | None:
    """What a month of this load costs on demand, and provisioned with autoscaling that keeps the use at 70 % and
    follows within the hour; None where a price is not known."""
    million = {"read": prices.million_read_units, "write": prices.million_write_units}
    hour = {"read": prices.provisioned_read_unit_hour, "write": prices.provisioned_write_unit_hour}
    if None in (*million.values(), *hour.values()):
        return None
    months = days * 24 / HOURS_A_MONTH
    on_demand = sum(sum(each.units) * (million[each.side] or 0.0) / 1e6 for each in load)
    provisioned = sum(_unit_hours(each, days) * (hour[each.side] or 0.0) for each in load)
    return LoadCost(on_demand=on_demand / months, provisioned=provisioned / months)


def _unit_hours(load: ResourceLoad, days: float) -> float:
    """Capacity units times hours; at least one unit in every hour."""
    used = [max(1, ceil(peak / TARGET)) for peak in load.peaks]
    return sum(used) + max(0.0, days * 24 - len(used))
