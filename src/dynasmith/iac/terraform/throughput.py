"""Ceilings and warm throughput, of a table or an index, as the provider says them."""

from __future__ import annotations

from typing import Final

from msgspec import UnsetType

from dynasmith.iac.hcl import HclBlock, Value
from dynasmith.tables.table import OnDemandMaximum, Warm, known

WARM: Final = "version 5 of the provider knows no warm throughput"


def on_demand(maximum: OnDemandMaximum) -> HclBlock | None:
    """The `on_demand_throughput` block; -1 means no ceiling. None where nothing is set."""
    body: list[tuple[str, Value]] = []
    for name, units in (("read", maximum.read), ("write", maximum.write)):
        if not isinstance(units, UnsetType):
            body.append((f"max_{name}_request_units", -1 if units is None else units))
    return HclBlock(("on_demand_throughput",), tuple(body)) if body else None


def warm_units(warm: Warm | UnsetType) -> dict[str, int | None]:
    """The units of warm throughput by the provider's names; None where nothing is said."""
    said = known(warm, Warm())
    return {"read_units_per_second": known(said.read, None), "write_units_per_second": known(said.write, None)}
