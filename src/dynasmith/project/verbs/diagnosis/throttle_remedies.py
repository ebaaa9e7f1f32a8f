"""What `diagnose throttling --fix` does: on-demand billing, a higher maximum of autoscaling, or one of on-demand. They
are safe: nothing gets less, and each can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Final, Literal

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from dynasmith.engine.metrics.throttle_causes import ThrottledResource
from dynasmith.errors import RunError
from dynasmith.limits import TABLE_MAX_READ_UNITS_PER_SECOND, TABLE_MAX_WRITE_UNITS_PER_SECOND
from dynasmith.plans.consent import Consent
from dynasmith.plans.diff import billing_of
from dynasmith.project.verbs.plan import apply, make_plan
from dynasmith.project.world import World
from dynasmith.tables.table import Autoscaling, Billing, Index, OnDemandMaximum, Scaling, Table, known

Kind = Literal["on demand", "autoscaling", "maximum"]
ROOM: Final = 1.5
"""A raised maximum is twice what it was, and at least so many times what was wanted in the worst minute."""
_CEILING: Final = {"read": TABLE_MAX_READ_UNITS_PER_SECOND, "write": TABLE_MAX_WRITE_UNITS_PER_SECOND}


class Remedy(Struct, frozen=True, kw_only=True):
    """A change that ends a throttling: of the table, or of an index, on one side (``read``, ``write``)."""

    kind: Kind
    words: str
    definition: str
    index: str = ""
    side: str = ""
    units: int = 0

    def is_managed(self, defined: Table) -> bool:
        """Whether a definition says something about what this changes."""
        if self.kind == "on demand":
            return not isinstance(defined.billing, UnsetType)
        holder: Table | Index | None = defined.index(self.index) if self.index else defined
        member = "autoscaling" if self.kind == "autoscaling" else "on_demand_maximum"
        return holder is not None and not isinstance(getattr(holder, member), UnsetType)


def remedy_of(table: Table, seen: ThrottledResource) -> Remedy | None:
    """What may be done about a throttling; None where only a person can do something."""
    side, name = seen.side.lower(), f"the index {seen.index}" if seen.index else f"the table {table.name}"
    holder: Table | Index | None = table.index(seen.index) if seen.index else table
    if holder is None:
        return None
    if seen.cause == "ProvisionedThroughput" and billing_of(table) is Billing.PROVISIONED:
        scaling = _scaling(holder, side)
        capacity = known(holder.capacity, None)
        if scaling is None or capacity is None or getattr(capacity, side) < scaling.max:
            words = f"bill the table {table.name} on demand"
            return Remedy(kind="on demand", words=words, definition="billing_mode: PAY_PER_REQUEST")
        units = _raised(scaling.max, seen.wanted, side)
        return Remedy(
            kind="autoscaling",
            words=f"let {side} capacity of {name} scale up to {units} units",
            definition=f"autoscaling.{side}.max: {units}",
            index=seen.index,
            side=side,
            units=units,
        )
    if seen.cause == "MaxOnDemandThroughput":
        maximum = known(holder.on_demand_maximum, None)
        value = None if maximum is None else getattr(maximum, side)
        if isinstance(value, int):
            units = _raised(value, seen.wanted, side)
            return Remedy(
                kind="maximum",
                words=f"raise the on-demand maximum of {name} to {units} {side} units a second",
                definition=f"on_demand_throughput with {units} {side} units",
                index=seen.index,
                side=side,
                units=units,
            )
    return None


def apply_remedies(world: World, table: Table, remedies: Sequence[Remedy], consent: Consent | None) -> None:
    """Plan and apply them all at once, and wait until they are in effect. Raises what `apply` raises."""
    wanted = Table(name=table.name, key=table.key)
    on_demand = any(each.kind == "on demand" for each in remedies)
    if on_demand:
        wanted = replace(wanted, billing=Billing.ON_DEMAND)
    for each in remedies:
        if each.kind == "maximum" or (each.kind == "autoscaling" and not on_demand):
            wanted = _with(wanted, table, each)
    plan = make_plan(world, [wanted])
    for failure in plan.failures:
        raise RunError(failure.message, hint=failure.hint)
    report = apply(world, plan, consent=consent, fresh=True)
    for error in report.failures.values():
        raise error


def _with(wanted: Table, live: Table, remedy: Remedy) -> Table:
    if not remedy.index:
        return replace(wanted, **_change(wanted, live, remedy))
    index = live.index(remedy.index)
    assert index is not None
    before = next((one for one in known(wanted.indexes, ()) if one.name == remedy.index), None)
    bare = before or Index(name=index.name, key=index.key, projection=index.projection)
    changed = replace(bare, **_change(bare, index, remedy))
    others = tuple(one for one in known(wanted.indexes, ()) if one.name != remedy.index)
    return replace(wanted, indexes=(*others, changed))


def _change(wanted: Table | Index, live: Table | Index, remedy: Remedy) -> dict[str, Autoscaling | OnDemandMaximum]:
    if remedy.kind == "maximum":
        maximum = known(wanted.on_demand_maximum, None) or OnDemandMaximum(read=UNSET, write=UNSET)
        return {"on_demand_maximum": replace(maximum, **{remedy.side: remedy.units})}
    scaling = _scaling(live, remedy.side)
    assert scaling is not None
    autoscaling = known(wanted.autoscaling, None) or Autoscaling()
    return {"autoscaling": replace(autoscaling, **{remedy.side: replace(scaling, max=remedy.units)})}


def _scaling(holder: Table | Index, side: str) -> Scaling | None:
    autoscaling = known(holder.autoscaling, None)
    found = None if autoscaling is None else getattr(autoscaling, side)
    return found if isinstance(found, Scaling) else None


def _raised(value: int, wanted: float, side: str) -> int:
    return min(max(2 * value, ceil(ROOM * wanted)), max(value, _CEILING[side]))
