"""Sub-settings that a definition does not mention: what is there is kept, by the calls that say a whole too."""

from typing import TypeVar

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from dynasmith.plans.change import Dimension
from dynasmith.tables.table import Autoscaling, Billing, Index, OnDemandMaximum, Scaling, Table, known

TARGET_PERCENT = 70.0
"""The share of the capacity that a new policy aims at where the definition does not mention one."""

Part = TypeVar("Part", Table, Index)
DIMENSIONS: tuple[Dimension, ...] = ("read", "write")


def completed(desired: Table, current: Table | None) -> Table:
    """``desired`` with the parts of its settings that it does not mention as they are live, else as they begin."""
    live = {} if current is None else {index.name: index for index in known(current.indexes, ())}
    indexes = desired.indexes
    if not isinstance(indexes, UnsetType):
        indexes = tuple(_part(index, live.get(index.name)) for index in indexes)
    return replace(_part(desired, current), indexes=indexes)


def whole_maximum(wanted: OnDemandMaximum, there: OnDemandMaximum | UnsetType) -> OnDemandMaximum:
    """The ceilings with the one that is not mentioned as it is; none where there is none."""
    live = known(there, OnDemandMaximum())
    return OnDemandMaximum(
        read=known(live.read, None) if isinstance(wanted.read, UnsetType) else wanted.read,
        write=known(live.write, None) if isinstance(wanted.write, UnsetType) else wanted.write,
    )


def whole_scaling(wanted: Scaling, there: Scaling | UnsetType | None) -> Scaling:
    """Autoscaling with the live target where none is mentioned. Cooldowns stay unmentioned: what sends a policy carries
    them over from the one that is there."""
    if not isinstance(wanted.target, UnsetType):
        return wanted
    live = there.target if isinstance(there, Scaling) else UNSET
    return replace(wanted, target=known(live, TARGET_PERCENT))


def inherited(index: Index, live: Index, *, billing: Billing) -> Index:
    """An index that is built again, with what its definition does not mention as the live one has it."""
    provisioned = billing is Billing.PROVISIONED
    ceilings = live.on_demand_maximum
    kept = {
        "capacity": live.capacity if provisioned else UNSET,
        "on_demand_maximum": UNSET if provisioned or ceilings == OnDemandMaximum() else ceilings,
        "autoscaling": _scaled(live.autoscaling) if provisioned else UNSET,
        "contributor_insights": UNSET if live.contributor_insights is False else live.contributor_insights,
    }
    return replace(
        index, **{name: value for name, value in kept.items() if isinstance(getattr(index, name), UnsetType)}
    )


def _scaled(live: Autoscaling | UnsetType) -> Autoscaling | UnsetType:
    """The autoscaling that is on; a new index has none to turn off."""
    if isinstance(live, UnsetType) or not any(isinstance(getattr(live, side), Scaling) for side in DIMENSIONS):
        return UNSET
    return live


def _part(desired: Part, current: Table | Index | None) -> Part:
    ceilings, scaling = desired.on_demand_maximum, desired.autoscaling
    live_scaling = UNSET if current is None else current.autoscaling
    if not isinstance(ceilings, UnsetType):
        ceilings = whole_maximum(ceilings, UNSET if current is None else current.on_demand_maximum)
    if not isinstance(scaling, UnsetType):
        sides = {side: _side(scaling, live_scaling, side) for side in DIMENSIONS}
        scaling = Autoscaling(**sides)
    return replace(desired, on_demand_maximum=ceilings, autoscaling=scaling)


def _side(scaling: Autoscaling, live: Autoscaling | UnsetType, dimension: Dimension) -> Scaling | UnsetType | None:
    wanted: Scaling | UnsetType | None = getattr(scaling, dimension)
    there: Scaling | UnsetType | None = getattr(known(live, Autoscaling()), dimension)
    return whole_scaling(wanted, there) if isinstance(wanted, Scaling) else wanted
