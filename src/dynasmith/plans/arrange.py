"""`arrange`: the order in which the service accepts a set of changes, as single calls and waits.

The order is that of docs/design.md, "The order that is always safe":

 1 protection on, recovery on or longer, tags, policy      8 global indexes, one by one: built, then autoscaled
 2 what would fight: autoscaling off, replicas removed     9 global indexes deleted, one by one
 3 index deletes that must go first                       10 table class, encryption
 4 billing, with the capacity of all that stays           11 replicas, each with its settings
 5 capacity up, ceilings, warm throughput                 12 Kinesis, contributor insights
 6 autoscaling of the table                               13 capacity down
 7 stream: off, then on with the new view                 14 items, then TTL, which deletes items
                                                          15 tags removed, recovery off, protection off

One kind of change a call; after each UpdateTable a wait for the table; after an index call a wait for that index, as
the table is ACTIVE again long before (API reference, UpdateTable).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from dynasmith.limits import DEFAULT_QUOTAS, Quotas
from dynasmith.plans.capacity import index_capacity, scaling_of, table_capacity
from dynasmith.plans.change import (
    AddIndex,
    AddReplica,
    Change,
    CreateTable,
    DeleteItem,
    Dimension,
    DropIndex,
    DropReplica,
    DropTags,
    PutItem,
    RaiseWarm,
    RebuildIndex,
    SetAutoscaling,
    SetBilling,
    SetCapacity,
    SetOnDemandMaximum,
    SetReplica,
    SetTags,
)
from dynasmith.plans.quotas import projected_number
from dynasmith.plans.step import (
    CallBilling,
    CallCapacity,
    CallCreateIndex,
    CallCreateReplica,
    CallCreateTable,
    CallDeleteIndex,
    CallDeleteItem,
    CallDeleteReplica,
    CallDeregisterScaling,
    CallOnDemandMaximum,
    CallPutItem,
    CallRegisterScaling,
    CallScalingPolicy,
    CallTag,
    CallUntag,
    CallUpdateReplica,
    CallWarm,
    Step,
    WaitIndex,
    WaitIndexGone,
    WaitReplica,
    WaitReplicaGone,
)
from dynasmith.tables.settings import SETTINGS, setting_of
from dynasmith.tables.settings.base import ChangeBase, Phase, SettingChange, WaitTable
from dynasmith.tables.settings.contributor_insights import insights_difference
from dynasmith.tables.table import Billing, Capacity, Consistency, Index, LocalIndex, Replica, Scaling, Table, known

C = TypeVar("C", bound=ChangeBase)
DIMENSIONS: tuple[Dimension, ...] = ("read", "write")


def arrange(
    changes: Sequence[Change], desired: Table, current: Table | None, *, quotas: Quotas = DEFAULT_QUOTAS
) -> tuple[Step, ...]:
    """The calls and waits that make ``changes``, in an order that the service accepts. Pure.

    ``ReplaceTable`` and ``Conflict`` have no steps: they are refused before. What is removed goes first only where the
    account's ``quotas``, or an attribute's type, force it to.
    """
    if current is None:
        return tuple(_creation(changes, desired))
    return tuple(_alteration(changes, desired, current, quotas))


def pick(changes: Sequence[Change], kind: type[C]) -> list[C]:
    """The changes of one kind, in their order."""
    return [change for change in changes if isinstance(change, kind)]


# --- a new table


def creatable(desired: Table) -> Table:
    """``desired`` with the billing and the capacities that CreateTable must be told."""
    if known(desired.billing, Billing.ON_DEMAND) is Billing.ON_DEMAND:
        return replace(desired, billing=Billing.ON_DEMAND)
    indexes = desired.indexes
    if not isinstance(indexes, UnsetType):
        indexes = tuple(
            replace(index, capacity=index_capacity(desired, index.name), on_demand_maximum=UNSET) for index in indexes
        )
    # A ceiling does nothing here and the call would be refused with it; it waits until billing changes.
    return replace(desired, capacity=table_capacity(desired), indexes=indexes, on_demand_maximum=UNSET)


def _creation(changes: Sequence[Change], desired: Table) -> Iterator[Step]:
    for change in pick(changes, CreateTable):
        yield CallCreateTable(table=creatable(change.table))
        yield WaitTable()
    phases = _phases((*_after_creation(desired), *_insights_of(known(desired.indexes, ()))))
    yield from phases[Phase.RECOVER]
    yield from phases[Phase.PERMIT]
    yield from _scaling_of_all(desired)
    yield from _add_replicas(known(desired.replicas, ()), desired.consistency, desired.witness_region)
    yield from phases[Phase.SEND_CHANGES]
    yield from phases[Phase.MEASURE]
    yield from _items(changes)
    yield from phases[Phase.EXPIRE]


def _after_creation(desired: Table) -> Iterator[Change]:
    """The changes of the settings that CreateTable does not take, from what a new table has."""
    for setting in SETTINGS:
        value = setting.of(desired)
        if not setting.in_create_table and not isinstance(value, UnsetType):
            change = setting.difference(value, setting.off)
            if change is not None:
                yield change


def _insights_of(built: Iterable[Index]) -> Iterator[Change]:
    """The insights of indexes that are new and have none yet."""
    for index in built:
        wanted = index.contributor_insights
        change = None if isinstance(wanted, UnsetType) else insights_difference(wanted, False, index.name)
        if change is not None:
            yield change


def _phases(changes: Iterable[Change]) -> Mapping[Phase, Sequence[Step]]:
    """The steps of the settings that are one value, by when they may be sent; in the order of the changes."""
    found: dict[Phase, list[Step]] = {phase: [] for phase in Phase}
    for change in changes:
        if isinstance(change, SettingChange):
            for phase, step in setting_of(change).steps(change):
                found[phase].append(step)
    return found


def _scaling_of_all(desired: Table) -> Iterator[Step]:
    yield from _scaling(desired, None)
    for index in known(desired.indexes, ()):
        yield from _scaling(index, index.name)


def _scaling(part: Table | Index, name: str | None) -> Iterator[Step]:
    for dimension in DIMENSIONS:
        scaling = scaling_of(part, dimension)
        if isinstance(scaling, Scaling):
            yield CallRegisterScaling(index=name, dimension=dimension, scaling=scaling)
            yield CallScalingPolicy(index=name, dimension=dimension, scaling=scaling)


# --- a table that is there


def _alteration(changes: Sequence[Change], desired: Table, current: Table, quotas: Quotas) -> Iterator[Step]:
    rebuilds = pick(changes, RebuildIndex)
    built = [c.index if isinstance(c, AddIndex) else c.after for c in changes if isinstance(c, AddIndex | RebuildIndex)]
    phases = _phases((*changes, *_insights_of(built)))
    early = _goes_first(changes, current, quotas)
    tags_first = _too_many_tags(changes, known(current.tags, {}), quotas)
    if tags_first:
        yield from _untag(changes)
    yield from phases[Phase.PROTECT]
    yield from phases[Phase.RECOVER]
    yield from _tag(changes)
    yield from phases[Phase.PERMIT]
    yield from _stop_what_fights(changes)
    if early:
        yield from _delete_indexes([c.index for c in pick(changes, DropIndex)])
    yield from _billing(changes)
    yield from _more(changes)
    yield from _set_scaling([c for c in pick(changes, SetAutoscaling) if c.index is None])
    yield from phases[Phase.STREAM]
    if _types_change(rebuilds):
        yield from _delete_indexes([c.before for c in rebuilds])
    for change in changes:
        if isinstance(change, RebuildIndex) and not _types_change(rebuilds):
            yield from _delete_indexes([change.before])
        if isinstance(change, AddIndex | RebuildIndex):
            yield from _create_index(change.index if isinstance(change, AddIndex) else change.after, desired, current)
    yield from _set_scaling([c for c in pick(changes, SetAutoscaling) if c.index is not None])
    if not early:
        yield from _delete_indexes([c.index for c in pick(changes, DropIndex)])
    yield from phases[Phase.CLASS]
    yield from phases[Phase.ENCRYPT]
    yield from _replicas(changes)
    yield from _replica_tags(changes, current, quotas)
    yield from phases[Phase.SEND_CHANGES]
    yield from phases[Phase.MEASURE]
    yield from _less(changes)
    yield from _items(changes)
    yield from phases[Phase.EXPIRE]
    if not tags_first:
        yield from _untag(changes)
    for item in pick(changes, DeleteItem):
        yield CallDeleteItem(key=item.key, before=item.before)
    yield from phases[Phase.STOP_RECOVERY]
    yield from phases[Phase.UNPROTECT]


def _too_many_tags(
    changes: Sequence[Change], there: Mapping[str, str], quotas: Quotas, region: str | UnsetType = UNSET
) -> bool:
    """Whether the new tags, of the table or of a replica, only fit once the dropped ones are gone."""
    new = {name for change in pick(changes, SetTags) if change.region == region for name in change.after}
    return len(there.keys() | new) > quotas.tags_per_table


def _tag(changes: Sequence[Change], region: str | UnsetType = UNSET) -> Iterator[Step]:
    for tags in pick(changes, SetTags):
        if tags.region == region:
            yield CallTag(tags=tags.after, region=region)


def _untag(changes: Sequence[Change], region: str | UnsetType = UNSET) -> Iterator[Step]:
    for tags in pick(changes, DropTags):
        if tags.region == region:
            yield CallUntag(keys=tuple(sorted(tags.before)), region=region)


def _stop_what_fights(changes: Sequence[Change]) -> Iterator[Step]:
    for scaling in pick(changes, SetAutoscaling):
        if scaling.after is None:
            yield CallDeregisterScaling(index=scaling.index, dimension=scaling.dimension)
    for replica in pick(changes, DropReplica):
        yield CallDeleteReplica(region=replica.replica.region)
        yield WaitReplicaGone(region=replica.replica.region)


def _goes_first(changes: Sequence[Change], current: Table, quotas: Quotas) -> bool:
    """Whether dropped indexes must go before the new ones come: the quota, a type, or a capacity forces it."""
    drops, adds = pick(changes, DropIndex), pick(changes, AddIndex)
    if any(c.after is Billing.PROVISIONED for c in pick(changes, SetBilling)):
        return True
    there = known(current.indexes, ())
    if len(there) + len(adds) > quotas.gsi_per_table:
        return True
    side_by_side: list[Index | LocalIndex] = [*there, *known(current.local_indexes, ())]
    if projected_number([*side_by_side, *(change.index for change in adds)]) > quotas.projected_attributes_per_table:
        return True
    dropped = {(a.name, a.type) for c in drops for a in c.index.key}
    added = {a.name: a.type for c in adds for a in c.index.key}
    added |= {a.name: a.type for c in pick(changes, RebuildIndex) for a in c.after.key}
    return any(name in added and added[name] != kind for name, kind in dropped)


def _types_change(rebuilds: Sequence[RebuildIndex]) -> bool:
    """Whether a rebuild gives an attribute another type: then all rebuilt indexes go before the first comes back."""
    before = {a.name: a.type for c in rebuilds for a in c.before.key}
    return any(before.get(a.name, a.type) != a.type for c in rebuilds for a in c.after.key)


def _delete_indexes(indexes: Sequence[Index]) -> Iterator[Step]:
    for index in indexes:
        for dimension in DIMENSIONS:
            if isinstance(scaling_of(index, dimension), Scaling):
                yield CallDeregisterScaling(index=index.name, dimension=dimension)
        yield CallDeleteIndex(name=index.name)
        yield WaitIndexGone(name=index.name)


def _create_index(index: Index, desired: Table, current: Table) -> Iterator[Step]:
    if known(desired.billing, known(current.billing, Billing.ON_DEMAND)) is Billing.PROVISIONED:
        index = replace(index, capacity=_new_index_capacity(index, desired, current), on_demand_maximum=UNSET)
    attributes = {attribute.name: attribute for attribute in current.key}
    attributes |= {attribute.name: attribute for attribute in index.key}
    yield CallCreateIndex(index=index, attributes=tuple(attributes[name] for name in sorted(attributes)))
    yield WaitIndex(name=index.name)
    yield from _scaling(index, index.name)


def _new_index_capacity(index: Index, desired: Table, current: Table) -> Capacity:
    """As the definition says; where it says nothing, what the table has now."""
    if isinstance(desired.capacity, UnsetType) and isinstance(index.capacity, UnsetType):
        desired = replace(desired, capacity=current.capacity)
    return index_capacity(replace(desired, indexes=(index,)), index.name)


def _billing(changes: Sequence[Change]) -> Iterator[Step]:
    for change in pick(changes, SetBilling):
        yield CallBilling(
            billing=change.after, capacity=change.capacity, index_capacities=dict(change.index_capacities)
        )
        yield WaitTable()


def _more(changes: Sequence[Change]) -> Iterator[Step]:
    capacities = pick(changes, SetCapacity)
    yield from _capacity_call(
        {c.index: _higher(c.before, c.after) for c in capacities if _higher(c.before, c.after) != c.before}
    )
    maxima = {c.index: c.after for c in pick(changes, SetOnDemandMaximum)}
    if maxima:
        indexes = {name: ceiling for name, ceiling in maxima.items() if name is not None}
        yield CallOnDemandMaximum(table=maxima.get(None), indexes=indexes)
        yield WaitTable()
    warm = {c.index: c.after for c in pick(changes, RaiseWarm)}
    if warm:
        yield CallWarm(table=warm.get(None), indexes={name: w for name, w in warm.items() if name is not None})
        yield WaitTable()


def _less(changes: Sequence[Change]) -> Iterator[Step]:
    lowered = [c for c in pick(changes, SetCapacity) if _higher(c.before, c.after) != c.after]
    yield from _capacity_call({c.index: c.after for c in lowered})


def _higher(before: Capacity, after: Capacity) -> Capacity:
    return Capacity(read=max(before.read, after.read), write=max(before.write, after.write))


def _capacity_call(capacities: dict[str | None, Capacity]) -> Iterator[Step]:
    if not capacities:
        return
    indexes = {name: capacity for name, capacity in capacities.items() if name is not None}
    yield CallCapacity(table=capacities.get(None), indexes=indexes)
    yield WaitTable()


def _set_scaling(changes: Sequence[SetAutoscaling]) -> Iterator[Step]:
    for change in changes:
        if change.after is not None:
            yield CallRegisterScaling(index=change.index, dimension=change.dimension, scaling=change.after)
            yield CallScalingPolicy(index=change.index, dimension=change.dimension, scaling=change.after)


def _replicas(changes: Sequence[Change]) -> Iterator[Step]:
    added = pick(changes, AddReplica)
    if added:
        yield from _add_replicas([c.replica for c in added], added[0].consistency, added[0].witness_region)
    for change in pick(changes, SetReplica):
        yield from _replica_settings(change.after)


def _replica_tags(changes: Sequence[Change], current: Table, quotas: Quotas) -> Iterator[Step]:
    for replica in known(current.replicas, ()):
        region = replica.region
        first, then = _tag(changes, region), _untag(changes, region)
        if _too_many_tags(changes, known(replica.tags, {}), quotas, region):
            first, then = then, first
        yield from first
        yield from then


def _add_replicas(
    replicas: Sequence[Replica], consistency: Consistency | UnsetType, witness: str | UnsetType
) -> Iterator[Step]:
    """One by one; with strong consistency all in one call, as the service wants it (API reference, UpdateTable)."""
    together = consistency is Consistency.STRONG
    groups = [tuple(replicas)] if together and replicas else [(replica,) for replica in replicas]
    for group in groups:
        yield CallCreateReplica(replicas=group, consistency=consistency, witness_region=witness if together else UNSET)
        for replica in group:
            yield WaitReplica(region=replica.region)
    for replica in replicas:
        # CreateReplicationGroupMemberAction takes the class and the key; the rest is said in the replica's Region.
        yield from _replica_settings(replace(replica, table_class=UNSET))


def _replica_settings(replica: Replica) -> Iterator[Step]:
    if not isinstance(replica.table_class, UnsetType):
        yield CallUpdateReplica(region=replica.region, table_class=replica.table_class)
        yield WaitReplica(region=replica.region)
    if not isinstance(replica.recovery, UnsetType):
        yield CallUpdateReplica(region=replica.region, recovery=replica.recovery)
    if not isinstance(replica.deletion_protection, UnsetType):
        yield CallUpdateReplica(region=replica.region, deletion_protection=replica.deletion_protection)
        yield WaitReplica(region=replica.region)
    if known(replica.tags, {}):
        yield CallTag(tags=known(replica.tags, {}), region=replica.region)


def _items(changes: Sequence[Change]) -> Iterator[Step]:
    for change in pick(changes, PutItem):
        yield CallPutItem(item=change.after, before=change.before)
