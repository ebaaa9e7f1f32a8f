"""What AWS Backup does by schedule: its plans, what they select, when they run next, and what they have made."""

from collections.abc import Iterator
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from dynasmith.aws.control.backups import utc
from dynasmith.aws.control.recovery_points import vaulted_backups
from dynasmith.aws.control.session import Session
from dynasmith.aws.settings.live_backup_plan import Answer, BackupSelection, pages, selections
from dynasmith.ports.scheduled_backups import ScheduledBackupRule, ScheduledBackups, ScheduledSelection

RUNS_MAX = 10
"""GetBackupPlan, MaxScheduledRunsPreview: at most 10."""


def scheduled_backups(session: Session, table: str = "") -> Iterator[ScheduledBackups]:
    """The plans that select a table (its physical name; empty: every plan), each with the recovery points of DynamoDB
    that it made. Two calls a plan, one a selection, one a hundred recovery points and vault. A selection by tags alone
    names no table: such a plan is left out where a table is asked for."""
    for found in pages(session, "ListBackupPlans", "BackupPlansList", {}):
        identity = str(found["BackupPlanId"])
        selected = tuple(selections(session, identity))
        if table and not any(_selects(each, table) for each in selected):
            continue
        asked = {"BackupPlanId": identity, "MaxScheduledRunsPreview": RUNS_MAX}
        yield _described(session, identity, session.call("backup", "GetBackupPlan", asked), selected, table)


def _described(
    session: Session, identity: str, answer: Answer, selected: tuple[BackupSelection, ...], table: str
) -> ScheduledBackups:
    plan, next_runs = answer["BackupPlan"], _next_runs(answer)
    rules = tuple(_rule(each, next_runs) for each in plan.get("Rules") or ())
    points = [
        each
        for vault in dict.fromkeys(rule.vault for rule in rules)
        for each in vaulted_backups(session, vault, plan=identity)
        if not table or each.table == table
    ]
    return ScheduledBackups(
        plan=str(plan.get("BackupPlanName") or ""),
        plan_id=identity,
        rules=rules,
        selections=tuple(
            ScheduledSelection(id=each.selection_id, name=each.name, role=each.role, resources=each.resources)
            for each in selected
        ),
        recovery_points=tuple(sorted(points, key=lambda each: (each.created_at, each.arn))),
    )


def _next_runs(answer: Answer) -> dict[str, datetime]:
    """The next run of each rule, by its id."""
    found: dict[str, datetime] = {}
    for run in answer.get("ScheduledRunsPreview") or ():
        at, rule = utc(run["ExecutionTime"]), str(run.get("RuleId") or "")
        found[rule] = min(at, found.get(rule, at))
    return found


def _rule(rule: Answer, next_runs: dict[str, datetime]) -> ScheduledBackupRule:
    lifecycle: Answer = rule.get("Lifecycle") or {}
    return ScheduledBackupRule(
        name=str(rule.get("RuleName") or ""),
        vault=str(rule.get("TargetBackupVaultName") or ""),
        schedule=str(rule.get("ScheduleExpression") or ""),
        keep_days=_days(lifecycle.get("DeleteAfterDays")),
        cold_storage_after_days=_days(lifecycle.get("MoveToColdStorageAfterDays")),
        next_at=next_runs.get(str(rule.get("RuleId") or "")),
    )


def _days(value: Any) -> int | None:
    return None if value is None else int(value)


def _selects(selection: BackupSelection, table: str) -> bool:
    """Whether a selection names the table, by its ARN or by a pattern of ARNs."""
    return any(
        each == "*" or (":dynamodb:" in each and fnmatchcase(table, each.partition(":table/")[2] or "*"))
        for each in selection.resources
    )
