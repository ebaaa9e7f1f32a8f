"""`diff`: the only notion of "as wished". What must change so that the live table is what the definition says.

A setting that the definition does not mention is not managed and never differs. A setting that could not be read
(UNSET in the live table) is a note, not a change. What the definition lacks of a list (indexes, replicas, tags) is a
note too, and becomes a change with ``prune``.
"""

from collections.abc import Iterator

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from dynasmith.plans.capacity import index_capacity, owned_by_autoscaling, table_capacity
from dynasmith.plans.change import (
    AddIndex,
    AddReplica,
    Change,
    Conflict,
    CreateTable,
    Dimension,
    DropIndex,
    DropReplica,
    DropTags,
    RaiseWarm,
    RebuildIndex,
    ReplaceTable,
    SetAutoscaling,
    SetBilling,
    SetCapacity,
    SetOnDemandMaximum,
    SetReplica,
    SetTags,
)
from dynasmith.plans.completion import completed, inherited, whole_maximum, whole_scaling
from dynasmith.plans.simulate import grown_on_demand
from dynasmith.tables.kms_key import same_key
from dynasmith.tables.projection import same_index
from dynasmith.tables.settings import SETTINGS
from dynasmith.tables.settings.base import SettingChange
from dynasmith.tables.settings.contributor_insights import insights_difference
from dynasmith.tables.table import (
    Autoscaling,
    Billing,
    Capacity,
    Consistency,
    Index,
    Key,
    LocalIndex,
    OnDemandMaximum,
    Replica,
    Scaling,
    StreamView,
    Table,
    Warm,
    known,
)


def diff(desired: Table, current: Table | None, *, prune: bool = False) -> tuple[Change, ...]:
    """The changes that make ``current`` what ``desired`` says, in the order of the definition; empty when as wished.

    ``current`` is None where there is no table. ``prune`` also removes indexes, replicas and tags that ``desired``
    manages and lacks. Items are compared apart (`engine.definition_items`), since their reading costs calls of its own.
    """
    if current is None:
        return (CreateTable(table=completed(desired, None)),)
    return tuple(_changes(desired, current, prune=prune))


def _changes(desired: Table, current: Table, *, prune: bool) -> Iterator[Change]:
    yield from _replacements(desired, current)
    yield from _type_conflicts(desired, current, prune=prune)
    yield from _replica_conflicts(desired, current, prune=prune)
    yield from _billing(desired, current, prune=prune)
    yield from _throughput(desired, current, desired, current, index=None)
    yield from _indexes(desired, current, prune=prune)
    yield from _one_value(desired, current, prune=prune)
    yield from _tags(desired, current, prune=prune)
    yield from _replicas(desired, current, prune=prune)


# --- what only a new table could have


def describe_key(key: Key) -> str:
    """A key as people write it: ``customer_id S, order_id S``."""
    return ", ".join(f"{attribute.name} {attribute.type}" for attribute in key)


def _replacements(desired: Table, current: Table) -> Iterator[Change]:
    if desired.key != current.key:
        yield ReplaceTable(
            path="key_schema",
            before=describe_key(current.key),
            after=describe_key(desired.key),
            reason="the key of a table never changes",
        )
    wanted, there = desired.local_indexes, current.local_indexes
    if not isinstance(wanted, UnsetType) and not isinstance(there, UnsetType):
        before = {index.name: index for index in there}
        after = {index.name: index for index in wanted}
        for name in sorted(before.keys() | after.keys()):
            old, new = before.get(name), after.get(name)
            if old is None or new is None or not same_index(old, new, current.key):
                yield ReplaceTable(
                    path=f"local_secondary_indexes.{name}",
                    before=_local(before, name),
                    after=_local(after, name),
                    reason="a local index is made with its table and never changes",
                )
    if (
        not isinstance(desired.consistency, UnsetType)
        and not isinstance(current.consistency, UnsetType)
        and known(current.replicas, ())
        and desired.consistency != current.consistency
    ):
        yield ReplaceTable(
            path="multi_region_consistency",
            before=current.consistency,
            after=desired.consistency,
            reason="the consistency of a global table never changes",
        )


def _local(indexes: dict[str, LocalIndex], name: str) -> str:
    index = indexes.get(name)
    return "none" if index is None else f"{describe_key(index.key)} ({index.projection.kind})"


def _type_conflicts(desired: Table, current: Table, *, prune: bool) -> Iterator[Change]:
    """An attribute has one type in a table: an index that stays can forbid the type that another one wants."""
    if isinstance(desired.indexes, UnsetType):
        return
    wanted = {index.name for index in desired.indexes}
    staying: list[tuple[str, Index | LocalIndex]] = [
        ("a local index, which never changes", local) for local in known(current.local_indexes, ())
    ]
    if not prune:
        staying += [
            (f"index {index.name}, which the definition lacks (--prune removes it)", index)
            for index in known(current.indexes, ())
            if index.name not in wanted
        ]
    types = {a.name: (a.type, why) for why, index in staying for a in index.key if a.name not in current.key.names}
    for attribute in {a.name: a for index in desired.indexes for a in index.key}.values():
        there, why = types.get(attribute.name, (attribute.type, ""))
        if there != attribute.type:
            yield Conflict(
                path=f"attributes.{attribute.name}",
                before=there,
                after=attribute.type,
                reason=f"an attribute has one type in a table, and this one is the key of {why}",
            )


def _replica_conflicts(desired: Table, current: Table, *, prune: bool) -> Iterator[Change]:
    """Replicas that stay want a stream of both images, and on-demand or autoscaled writes (global tables guide)."""
    staying = known(current.replicas, ())
    if prune and not isinstance(desired.replicas, UnsetType):
        regions = {replica.region for replica in desired.replicas}
        staying = tuple(replica for replica in staying if replica.region in regions)
    if not staying or current.consistency is Consistency.STRONG:
        return
    there = ", ".join(replica.region for replica in staying)
    if not isinstance(desired.stream, UnsetType) and desired.stream is not StreamView.NEW_AND_OLD_IMAGES:
        yield Conflict(
            path="stream",
            before=str(known(current.stream, None) or "off"),
            after=str(desired.stream or "off"),
            reason=f"the replicas in {there} stay, and replicate by a stream of NEW_AND_OLD_IMAGES",
        )
    becomes_provisioned = desired.billing is Billing.PROVISIONED and current.billing is Billing.ON_DEMAND
    if becomes_provisioned and not owned_by_autoscaling(desired, current, "write"):
        yield Conflict(
            path="billing_mode",
            before=Billing.ON_DEMAND,
            after=Billing.PROVISIONED,
            reason=f"the replicas in {there} stay, and need on-demand or autoscaled writes",
        )


# --- billing and throughput


def billing_of(table: Table) -> Billing:
    """The billing mode, on demand where nothing says."""
    return known(table.billing, Billing.ON_DEMAND)


def _billing(desired: Table, current: Table, *, prune: bool) -> Iterator[Change]:
    if isinstance(desired.billing, UnsetType) or isinstance(current.billing, UnsetType):
        return
    if desired.billing == current.billing:
        return
    if desired.billing is Billing.ON_DEMAND:
        yield SetBilling(before=current.billing, after=desired.billing)
        return
    wanted = {index.name for index in known(desired.indexes, ())}
    managed = not isinstance(desired.indexes, UnsetType)
    staying = [i for i in known(current.indexes, ()) if i.name in wanted or not (prune and managed)]
    yield SetBilling(
        before=current.billing,
        after=desired.billing,
        capacity=table_capacity(desired),
        index_capacities={index.name: index_capacity(desired, index.name) for index in staying},
    )


def _throughput(
    desired: Table | Index, current: Table | Index, wish: Table, live: Table, *, index: str | None
) -> Iterator[Change]:
    """Capacity, ceiling, warm throughput and autoscaling of the table or of one index that both have."""
    becomes = known(wish.billing, billing_of(live))
    if becomes is Billing.PROVISIONED and billing_of(live) is Billing.PROVISIONED:
        yield from _capacity(desired, current, index)
    if becomes is Billing.ON_DEMAND and not isinstance(desired.on_demand_maximum, UnsetType):
        there = known(current.on_demand_maximum, OnDemandMaximum())
        ceilings = whole_maximum(desired.on_demand_maximum, there)
        if there != ceilings:
            yield SetOnDemandMaximum(index=index, before=there, after=ceilings)
    if not isinstance(desired.warm, UnsetType) and not isinstance(current.warm, UnsetType):
        live_warm = current.warm
        if becomes is Billing.ON_DEMAND and billing_of(live) is Billing.PROVISIONED:
            live_warm = grown_on_demand(live_warm)  # the change of billing comes first, and raises it
        raised = Warm(
            read=_raised(desired.warm.read, live_warm.read), write=_raised(desired.warm.write, live_warm.write)
        )
        if raised != Warm():
            yield RaiseWarm(index=index, before=current.warm, after=_merged(raised, live_warm))
    yield from _autoscaling(desired.autoscaling, current.autoscaling, index)


def _capacity(desired: Table | Index, current: Table | Index, index: str | None) -> Iterator[Change]:
    if isinstance(desired.capacity, UnsetType) or isinstance(current.capacity, UnsetType):
        return
    keep_read = owned_by_autoscaling(desired, current, "read")
    keep_write = owned_by_autoscaling(desired, current, "write")
    after = Capacity(
        read=current.capacity.read if keep_read else desired.capacity.read,
        write=current.capacity.write if keep_write else desired.capacity.write,
    )
    if after != current.capacity:
        yield SetCapacity(index=index, before=current.capacity, after=after)


def _raised(wanted: int | UnsetType, there: int | UnsetType) -> int | UnsetType:
    """Warm throughput grows by itself and is never lowered: more than wanted is as wanted."""
    if isinstance(wanted, UnsetType):
        return UNSET
    return wanted if isinstance(there, UnsetType) or wanted > there else UNSET


def _merged(raised: Warm, there: Warm) -> Warm:
    return Warm(
        read=there.read if isinstance(raised.read, UnsetType) else raised.read,
        write=there.write if isinstance(raised.write, UnsetType) else raised.write,
    )


def _autoscaling(
    desired: Autoscaling | UnsetType, current: Autoscaling | UnsetType, index: str | None
) -> Iterator[Change]:
    if isinstance(desired, UnsetType) or isinstance(current, UnsetType):
        return
    dimensions: tuple[Dimension, ...] = ("read", "write")
    for dimension in dimensions:
        wanted: Scaling | UnsetType | None = getattr(desired, dimension)
        there: Scaling | UnsetType | None = getattr(current, dimension)
        if isinstance(wanted, UnsetType) or isinstance(there, UnsetType):
            continue
        if wanted is None and there is None:
            continue
        if wanted is not None and there is not None and _same_scaling(wanted, there):
            continue
        after = None if wanted is None else whole_scaling(wanted, there)
        yield SetAutoscaling(index=index, dimension=dimension, before=there, after=after)


def _same_scaling(wanted: Scaling, there: Scaling) -> bool:
    """What ``wanted`` mentions is there; a policy that says nothing has no cooldown and scales in."""
    parts = {
        "target": (wanted.target, there.target),
        "scale_in_cooldown_seconds": (wanted.scale_in_cooldown_seconds, known(there.scale_in_cooldown_seconds, 0)),
        "scale_out_cooldown_seconds": (wanted.scale_out_cooldown_seconds, known(there.scale_out_cooldown_seconds, 0)),
        "disable_scale_in": (wanted.disable_scale_in, known(there.disable_scale_in, False)),
    }
    same_range = (wanted.min, wanted.max) == (there.min, there.max)
    return same_range and all(isinstance(said, UnsetType) or said == live for said, live in parts.values())


# --- global indexes


def _indexes(desired: Table, current: Table, *, prune: bool) -> Iterator[Change]:
    if isinstance(desired.indexes, UnsetType):
        return
    there = {index.name: index for index in known(current.indexes, ())}
    wanted = {index.name for index in desired.indexes}
    for index in desired.indexes:
        live = there.get(index.name)
        if live is None:
            yield AddIndex(index=index)
        elif not same_index(index, live, current.key):
            becomes = known(desired.billing, billing_of(current))
            yield RebuildIndex(before=live, after=inherited(index, live, billing=becomes))
        else:
            yield from _throughput(index, live, desired, current, index=index.name)
            yield from _insights(index, live)
    if prune:
        for name in sorted(there.keys() - wanted):
            yield DropIndex(index=there[name])


def _insights(index: Index, live: Index) -> Iterator[Change]:
    wanted, there = index.contributor_insights, live.contributor_insights
    if isinstance(wanted, UnsetType) or isinstance(there, UnsetType):
        return
    change = insights_difference(wanted, there, index.name)
    if change is not None:
        yield change


# --- the settings that are one value


def _one_value(desired: Table, current: Table, *, prune: bool) -> Iterator[Change]:
    found: list[SettingChange] = []
    for setting in SETTINGS:
        wanted, there = setting.of(desired), setting.of(current)
        if isinstance(wanted, UnsetType) or isinstance(there, UnsetType):
            continue
        there = setting.changed_with(there, found)
        removal = setting.removal(wanted, there) if prune else None
        found += [change for change in (setting.difference(wanted, there), removal) if change is not None]
    yield from found


def _differs(wanted: object, there: object) -> bool:
    """Both are set and they are not the same."""
    return not isinstance(wanted, UnsetType) and not isinstance(there, UnsetType) and wanted != there


def _other_key(wanted: str | UnsetType, there: str | UnsetType) -> bool:
    """Whether another key surely encrypts a replica; what cannot be known is a note (`plans.notes`)."""
    return not isinstance(wanted, UnsetType) and not isinstance(there, UnsetType) and same_key(wanted, there) is False


# --- tags and replicas


def _tags(
    desired: Table | Replica, current: Table | Replica, region: str | UnsetType = UNSET, *, prune: bool
) -> Iterator[Change]:
    if isinstance(desired.tags, UnsetType) or isinstance(current.tags, UnsetType):
        return
    there = current.tags
    after = {name: value for name, value in desired.tags.items() if there.get(name) != value}
    if after:
        yield SetTags(before={name: there[name] for name in after if name in there}, after=after, region=region)
    gone = {name: value for name, value in there.items() if name not in desired.tags}
    if gone and prune:
        yield DropTags(before=gone, region=region)


def _replicas(desired: Table, current: Table, *, prune: bool) -> Iterator[Change]:
    if isinstance(desired.replicas, UnsetType) or isinstance(current.replicas, UnsetType):
        return
    there = {replica.region: replica for replica in current.replicas}
    for replica in desired.replicas:
        live = there.get(replica.region)
        if live is None:
            yield AddReplica(replica=replica, consistency=desired.consistency, witness_region=desired.witness_region)
            continue
        if _other_key(replica.key, live.key):
            yield ReplaceTable(
                path=f"replicas.{replica.region}.key",
                before=str(live.key),
                after=str(replica.key),
                reason="the key that encrypts a replica changes only when the replica is removed and added again",
            )
        changed = {
            name: getattr(replica, name)
            for name in ("table_class", "recovery", "deletion_protection")
            if _differs(getattr(replica, name), getattr(live, name))
        }
        if changed:
            yield SetReplica(before=replace(live, tags=UNSET), after=Replica(region=replica.region, **changed))
        yield from _tags(replica, live, replica.region, prune=prune)
    if prune:
        for region in sorted(there.keys() - {replica.region for replica in desired.replicas}):
            yield DropReplica(replica=there[region])
