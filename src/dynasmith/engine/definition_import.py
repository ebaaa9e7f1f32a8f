"""`import`: from a live table to the wish that it fulfils, without what no wish should hold."""

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from dynasmith.plans.simulate import created
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import (
    Autoscaling,
    Billing,
    Consistency,
    Index,
    OnDemandMaximum,
    Replica,
    Scaling,
    Table,
    TableClass,
    known,
)


def as_definition(description: TableDescription) -> Table:
    """The definition of a live table: it plans empty against it.

    Left out: warm throughput, which grows by itself; capacity of on-demand tables; what could not be read; ceilings
    where there are none.
    """
    live = _describable(description.table)
    provisioned = live.billing is Billing.PROVISIONED
    return replace(
        live,
        capacity=live.capacity if provisioned else UNSET,
        on_demand_maximum=_ceiling(live.on_demand_maximum, provisioned=provisioned),
        warm=UNSET,
        tags=_own_tags(live.tags),
        autoscaling=_scaling(live.autoscaling, provisioned=provisioned),
        indexes=tuple(_index(index, provisioned=provisioned) for index in known(live.indexes, ())),
        replicas=tuple(_replica(replica, live) for replica in known(live.replicas, ())),
        consistency=live.consistency if live.consistency is Consistency.STRONG else UNSET,
    )


def without_defaults(table: Table) -> Table:
    """The definition of `as_definition` without what a new table of that key has by itself; it plans empty too."""
    new = as_definition(TableDescription(table=created(Table(name=table.name, key=table.key)), status="ACTIVE"))
    same = {
        field: UNSET
        for field in Table.__struct_fields__
        if field not in ("name", "key") and getattr(table, field) == getattr(new, field)
    }
    return replace(table, **same)


def _describable(live: Table) -> Table:
    """A provisioned table with replicas whose writes nothing is seen to scale (none does, or it could not be read):
    no definition may say so, hence its billing and its capacities are left unmanaged."""
    scaled = isinstance(known(live.autoscaling, Autoscaling()).write, Scaling)
    if live.billing is not Billing.PROVISIONED or not known(live.replicas, ()) or scaled:
        return live
    indexes = tuple(replace(each, capacity=UNSET, autoscaling=UNSET) for each in known(live.indexes, ()))
    return replace(live, billing=UNSET, capacity=UNSET, autoscaling=UNSET, indexes=indexes)


def _own_tags(tags: dict[str, str] | UnsetType) -> dict[str, str] | UnsetType:
    """Tags of AWS's own cannot be set, so no definition has them."""
    if isinstance(tags, UnsetType):
        return UNSET
    return {name: value for name, value in tags.items() if not name.startswith("aws:")}


def _ceiling(ceiling: OnDemandMaximum | UnsetType, *, provisioned: bool) -> OnDemandMaximum | UnsetType:
    return UNSET if provisioned or ceiling == OnDemandMaximum() else ceiling


def _scaling(scaling: Autoscaling | UnsetType, *, provisioned: bool) -> Autoscaling | UnsetType:
    """None at all needs no words; a target that is left on an on-demand table does nothing there."""
    if not provisioned or isinstance(scaling, UnsetType) or (scaling.read is None and scaling.write is None):
        return UNSET
    return scaling


def _index(index: Index, *, provisioned: bool) -> Index:
    return replace(
        index,
        capacity=index.capacity if provisioned else UNSET,
        on_demand_maximum=_ceiling(index.on_demand_maximum, provisioned=provisioned),
        warm=UNSET,
        autoscaling=_scaling(index.autoscaling, provisioned=provisioned),
    )


def _replica(replica: Replica, live: Table) -> Replica:
    same_class = replica.table_class == known(live.table_class, TableClass.STANDARD)
    return replace(replica, table_class=UNSET if same_class else replica.table_class)
