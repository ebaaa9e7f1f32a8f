"""Backups, restores and scheduled backups as ``--json`` prints them."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from dynasmith.cli.json_types.values import Estimate, PlaceDetails, Time


class BackupDetails(TypedDict):
    """A backup. ``arn`` is null for one in files; ``expires_at`` where it is kept until it is deleted."""

    name: str
    arn: str | None
    table: str
    type: Literal["user", "system", "aws"]
    state: str
    created_at: Time
    size_bytes: int
    expires_at: Time | None


class CreatedBackupDetails(BackupDetails):
    """A backup that was made; ``settings_file`` keeps the definition of its table."""

    settings_file: str
    waited_seconds: float


class BackupPlace(PlaceDetails):
    """A table that would be backed up."""

    table: str


class PruneDocument(TypedDict):
    """Backups that were deleted, or in a dry run would be, and those that stay."""

    table: str
    deleted: list[BackupDetails]
    kept: list[BackupDetails]


class BackupScheduleDetails(TypedDict):
    """What AWS Backup has for a table, null for what is not there, and what was changed."""

    table: str
    vault: str | None
    plan_id: str | None
    selection_id: str | None
    role: str | None
    changed: list[str]


class ScheduleRuleDetails(TypedDict):
    """A rule of a backup plan; ``keep_days`` is null for ever."""

    name: str
    vault: str
    schedule: str
    keep_days: int | None
    cold_storage_after_days: int | None
    next_at: Time | None


class ScheduleSelectionDetails(TypedDict):
    """What a backup plan backs up, as which role."""

    id: str
    name: str
    role: str
    resources: list[str]


class ScheduledBackupsDetails(TypedDict):
    """A backup plan of AWS Backup, and the recovery points that it made, oldest first."""

    vault: str | None
    plan: str
    plan_id: str
    rules: list[ScheduleRuleDetails]
    selections: list[ScheduleSelectionDetails]
    recovery_points: list[BackupDetails]


class BackupJobDetails(TypedDict):
    """A job of AWS Backup; ``reason`` is null for one that did not fail."""

    id: str
    table: str
    state: str
    reason: str | None
    started_at: Time | None
    completed_at: Time | None
    recovery_point_arn: str | None


class RestoredSettingDetails(TypedDict):
    """A setting of a restored table: what it was and is; ``why`` says why it differs, else null."""

    setting: str
    before: Any
    after: Any
    as_before: bool
    why: str | None


class RestoreDocument(TypedDict):
    """What a restore did, how far its items were verified, and the settings. ``equal`` is null where nothing says what
    the items were."""

    job: str
    state: str
    source: str
    at: Time | None
    target: str
    items_expected: int | None
    items_found: int | None
    verified: Literal["exact", "counted", "cannot be known"]
    equal: bool | None
    why: str | None
    settings: list[RestoredSettingDetails]
    seconds: float


class RestoreDryRun(PlaceDetails):
    """What a restore would do: ``settings`` are applied where the service leaves them out; ``settings_from`` says what
    they were."""

    source: str
    at: Time | None
    target: str
    items_expected: int | None
    settings: list[str]
    settings_from: str | None
    estimate: Estimate


class RollbackDocument(TypedDict):
    """What a restore into a table did; ``job`` is what ``jobs undo`` takes back."""

    table: str
    source: str
    job: str
    written: int
    already: int
    deleted: int
    dead: int
    equal: bool
    verified: Literal["exact"]


class RollbackDifference(TypedDict):
    """A key that differs: missing is written, differs overwritten, extra deleted."""

    kind: Literal["missing", "extra", "differs", "twice"]
    key: str


class RollbackDryRun(TypedDict):
    """What a restore into a table would do; ``more`` says that there are more differences."""

    table: str
    source: str
    source_items: int | None
    table_items_estimate: int
    differences: list[RollbackDifference]
    more: bool
    notes: list[str]
    estimate: Estimate
