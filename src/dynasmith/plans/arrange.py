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

from collections.abc import Iterator, Sequence
from typing import TypeVar

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from dynasmith.limits import GSI_PER_TABLE_MAX_INDEXES, RECOVERY_MAX_DAYS, TAGS_PER_TABLE_MAX_TAGS
from dynasmith.plans.capacity import index_capacity, scaling_of, table_capacity
from dynasmith.plans.change import (
    AddIndex,
    AddReplica,
    Change,
    ChangeBase,
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
    SetEncryption,
    SetInsights,
    SetKinesis,
    SetOnDemandMaximum,
    SetPolicy,
    SetProtection,
    SetRecovery,
    SetReplica,
    SetStream,
    SetTableClass,
    SetTags,
    SetTimeToLive,
)
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
    CallEncryption,
    CallInsights,
    CallKinesis,
    CallOnDemandMaximum,
    CallPolicy,
    CallProtection,
    CallPutItem,
    CallRecovery,
    CallRegisterScaling,
    CallScalingPolicy,
    CallStream,
    CallTableClass,
    CallTag,
    CallTimeToLive,
    CallUntag,
    CallUpdateReplica,
    CallWarm,
    Step,
    WaitIndex,
    WaitIndexGone,
    WaitInsights,
    WaitKinesis,
    WaitReplica,
    WaitReplicaGone,
    WaitTable,
    WaitTimeToLive,
)
from dynasmith.tables.table import Billing, Capacity, Consistency, Index, Recovery, Replica, Scaling, Table, known

C = TypeVar("C", bound=ChangeBase)
DIMENSIONS: tuple[Dimension, ...] = ("read", "write")


def arrange(
    changes: Sequence[Change], desired: Table, current: Table | None, *, index_quota: int = GSI_PER_TABLE_MAX_INDEXES
) -> tuple[Step, ...]:
    """The calls and waits that make ``changes``, in an order that the service accepts. Pure.

    ``ReplaceTable`` has no steps: it is refused before. ``index_quota`` is the account's number of global indexes a
    table; deletes go first only where it, or an attribute's type, forces them to.
    """
    if current is None:
        return tuple(_creation(changes, desired))
    return tuple(_alteration(changes, desired, current, index_quota))


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
    if isinstance(desired.recovery, Recovery):
        yield CallRecovery(recovery=desired.recovery)
    if isinstance(desired.resource_policy, str):
        yield CallPolicy(policy=desired.resource_policy)
    yield from _scaling_of_all(desired)
    yield from _add_replicas(known(desired.replicas, ()), desired.consistency, desired.witness_region)
    if isinstance(desired.kinesis_stream, str):
        yield from _kinesis(None, desired.kinesis_stream)
    if desired.contributor_insights is True:
        yield CallInsights(enabled=True)
        yield WaitInsights(enabled=True)
    yield from _items(changes)
    if isinstance(desired.time_to_live, str):
        yield CallTimeToLive(attribute=desired.time_to_live, enabled=True)


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


def _alteration(changes: Sequence[Change], desired: Table, current: Table, index_quota: int) -> Iterator[Step]:
    rebuilds = pick(changes, RebuildIndex)
    early = _goes_first(changes, current, index_quota)
    tags_first = _too_many_tags(changes, current)
    if tags_first:
        yield from _untag(changes)
    yield from _safety(changes)
    yield from _stop_what_fights(changes)
    if early:
        yield from _delete_indexes([c.index for c in pick(changes, DropIndex)])
    yield from _billing(changes)
    yield from _more(changes)
    yield from _set_scaling([c for c in pick(changes, SetAutoscaling) if c.index is None])
    yield from _stream(changes)
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
    yield from _class_and_encryption(changes)
    yield from _replicas(changes)
    yield from _around(changes)
    yield from _less(changes)
    yield from _items(changes)
    yield from _time_to_live(changes)
    if not tags_first:
        yield from _untag(changes)
    yield from _last(changes)


def _too_many_tags(changes: Sequence[Change], current: Table) -> bool:
    """Whether the new tags only fit once the dropped ones are gone."""
    there = known(current.tags, {})
    new = {name for change in pick(changes, SetTags) for name in change.after} - there.keys()
    return len(there) + len(new) > TAGS_PER_TABLE_MAX_TAGS


def _untag(changes: Sequence[Change]) -> Iterator[Step]:
    for tags in pick(changes, DropTags):
        yield CallUntag(keys=tuple(sorted(tags.before)))


def _safety(changes: Sequence[Change]) -> Iterator[Step]:
    for protection in pick(changes, SetProtection):
        if protection.after:
            yield CallProtection(enabled=True)
            yield WaitTable()
    for recovery in pick(changes, SetRecovery):
        if not _shortens(recovery):
            yield CallRecovery(recovery=recovery.after)
    for tags in pick(changes, SetTags):
        yield CallTag(tags=tags.after)
    for policy in pick(changes, SetPolicy):
        yield CallPolicy(policy=policy.after)


def _shortens(change: SetRecovery) -> bool:
    """Whether points in time are lost: off, or a shorter period."""
    if change.after is None:
        return True
    if change.before is None:
        return False
    return known(change.after.days, RECOVERY_MAX_DAYS) < known(change.before.days, RECOVERY_MAX_DAYS)


def _stop_what_fights(changes: Sequence[Change]) -> Iterator[Step]:
    for scaling in pick(changes, SetAutoscaling):
        if scaling.after is None:
            yield CallDeregisterScaling(index=scaling.index, dimension=scaling.dimension)
    for replica in pick(changes, DropReplica):
        yield CallDeleteReplica(region=replica.replica.region)
        yield WaitReplicaGone(region=replica.replica.region)


def _goes_first(changes: Sequence[Change], current: Table, quota: int) -> bool:
    """Whether dropped indexes must go before the new ones come: the quota, a type, or a capacity forces it."""
    drops, adds = pick(changes, DropIndex), pick(changes, AddIndex)
    if any(c.after is Billing.PROVISIONED for c in pick(changes, SetBilling)):
        return True
    if len(known(current.indexes, ())) + len(adds) > quota:
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
    return index_capacity(desired, index.name)


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


def _stream(changes: Sequence[Change]) -> Iterator[Step]:
    for change in pick(changes, SetStream):
        if change.before is not None:
            yield CallStream(view=None)
            yield WaitTable()
        if change.after is not None:
            yield CallStream(view=change.after)
            yield WaitTable()


def _class_and_encryption(changes: Sequence[Change]) -> Iterator[Step]:
    for table_class in pick(changes, SetTableClass):
        yield CallTableClass(table_class=table_class.after)
        yield WaitTable()
    for encryption in pick(changes, SetEncryption):
        yield CallEncryption(encryption=encryption.after)
        yield WaitTable()


def _replicas(changes: Sequence[Change]) -> Iterator[Step]:
    added = pick(changes, AddReplica)
    if added:
        yield from _add_replicas([c.replica for c in added], added[0].consistency, added[0].witness_region)
    for change in pick(changes, SetReplica):
        yield from _replica_settings(change.after)


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


def _around(changes: Sequence[Change]) -> Iterator[Step]:
    for kinesis in pick(changes, SetKinesis):
        yield from _kinesis(kinesis.before, kinesis.after)
    for insights in pick(changes, SetInsights):
        yield CallInsights(enabled=insights.after)
        yield WaitInsights(enabled=insights.after)


def _kinesis(before: str | None, after: str | None) -> Iterator[Step]:
    if before is not None:
        yield CallKinesis(stream=before, enabled=False)
        yield WaitKinesis(enabled=False)
    if after is not None:
        yield CallKinesis(stream=after, enabled=True)
        yield WaitKinesis(enabled=True)


def _items(changes: Sequence[Change]) -> Iterator[Step]:
    for change in pick(changes, PutItem):
        yield CallPutItem(item=change.after, before=change.before)


def _time_to_live(changes: Sequence[Change]) -> Iterator[Step]:
    """Another attribute: off, wait, on. The service takes one change an hour, so the last may be postponed."""
    for change in pick(changes, SetTimeToLive):
        if change.before is not None:
            yield CallTimeToLive(attribute=change.before, enabled=False)
            if change.after is not None:
                yield WaitTimeToLive(enabled=False)
        if change.after is not None:
            yield CallTimeToLive(attribute=change.after, enabled=True)


def _last(changes: Sequence[Change]) -> Iterator[Step]:
    for item in pick(changes, DeleteItem):
        yield CallDeleteItem(key=item.key, before=item.before)
    for recovery in pick(changes, SetRecovery):
        if _shortens(recovery):
            yield CallRecovery(recovery=recovery.after)
    for protection in pick(changes, SetProtection):
        if not protection.after:
            yield CallProtection(enabled=False)
            yield WaitTable()
