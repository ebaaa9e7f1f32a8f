"""`simulate`: what a step leaves behind, without a service. The planner's own proof that its order arrives.

``diff(d, simulate_all(arrange(diff(d, c), d, c), c)) == ()`` is a property test, and so is that each prefix of a plan
is a table that may exist.
"""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar, assert_never

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from dynasmith.errors import UsageError
from dynasmith.limits import (
    NEW_ON_DEMAND_READ_UNITS_PER_SECOND,
    NEW_ON_DEMAND_WRITE_UNITS_PER_SECOND,
)
from dynasmith.plans import step as s
from dynasmith.tables.settings import SETTINGS, AnySetting, setting_of
from dynasmith.tables.settings.base import SettingCall
from dynasmith.tables.table import (
    Autoscaling,
    Billing,
    Capacity,
    Consistency,
    Index,
    OnDemandMaximum,
    Replica,
    Scaling,
    Table,
    TableClass,
    Warm,
    known,
)

Part = TypeVar("Part", Table, Index)
WARM_ON_DEMAND = Warm(read=NEW_ON_DEMAND_READ_UNITS_PER_SECOND, write=NEW_ON_DEMAND_WRITE_UNITS_PER_SECOND)
NO_SCALING = Autoscaling(read=None, write=None)


def simulate_all(steps: Sequence[s.Step], table: Table | None) -> Table | None:
    """What all of ``steps`` leave behind, one after the other."""
    for step in steps:
        table = simulate(step, table)
    return table


def simulate(step: s.Step, table: Table | None) -> Table:
    """What ``step`` leaves behind of ``table``. Pure; waits change nothing. Items are not part of a `Table` that is."""
    if isinstance(step, s.CallCreateTable):
        return created(step.table)
    if table is None:
        raise UsageError("Only a create step can be simulated where the table does not exist.")
    if isinstance(step, s.Wait):
        return table
    return _called(step, table)


def created(wish: Table) -> Table:
    """What CreateTable makes of a wish, as it would be described: every setting has a value, and lists are by name."""
    provisioned = wish.billing is Billing.PROVISIONED
    made = Table(name=wish.name, key=wish.key, autoscaling=NO_SCALING, warm=WARM_ON_DEMAND, contributor_insights=False)
    return Table(
        name=wish.name,
        key=wish.key,
        billing=known(wish.billing, Billing.ON_DEMAND),
        capacity=wish.capacity if provisioned else UNSET,
        on_demand_maximum=known(wish.on_demand_maximum, OnDemandMaximum()),
        warm=_warm(wish.warm, _first_warm(wish.capacity if provisioned else UNSET)),
        autoscaling=NO_SCALING,
        indexes=_by_name(_built(index, made, provisioned=provisioned) for index in known(wish.indexes, ())),
        local_indexes=tuple(sorted(known(wish.local_indexes, ()), key=lambda index: index.name)),
        tags=dict(known(wish.tags, {})),
        replicas=(),
        **{setting.field: _of_new(setting, wish) for setting in SETTINGS},
    )


def _of_new(setting: AnySetting, wish: Table) -> Any:
    return known(setting.of(wish), setting.off) if setting.in_create_table else setting.off


def _by_name(indexes: Iterable[Index]) -> tuple[Index, ...]:
    return tuple(sorted(indexes, key=lambda index: index.name))


def _first_warm(capacity: Capacity | UnsetType) -> Warm:
    """What is served at once from the start: the capacity, or what on-demand billing gives."""
    return WARM_ON_DEMAND if isinstance(capacity, UnsetType) else Warm(read=capacity.read, write=capacity.write)


def _grown(there: Warm | UnsetType, least: Warm) -> Warm | UnsetType:
    """Warm throughput never falls, and grows with the capacity; one that is not described stays so."""
    return there if isinstance(there, UnsetType) else _warm(least, there)


def grown_on_demand(there: Warm) -> Warm:
    """Warm throughput once a table is billed on demand: at least what a new one has."""
    return _warm(WARM_ON_DEMAND, there)


def _warm(wanted: Warm | UnsetType, there: Warm) -> Warm:
    wish = known(wanted, Warm())
    return Warm(
        read=max(known(wish.read, 0), known(there.read, 0)), write=max(known(wish.write, 0), known(there.write, 0))
    )


def _built(index: Index, table: Table, *, provisioned: bool) -> Index:
    """A new index of ``table``, as a reader of that table describes it: what is not read of the table (autoscaling,
    warm throughput, insights) is not read of its indexes."""
    capacity = index.capacity if provisioned else UNSET
    return Index(
        name=index.name,
        key=index.key,
        projection=index.projection,
        capacity=capacity,
        on_demand_maximum=known(index.on_demand_maximum, OnDemandMaximum()),
        warm=UNSET if isinstance(table.warm, UnsetType) else _warm(index.warm, _first_warm(capacity)),
        autoscaling=UNSET if isinstance(table.autoscaling, UnsetType) else NO_SCALING,
        contributor_insights=UNSET if isinstance(table.contributor_insights, UnsetType) else False,
    )


def _called(step: s.Call, table: Table) -> Table:
    match step:
        case s.CallCreateTable():
            return created(step.table)
        case s.CallBilling():
            return _billed(step, table)
        case s.CallCapacity():
            return _capacities(step, table)
        case s.CallOnDemandMaximum():
            return _on_parts(table, "on_demand_maximum", step.table, step.indexes)
        case s.CallWarm():
            return _on_parts(table, "warm", step.table, step.indexes)
        case s.CallCreateIndex():
            built = _built(step.index, table, provisioned=table.billing is Billing.PROVISIONED)
            return replace(table, indexes=_by_name((*known(table.indexes, ()), built)))
        case s.CallDeleteIndex():
            return replace(table, indexes=tuple(i for i in known(table.indexes, ()) if i.name != step.name))
        case s.CallTag():
            return _tagged(step, table)
        case s.CallUntag():
            return _tagged(step, table)
        case s.CallRegisterScaling() | s.CallScalingPolicy() | s.CallDeregisterScaling():
            return _scaled(step, table)
        case s.CallCreateReplica():
            return _replicated(step, table)
        case s.CallUpdateReplica():
            return replace(table, replicas=tuple(_updated(r, step) for r in known(table.replicas, ())))
        case s.CallDeleteReplica():
            left = tuple(r for r in known(table.replicas, ()) if r.region not in (step.region, *known(step.others, ())))
            return replace(table, replicas=left, consistency=table.consistency if left else UNSET)
        case s.CallPutItem() | s.CallDeleteItem():
            return table
        case SettingCall():
            return setting_of(step).after(step, table)
        case _:
            assert_never(step)


def _billed(step: s.CallBilling, table: Table) -> Table:
    """Provisioned needs a capacity everywhere and knows no ceilings; on demand has no capacity."""
    on_demand = step.billing is Billing.ON_DEMAND

    def billed(part: Part, capacity: Capacity | UnsetType) -> Part:
        ceilings = part.on_demand_maximum if on_demand else OnDemandMaximum()
        warm = _grown(part.warm, _first_warm(capacity))
        return replace(part, capacity=capacity, on_demand_maximum=ceilings, warm=warm)

    indexes = tuple(billed(index, step.index_capacities.get(index.name, UNSET)) for index in known(table.indexes, ()))
    return replace(billed(table, step.capacity), billing=step.billing, indexes=indexes)


def _capacities(step: s.CallCapacity, table: Table) -> Table:
    def grown(part: Part) -> Part:
        return replace(part, warm=_grown(part.warm, _first_warm(part.capacity)))

    table = grown(_on_parts(table, "capacity", step.table, step.indexes))
    return replace(table, indexes=tuple(grown(index) for index in known(table.indexes, ())))


def _on_parts(
    table: Table,
    setting: str,
    of_table: Capacity | OnDemandMaximum | Warm | None,
    of_indexes: dict[str, Capacity] | dict[str, OnDemandMaximum] | dict[str, Warm],
) -> Table:
    if of_table is not None:
        table = replace(table, **{setting: of_table})
    indexes = tuple(
        replace(index, **{setting: of_indexes[index.name]}) if index.name in of_indexes else index
        for index in known(table.indexes, ())
    )
    return replace(table, indexes=indexes)


def _scaled(step: s.CallRegisterScaling | s.CallScalingPolicy | s.CallDeregisterScaling, table: Table) -> Table:
    """A target without a policy scales nothing and reads as none; a policy is put over the one that is there."""

    def scaled(part: Part) -> Part:
        there = known(part.autoscaling, NO_SCALING)
        live: Scaling | UnsetType | None = getattr(there, step.dimension)
        if isinstance(step, s.CallDeregisterScaling):
            after: Scaling | UnsetType | None = None
        elif isinstance(step, s.CallRegisterScaling):
            ranged = {"min": step.scaling.min, "max": step.scaling.max}
            after = replace(live, **ranged) if isinstance(live, Scaling) else live
        else:
            after = _over(step.scaling, live)
        return replace(part, autoscaling=replace(there, **{step.dimension: after}))

    if step.index is None:
        return scaled(table)
    indexes = tuple(scaled(i) if i.name == step.index else i for i in known(table.indexes, ()))
    return replace(table, indexes=indexes)


def _over(policy: Scaling, live: Scaling | UnsetType | None) -> Scaling:
    """A policy over the one that is there: what it does not mention stays, and is nothing where there is none."""
    there = live if isinstance(live, Scaling) else Scaling(min=1, max=1)
    cooldowns = ("scale_in_cooldown_seconds", "scale_out_cooldown_seconds")
    kept = {name: known(getattr(policy, name), known(getattr(there, name), 0)) for name in cooldowns}
    return replace(policy, disable_scale_in=known(policy.disable_scale_in, there.disable_scale_in), **kept)


def _replicated(step: s.CallCreateReplica, table: Table) -> Table:
    added = tuple(
        Replica(
            region=replica.region,
            recovery=False,
            deletion_protection=False,
            table_class=known(replica.table_class, known(table.table_class, TableClass.STANDARD)),
            key=replica.key,
            tags={},
        )
        for replica in step.replicas
    )
    return replace(
        table,
        replicas=known(table.replicas, ()) + added,
        consistency=known(step.consistency, known(table.consistency, Consistency.EVENTUAL)),
        witness_region=step.witness_region,
    )


def _tagged(step: s.CallTag | s.CallUntag, table: Table) -> Table:
    def after(tags: dict[str, str] | UnsetType) -> dict[str, str]:
        if isinstance(step, s.CallTag):
            return known(tags, {}) | step.tags
        return {name: value for name, value in known(tags, {}).items() if name not in step.keys}

    if isinstance(step.region, UnsetType):
        return replace(table, tags=after(table.tags))
    replicas = known(table.replicas, ())
    return replace(
        table, replicas=tuple(replace(r, tags=after(r.tags)) if r.region == step.region else r for r in replicas)
    )


def _updated(replica: Replica, step: s.CallUpdateReplica) -> Replica:
    if replica.region != step.region:
        return replica
    return replace(
        replica,
        table_class=known(step.table_class, replica.table_class),
        recovery=known(step.recovery, replica.recovery),
        deletion_protection=known(step.deletion_protection, replica.deletion_protection),
    )
