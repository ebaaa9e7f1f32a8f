"""What of a change destroys, costs for good, or takes something away, and which consent it needs."""

from typing import assert_never

from dynasmith.plans import change as c
from dynasmith.plans.change import (
    Change,
    DeleteItem,
    DropIndex,
    DropReplica,
    DropTags,
    RaiseWarm,
    RebuildIndex,
    ReplaceTable,
)
from dynasmith.plans.paths import path_of
from dynasmith.tables.settings import setting_of
from dynasmith.tables.settings.base import Facts, Hazard, SettingChange


def hazard(change: Change, table: str, facts: Facts = Facts()) -> Hazard | None:  # noqa: B008 - a frozen value
    """The hazard of one change, or None. ``table`` is the physical name, for the flags. Pure."""
    path = path_of(change)
    confirm = f"--confirm {table}"
    match change:
        case ReplaceTable():
            return Hazard(kind="replacement", path=path, why=change.reason, consent="impossible", flag="")
        case c.Conflict():
            return Hazard(kind="conflict", path=path, why=change.reason, consent="impossible", flag="")
        case DropIndex():
            return Hazard(
                kind="drop-index",
                path=path,
                why=f"readers of index {change.index.name} fail from then on",
                consent="prune",
                flag="--prune",
            )
        case RebuildIndex():
            return Hazard(
                kind="rebuild-index",
                path=path,
                why=f"index {change.after.name} is away until it is built again (or give it a new name, and drop the "
                "old one with --prune once its readers have moved)",
                consent="rebuild-index",
                flag=f"--rebuild-index {change.after.name}",
            )
        case DropReplica():
            return Hazard(
                kind="drop-replica",
                path=path,
                why=f"the table in {change.replica.region} is deleted",
                consent="prune",
                flag="--prune",
            )
        case DropTags():
            return Hazard(
                kind="drop-tags",
                path=path,
                why="cost reports and policies may read these tags",
                consent="prune",
                flag="--prune",
            )
        case DeleteItem():
            return Hazard(
                kind="delete-item",
                path=path,
                why="the item is deleted",
                consent="allow-delete-items",
                flag=f"--prune --allow-delete-items {confirm}",
            )
        case RaiseWarm():
            return Hazard(
                kind="warm-raise",
                path=path,
                why="it is charged once and can never be lowered",
                consent="yes",
                flag="--yes",
            )
        case c.SetAutoscaling():
            return _scaling_off(change, path)
        case c.SetReplica():
            return _replica_off(change, path)
        case SettingChange():
            return setting_of(change).hazard(change, table, facts)
        case (
            c.CreateTable()
            | c.SetBilling()
            | c.SetCapacity()
            | c.SetOnDemandMaximum()
            | c.AddIndex()
            | c.SetTags()
            | c.AddReplica()
            | c.PutItem()
        ):
            return None
        case _:
            assert_never(change)


def _scaling_off(change: c.SetAutoscaling, path: str) -> Hazard | None:
    if change.after is not None:
        return None
    why = f"{change.dimension} capacity stays where it is now, and requests above it are throttled"
    return Hazard(kind="autoscaling-off", path=path, why=why, consent="yes", flag="--yes")


def _replica_off(change: c.SetReplica, path: str) -> Hazard | None:
    """A replica loses by it what the table itself would lose."""
    if change.after.recovery is False:
        why = f"the points in time of the replica in {change.after.region} up to now are lost"
        return Hazard(kind="recovery-off", path=path, why=why, consent="yes", flag="--yes")
    if change.after.deletion_protection is False:
        why = f"the replica in {change.after.region} can be deleted from then on"
        return Hazard(kind="protection-off", path=path, why=why, consent="yes", flag="--yes")
    return None
