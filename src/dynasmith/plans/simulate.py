"""`simulate`: what a step leaves behind, without a service. The planner's own proof that its order arrives.

``diff(d, simulate_all(arrange(diff(d, c), d, c), c)) == ()`` is a property test, and so is that each prefix of a plan
is a table that may exist.
"""

from collections.abc import Sequence
from typing import Any, assert_never

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from dynasmith.errors import UsageError
from dynasmith.limits import (
    NEW_ON_DEMAND_READ_UNITS_PER_SECOND,
    NEW_ON_DEMAND_WRITE_UNITS_PER_SECOND,
)
from dynasmith.plans import step as s
from dynasmith.plans.change import Dimension
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
    """What CreateTable makes of a wish, as it would be described: every setting has a value."""
    provisioned = wish.billing is Billing.PROVISIONED
    return Table(
        name=wish.name,
        key=wish.key,
        billing=known(wish.billing, Billing.ON_DEMAND),
        capacity=wish.capacity if provisioned else UNSET,
        on_demand_maximum=known(wish.on_demand_maximum, OnDemandMaximum()),
        warm=_warm(wish.warm, WARM_ON_DEMAND),
        autoscaling=NO_SCALING,
        indexes=tuple(_built(index, provisioned=provisioned) for index in known(wish.indexes, ())),
        local_indexes=known(wish.local_indexes, ()),
        tags=dict(known(wish.tags, {})),
        replicas=(),
        consistency=Consistency.EVENTUAL,
        **{setting.field: _of_new(setting, wish) for setting in SETTINGS},
    )


def _of_new(setting: AnySetting, wish: Table) -> Any:
    return known(setting.of(wish), setting.off) if setting.in_create_table else setting.off


def _warm(wanted: Warm | UnsetType, there: Warm) -> Warm:
    wish = known(wanted, Warm())
    return Warm(
        read=max(known(wish.read, 0), known(there.read, 0)), write=max(known(wish.write, 0), known(there.write, 0))
    )


def _built(index: Index, *, provisioned: bool) -> Index:
    return Index(
        name=index.name,
        key=index.key,
        projection=index.projection,
        capacity=index.capacity if provisioned else UNSET,
        on_demand_maximum=known(index.on_demand_maximum, OnDemandMaximum()),
        warm=_warm(index.warm, WARM_ON_DEMAND),
        autoscaling=NO_SCALING,
    )


def _called(step: s.Call, table: Table) -> Table:
    match step:
        case s.CallCreateTable():
            return created(step.table)
        case s.CallBilling():
            return _billed(step, table)
        case s.CallCapacity():
            return _on_parts(table, "capacity", step.table, step.indexes)
        case s.CallOnDemandMaximum():
            return _on_parts(table, "on_demand_maximum", step.table, step.indexes)
        case s.CallWarm():
            return _on_parts(table, "warm", step.table, step.indexes)
        case s.CallCreateIndex():
            built = _built(step.index, provisioned=table.billing is Billing.PROVISIONED)
            return replace(table, indexes=(*known(table.indexes, ()), built))
        case s.CallDeleteIndex():
            return replace(table, indexes=tuple(i for i in known(table.indexes, ()) if i.name != step.name))
        case s.CallTag():
            return replace(table, tags=known(table.tags, {}) | step.tags)
        case s.CallUntag():
            return replace(table, tags={k: v for k, v in known(table.tags, {}).items() if k not in step.keys})
        case s.CallRegisterScaling() | s.CallScalingPolicy():
            return _scaled(table, step.index, step.dimension, step.scaling)
        case s.CallDeregisterScaling():
            return _scaled(table, step.index, step.dimension, None)
        case s.CallCreateReplica():
            return _replicated(step, table)
        case s.CallUpdateReplica():
            return replace(table, replicas=tuple(_updated(r, step) for r in known(table.replicas, ())))
        case s.CallDeleteReplica():
            return replace(table, replicas=tuple(r for r in known(table.replicas, ()) if r.region != step.region))
        case s.CallPutItem() | s.CallDeleteItem():
            return table
        case SettingCall():
            return setting_of(step).after(step, table)
        case _:
            assert_never(step)


def _billed(step: s.CallBilling, table: Table) -> Table:
    """Provisioned needs a capacity everywhere; on demand has none."""
    indexes = tuple(
        replace(index, capacity=step.index_capacities.get(index.name, UNSET)) for index in known(table.indexes, ())
    )
    return replace(table, billing=step.billing, capacity=step.capacity, indexes=indexes)


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


def _scaled(table: Table, index: str | None, dimension: Dimension, scaling: Scaling | None) -> Table:
    if scaling is not None:
        scaling = replace(
            scaling,
            scale_in_cooldown_seconds=known(scaling.scale_in_cooldown_seconds, 0),
            scale_out_cooldown_seconds=known(scaling.scale_out_cooldown_seconds, 0),
        )
    if index is None:
        return replace(table, autoscaling=replace(known(table.autoscaling, NO_SCALING), **{dimension: scaling}))
    indexes = tuple(
        replace(i, autoscaling=replace(known(i.autoscaling, NO_SCALING), **{dimension: scaling}))
        if i.name == index
        else i
        for i in known(table.indexes, ())
    )
    return replace(table, indexes=indexes)


def _replicated(step: s.CallCreateReplica, table: Table) -> Table:
    added = tuple(
        Replica(
            region=replica.region,
            recovery=False,
            deletion_protection=False,
            table_class=known(replica.table_class, known(table.table_class, TableClass.STANDARD)),
            key=replica.key,
        )
        for replica in step.replicas
    )
    return replace(
        table,
        replicas=known(table.replicas, ()) + added,
        consistency=known(step.consistency, known(table.consistency, Consistency.EVENTUAL)),
        witness_region=step.witness_region,
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
