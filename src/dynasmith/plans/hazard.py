"""What of a change destroys, costs for good, or takes something away, and which consent it needs."""

from typing import Literal, assert_never

from msgspec import Struct

from dynasmith.limits import RECOVERY_MAX_DAYS
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
    SetProtection,
    SetRecovery,
    SetStream,
    SetTimeToLive,
)
from dynasmith.plans.paths import path_of
from dynasmith.tables.table import Recovery, known

Consent = Literal["yes", "confirm", "prune", "rebuild-index", "allow-delete-items", "impossible"]


class Hazard(Struct, frozen=True, kw_only=True):
    """One hazard of a plan. ``consent`` names what accepts it: ``yes`` (asked, or ``--yes``), ``confirm`` (the table's
    name typed, or ``--confirm NAME``), the flags ``--prune``, ``--rebuild-index NAME``, ``--allow-delete-items`` with
    the name typed, or ``impossible``: dynasmith refuses it."""

    kind: str
    path: str
    why: str
    consent: Consent
    flag: str


class Facts(Struct, frozen=True, kw_only=True):
    """What was looked up for the verdicts. ``expired_sample`` counts sampled items whose TTL attribute-to-be holds a
    past time, of ``sampled``; None where nothing was sampled."""

    expired_sample: int | None = None
    sampled: int = 0


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
        case SetTimeToLive(after=str()):
            return _time_to_live(change, path, confirm, facts)
        case SetRecovery(after=None):
            return Hazard(
                kind="recovery-off",
                path=path,
                why="the points in time up to now are lost, also when it is turned on again",
                consent="yes",
                flag="--yes",
            )
        case SetRecovery() if change.before and change.after and _days(change.after) < _days(change.before):
            return Hazard(
                kind="recovery-shorter", path=path, why="older points in time are lost", consent="yes", flag="--yes"
            )
        case SetStream() if change.before is not None:
            return Hazard(
                kind="stream-off" if change.after is None else "stream-new",
                path=path,
                why="consumers stop; a stream that is turned on again has a new ARN, and triggers must move to it",
                consent="yes",
                flag="--yes",
            )
        case RaiseWarm():
            return Hazard(
                kind="warm-raise",
                path=path,
                why="it is charged once and can never be lowered",
                consent="yes",
                flag="--yes",
            )
        case SetProtection(after=False):
            return Hazard(
                kind="protection-off", path=path, why="the table can be deleted then", consent="yes", flag="--yes"
            )
        case (
            c.CreateTable()
            | c.SetBilling()
            | c.SetCapacity()
            | c.SetOnDemandMaximum()
            | c.SetAutoscaling()
            | c.AddIndex()
            | c.SetTimeToLive()
            | c.SetStream()
            | c.SetRecovery()
            | c.SetEncryption()
            | c.SetTableClass()
            | c.SetProtection()
            | c.SetTags()
            | c.AddReplica()
            | c.SetReplica()
            | c.SetInsights()
            | c.SetKinesis()
            | c.SetPolicy()
            | c.PutItem()
        ):
            return None
        case _:
            assert_never(change)


def _days(recovery: Recovery) -> int:
    return known(recovery.days, RECOVERY_MAX_DAYS)


def _time_to_live(change: SetTimeToLive, path: str, confirm: str, facts: Facts) -> Hazard:
    if facts.expired_sample:
        return Hazard(
            kind="ttl-deletes-items",
            path=path,
            why=f"{facts.expired_sample} of {facts.sampled} sampled items hold a past time in {change.after}: "
            "they are deleted within days",
            consent="confirm",
            flag=confirm,
        )
    seen = f"none of {facts.sampled} sampled items is past its time" if facts.sampled else "no item was sampled"
    return Hazard(
        kind="ttl-deletes-items",
        path=path,
        why=f"items whose {change.after} is past are deleted ({seen})",
        consent="yes",
        flag="--yes",
    )
