"""`import`: from a live table to the wish that it fulfils, without what no wish should hold, and what was left out."""

from collections.abc import Collection, Iterator
from typing import Final

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from dynasmith.limits import RECOVERY_MAX_DAYS
from dynasmith.plans.alarm_parts import gathered
from dynasmith.plans.notes import DEFINITION_WORDS
from dynasmith.plans.simulate import WARM_ON_DEMAND, created
from dynasmith.tables.access_policy import entry_id
from dynasmith.tables.description import TableDescription
from dynasmith.tables.own_tags import is_managed_tag
from dynasmith.tables.policy import with_words
from dynasmith.tables.settings.trigger_parts import minimal
from dynasmith.tables.table import (
    Access,
    Autoscaling,
    Billing,
    Consistency,
    Index,
    OnDemandMaximum,
    Recovery,
    Replica,
    Scaling,
    Table,
    TableClass,
    Trigger,
    Warm,
    known,
)

_ODD_ACCESS: Final = {
    "changed": "its statements were changed by hand, and are written again by apply",
    "left": "the function is gone, or has another role now; --prune removes it",
}


def as_definition(description: TableDescription) -> Table:
    """The definition of a live table: it plans empty against it.

    Left out: warm throughput, which grows by itself; capacity of on-demand tables; what could not be read; ceilings
    and autoscaling where there are none, which need no words. The table's own ARNs are words in its policy. What else
    it could not say, `left_out` says.
    """
    live = _describable(description.table)
    provisioned = live.billing is Billing.PROVISIONED
    policy = live.resource_policy
    if isinstance(policy, str):
        policy = with_words(policy, description.arn, description.stream_arn)
    return replace(
        live,
        resource_policy=policy,
        capacity=live.capacity if provisioned else UNSET,
        on_demand_maximum=_ceiling(live.on_demand_maximum, provisioned=provisioned),
        warm=UNSET,
        tags=_own_tags(live.tags),
        recovery=_recovery(live.recovery),
        autoscaling=_scaling(live.autoscaling, provisioned=provisioned),
        indexes=tuple(_index(index, provisioned=provisioned) for index in known(live.indexes, ())),
        replicas=tuple(_replica(replica, live) for replica in known(live.replicas, ())),
        consistency=live.consistency if live.consistency is Consistency.STRONG else UNSET,
        triggers=_triggers(live.triggers),
        alarms=gathered(live),
        access=_access(live.access),
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


def left_out(description: TableDescription, unoffered: Collection[str] = ()) -> tuple[str, ...]:
    """What the table has, or may have, and its definition does not say, a sentence each. What the engine does not offer
    (``unoffered``) no table of it has."""
    return tuple(_left_out(description, unoffered))


def _left_out(description: TableDescription, unoffered: Collection[str]) -> Iterator[str]:
    live = description.table
    for setting, reason in sorted(description.unread.items()):
        if setting not in unoffered and setting != "warm":  # which no definition says anyway
            yield f"{DEFINITION_WORDS.get(setting, setting)} could not be read: {reason}"
    yield from description.notices
    for entry in known(live.access, ()):
        if entry.state:
            yield f"access of {' '.join(entry_id(entry))} in the role {entry.held_by}: {_ODD_ACCESS[entry.state]}"
    for index, dimension in description.scaling_without_policy:
        of = f"index {index}" if index else "the table"
        yield f"{of} is registered for autoscaling of {dimension} capacity without a policy, which scales nothing"
    parts: list[tuple[str, Table | Index]] = [("the table", live)]
    parts += [(f"index {index.name}", index) for index in known(live.indexes, ())]
    for of, part in parts:
        scaling = known(part.autoscaling, Autoscaling())
        if live.billing is not Billing.PROVISIONED and (scaling.read or scaling.write):
            yield f"{of} has autoscaling, which does nothing while the table is billed on demand"
        if _is_warmer(part, live.billing):
            yield f"warm throughput of {of} is above what it begins with; it grows by itself, so no definition says it"
    for trigger in known(live.triggers, ()):
        if not isinstance(trigger.old_mappings, UnsetType):
            yield f"trigger {trigger.function} is on an old stream, which calls nothing; plan would move it"
    if _describable(live) != live:
        yield "billing and capacity: the writes of the table are not seen to be autoscaled, as its replicas need them"


def _is_warmer(part: Table | Index, billing: Billing | UnsetType) -> bool:
    """Whether more can be served at once than the capacity, or than on-demand billing gives by itself."""
    warm = known(part.warm, Warm())
    first = WARM_ON_DEMAND
    if billing is Billing.PROVISIONED and not isinstance(part.capacity, UnsetType):
        first = Warm(read=part.capacity.read, write=part.capacity.write)
    return known(warm.read, 0) > known(first.read, 0) or known(warm.write, 0) > known(first.write, 0)


def _describable(live: Table) -> Table:
    """A provisioned table with replicas whose writes nothing is seen to scale (none does, or it could not be read):
    no definition may say so, hence its billing and its capacities are left unmanaged."""
    scaled = isinstance(known(live.autoscaling, Autoscaling()).write, Scaling)
    if live.billing is not Billing.PROVISIONED or not known(live.replicas, ()) or scaled:
        return live
    indexes = tuple(replace(each, capacity=UNSET, autoscaling=UNSET) for each in known(live.indexes, ()))
    return replace(live, billing=UNSET, capacity=UNSET, autoscaling=UNSET, indexes=indexes)


def _own_tags(tags: dict[str, str] | UnsetType) -> dict[str, str] | UnsetType:
    """Tags of AWS's own cannot be set, so no definition has them; nor has it what a restore wrote."""
    if isinstance(tags, UnsetType):
        return UNSET
    return {name: value for name, value in tags.items() if is_managed_tag(name)}


def _ceiling(ceiling: OnDemandMaximum | UnsetType, *, provisioned: bool) -> OnDemandMaximum | UnsetType:
    if provisioned or isinstance(ceiling, UnsetType) or ceiling == OnDemandMaximum():
        return UNSET
    sides = (("read", ceiling.read), ("write", ceiling.write))
    return OnDemandMaximum(**{side: UNSET if units is None else units for side, units in sides})


def _scaling(scaling: Autoscaling | UnsetType, *, provisioned: bool) -> Autoscaling | UnsetType:
    """None at all needs no words; a target that is left on an on-demand table does nothing there."""
    if not provisioned or isinstance(scaling, UnsetType) or (scaling.read is None and scaling.write is None):
        return UNSET
    sides = (("read", scaling.read), ("write", scaling.write))
    return Autoscaling(**{side: _said(there) if isinstance(there, Scaling) else UNSET for side, there in sides})


def _said(scaling: Scaling) -> Scaling:
    """Without cooldowns of 0: whether they were ever said, nobody can tell from a default."""
    names = ("scale_in_cooldown_seconds", "scale_out_cooldown_seconds")
    return replace(scaling, **{name: getattr(scaling, name) or UNSET for name in names})


def _access(access: tuple[Access, ...] | UnsetType) -> tuple[Access, ...] | UnsetType:
    """Without the roles that have it, and without what a function that has another role left there."""
    if isinstance(access, UnsetType):
        return UNSET
    return tuple(replace(each, held_by="", state="") for each in access if each.state != "left")


def _recovery(recovery: Recovery | UnsetType | None) -> Recovery | UnsetType | None:
    """Without the period that recovery has where none was ever said."""
    return Recovery() if recovery == Recovery(days=RECOVERY_MAX_DAYS) else recovery


def _triggers(triggers: tuple[Trigger, ...] | UnsetType) -> tuple[Trigger, ...] | UnsetType:
    """The triggers on the stream that is on, without Lambda's own defaults; none at all needs no words."""
    found = tuple(minimal(each) for each in known(triggers, ()) if isinstance(each.old_mappings, UnsetType))
    return found or UNSET


def _index(index: Index, *, provisioned: bool) -> Index:
    return replace(
        index,
        capacity=index.capacity if provisioned else UNSET,
        on_demand_maximum=_ceiling(index.on_demand_maximum, provisioned=provisioned),
        warm=UNSET,
        autoscaling=_scaling(index.autoscaling, provisioned=provisioned),
        contributor_insights=UNSET if index.contributor_insights is False else index.contributor_insights,
    )


def _replica(replica: Replica, live: Table) -> Replica:
    same_class = replica.table_class == known(live.table_class, TableClass.STANDARD)
    return replace(replica, table_class=UNSET if same_class else replica.table_class)
