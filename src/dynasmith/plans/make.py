"""From a wish and a description to the plan of one table: difference, order, hazards, notes, costs, in one place."""

from collections.abc import Mapping, Sequence

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from dynasmith.limits import DEFAULT_QUOTAS, Quotas
from dynasmith.plans.alarm_parts import alarm_conflicts, alarm_parts
from dynasmith.plans.arrange import arrange
from dynasmith.plans.change import AddReplica, Change, Conflict, DropReplica, Note, SetReplica
from dynasmith.plans.completion import completed
from dynasmith.plans.diff import diff
from dynasmith.plans.estimate import estimate
from dynasmith.plans.explain import step_text
from dynasmith.plans.hazard import hazard
from dynasmith.plans.notes import notes
from dynasmith.plans.own_arns import own_arns, stream_conflicts
from dynasmith.plans.plan import TablePlan, fingerprint_of
from dynasmith.plans.quotas import quota_conflicts
from dynasmith.plans.replica_conflicts import replica_conflicts
from dynasmith.plans.step import Wait, WaitIndex, WaitIndexGone, WaitReplica, WaitReplicaGone
from dynasmith.plans.trigger_conflicts import trigger_conflicts
from dynasmith.tables.description import OF_INDEXES, TableDescription
from dynasmith.tables.prices import Prices
from dynasmith.tables.settings.base import Facts, WaitTable
from dynasmith.tables.table import Table, known


def make_table_plan(
    desired: Table,
    description: TableDescription | None,
    *,
    item_changes: Sequence[Change] = (),
    unoffered: Mapping[str, str] | None = None,
    facts: Facts | None = None,
    prices: Prices | None = None,
    prune: bool = False,
    only: Sequence[str] = (),
    quotas: Quotas = DEFAULT_QUOTAS,
) -> TablePlan:
    """The plan of one table. Pure: what had to be looked up comes in as arguments.

    What cannot fit into ``quotas`` becomes a ``Conflict``. ``only`` limits the plan to these fields of `Table`.
    ``unoffered`` settings are left out of the wish and noted.
    """
    desired = limited(desired, only)
    conflicts_of_alarms = alarm_conflicts(desired, description)
    desired = alarm_parts(desired, description)
    missing = dict(unoffered or {}) | ({} if description is None else description.unread)
    current = None if description is None else description.table
    wish = own_arns(completed(without(desired, missing), current), description)
    differing = refused_2017(diff(wish, current, prune=prune), description)
    conflicts = (
        *quota_conflicts(differing, wish, current, quotas),
        *replica_conflicts(differing, wish, description),
        *stream_conflicts(wish, description),
        *trigger_conflicts(wish, description),
        *(conflicts_of_alarms if wish.alarms is not UNSET else ()),
    )
    changes = (*conflicts, *differing, *item_changes)
    verdicts = [hazard(change, desired.name, facts or Facts()) for change in changes]
    costs = [estimate(change, description, prices or Prices(), wish) for change in changes]
    return TablePlan(
        table=desired.name,
        exists=description is not None,
        desired=wish,
        changes=changes,
        steps=(*unfinished(description), *arrange(changes, wish, current, quotas=quotas)),
        hazards=tuple(verdict for verdict in verdicts if verdict is not None),
        notes=(
            *notes(desired, description, unoffered=unoffered or {}, prune=prune),
            *(Note(kind="unfinished", path="", text=step_text(wait)) for wait in unfinished(description)),
        ),
        estimates=tuple(cost for cost in costs if cost is not None),
        fingerprint=fingerprint_of(wish, current),
        prune=prune,
        table_id="" if description is None else description.table_id,
        size_bytes_estimate=(0 if description is None else description.size_bytes_estimate) or UNSET,
    )


def refused_2017(changes: tuple[Change, ...], description: TableDescription | None) -> tuple[Change, ...]:
    """Replicas of a global table of version 2017.11.29 are refused by name: other calls manage them."""
    if description is None or not description.global_tables_2017:
        return changes
    return tuple(
        Conflict(
            path="replicas",
            before="version 2017.11.29",
            after="version 2019.11.21",
            reason="global tables of 2017 are not managed; upgrade the global table first",
        )
        if isinstance(change, AddReplica | DropReplica | SetReplica)
        else change
        for change in changes
    )


def unfinished(description: TableDescription | None) -> tuple[Wait, ...]:
    """The waits for what an earlier run, or somebody else, has begun: nothing may be sent before they are over."""
    if description is None:
        return ()
    waits: list[Wait] = []
    for index in description.indexes:
        if index.status == "DELETING":
            waits.append(WaitIndexGone(name=index.name))
        elif index.status != "ACTIVE":
            waits.append(WaitIndex(name=index.name))
    for replica in description.replicas:
        if replica.status == "DELETING":
            waits.append(WaitReplicaGone(region=replica.region))
        elif replica.status in ("CREATING", "UPDATING"):
            waits.append(WaitReplica(region=replica.region))
    if description.status in ("CREATING", "UPDATING") and not waits:
        waits.append(WaitTable())
    return tuple(waits)


def limited(desired: Table, only: Sequence[str]) -> Table:
    """``desired`` with only these settings managed; all where ``only`` is empty."""
    if not only:
        return desired
    keep = {"name", "key", *only}
    return replace(desired, **{name: UNSET for name in Table.__struct_fields__ if name not in keep})


def without(desired: Table, missing: Mapping[str, str]) -> Table:
    """``desired`` without the settings that cannot be had here, of the table and of its indexes."""
    gone = {name: UNSET for name in missing if name in Table.__struct_fields__ and name not in ("name", "key")}
    wish = replace(desired, **gone)
    of_indexes = ("autoscaling", "warm", "on_demand_maximum", "capacity", "contributor_insights")
    parts = {name: UNSET for name in missing if name in of_indexes}
    if OF_INDEXES in missing:
        parts["contributor_insights"] = UNSET
    if parts and not isinstance(wish.indexes, UnsetType):
        wish = replace(wish, indexes=tuple(replace(index, **parts) for index in known(wish.indexes, ())))
    return wish
