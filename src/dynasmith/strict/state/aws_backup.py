"""What AWS Backup knows in one account and Region: vaults, plans, selections, jobs and recovery points.

Times are seconds on the endpoint's clock. A job is decided when it is due; the states that it passes through follow
from the time.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dynasmith.strict.state.cron import CronSchedule

DAY_SECONDS = 86_400.0


@dataclass(slots=True)
class BackupVault:
    """A vault. ``key`` is the ARN of its KMS key."""

    name: str
    arn: str
    created_at: float
    key: str
    request_id: str = ""
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class BackupRuleState:
    """One rule of a plan: as it was given, its id, its schedule (None: it never runs) and when it is due next."""

    said: dict[str, Any]
    identity: str
    schedule: CronSchedule | None
    next_at: float | None


@dataclass(slots=True)
class BackupSelectionState:
    """Which resources a plan backs up, with which role."""

    identity: str
    said: dict[str, Any]
    created_at: float
    request_id: str = ""


@dataclass(slots=True)
class BackupPlanState:
    """A plan with its rules and selections."""

    identity: str
    arn: str
    name: str
    version: str
    created_at: float
    rules: list[BackupRuleState]
    said: dict[str, Any]
    request_id: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    selections: dict[str, BackupSelectionState] = field(default_factory=dict)
    executed_at: float | None = None


@dataclass(slots=True)
class RecoveryPoint:
    """A backup in a vault. ``backup`` is the ARN of the backup in the engine. ``by`` is the rule that made it."""

    arn: str
    backup: str
    vault: str
    resource: str
    role: str
    created_at: float
    completed_at: float
    size: int
    lifecycle: dict[str, int]
    cold: bool
    by: dict[str, str] | None
    tags: dict[str, str] = field(default_factory=dict)
    restored_at: float | None = None

    @property
    def delete_at(self) -> float:
        """When it expires; infinite for one that is kept forever."""
        days = self.lifecycle.get("DeleteAfterDays")
        return math.inf if days is None else self.created_at + days * DAY_SECONDS

    @property
    def cold_at(self) -> float:
        """When it moves to cold storage; infinite for never."""
        days = self.lifecycle.get("MoveToColdStorageAfterDays")
        return math.inf if days is None or not self.cold else self.created_at + days * DAY_SECONDS


@dataclass(slots=True)
class BackupJobState:
    """A backup job. ``failure`` is why it fails; ``point`` the recovery point that it makes."""

    identity: str
    vault: str
    resource: str
    role: str
    created_at: float
    runs_at: float
    ends_at: float
    start_by: float
    lifecycle: dict[str, int]
    by: dict[str, str] | None = None
    failure: str = ""
    point: str = ""
    size: int = 0
    stopped_at: float | None = None

    def state(self, now: float) -> str:
        """The state that it is in."""
        if self.stopped_at is not None:
            return "ABORTED"
        if now < self.runs_at:
            return "CREATED"
        if self.failure:
            return "FAILED"
        return "RUNNING" if now < self.ends_at else "COMPLETED"

    def over_at(self) -> float:
        """When it is in its last state."""
        return self.runs_at if self.failure else self.ends_at


@dataclass(slots=True)
class RestoreJobState:
    """A restore job. ``table`` is the ARN of the table that it makes."""

    identity: str
    point: str
    resource: str
    role: str
    created_at: float
    runs_at: float
    ends_at: float
    metadata: dict[str, str]
    vault_arn: str
    point_created_at: float
    size: int
    failure: str = ""
    table: str = ""
    token: str = ""

    def state(self, now: float) -> str:
        """The state that it is in."""
        if now < self.runs_at:
            return "PENDING"
        if self.failure:
            return "FAILED"
        return "RUNNING" if now < self.ends_at else "COMPLETED"

    def over_at(self) -> float:
        """When it is in its last state."""
        return self.runs_at if self.failure else self.ends_at


@dataclass(slots=True)
class AwsBackup:
    """Everything of AWS Backup in one account and Region."""

    opted_in: dict[str, bool] = field(default_factory=lambda: {"DynamoDB": True})
    # Advanced features for DynamoDB: recovery points are AWS Backup's own, and may move to cold storage.
    managed: dict[str, bool] = field(default_factory=lambda: {"DynamoDB": False})
    vaults: dict[str, BackupVault] = field(default_factory=dict)
    plans: dict[str, BackupPlanState] = field(default_factory=dict)
    points: dict[str, RecoveryPoint] = field(default_factory=dict)
    jobs: dict[str, BackupJobState] = field(default_factory=dict)
    restores: dict[str, RestoreJobState] = field(default_factory=dict)

    def points_of(self, vault: str) -> list[RecoveryPoint]:
        """The recovery points in a vault."""
        return [point for point in self.points.values() if point.vault == vault]

    def next_due(self) -> float:
        """When something happens next: a rule runs, or a recovery point expires."""
        rules = (rule.next_at for plan in self.plans.values() for rule in plan.rules if rule.next_at is not None)
        return min((*rules, *(point.delete_at for point in self.points.values())), default=math.inf)

    def job_dues(self) -> list[float]:
        """When each job changes its state."""
        jobs: list[BackupJobState | RestoreJobState] = [*self.jobs.values(), *self.restores.values()]
        return [due for job in jobs for due in (job.runs_at, job.over_at())]


def created_by(plan: BackupPlanState, rule: BackupRuleState) -> Mapping[str, str]:
    """Who made a job or a recovery point, as CreatedBy says it."""
    return {
        "BackupPlanId": plan.identity,
        "BackupPlanArn": plan.arn,
        "BackupPlanName": plan.name,
        "BackupPlanVersion": plan.version,
        "BackupRuleId": rule.identity,
        "BackupRuleName": rule.said["RuleName"],
        "BackupRuleCron": rule.said.get("ScheduleExpression", DEFAULT_SCHEDULE),
        "BackupRuleTimezone": rule.said.get("ScheduleExpressionTimezone", "Etc/UTC"),
    }


# API_BackupRuleInput.html: a rule without a schedule has this one.
DEFAULT_SCHEDULE = "cron(0 5 ? * * *)"
