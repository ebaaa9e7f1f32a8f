"""Rules of TTL, point-in-time recovery, backups, restores and exports."""

from collections.abc import Mapping
from typing import Any

from dynasmith.strict.rules.rule import JudgedRequest, Refusal, StrictRule, invalid, invalid_values, plain_name, rule
from dynasmith.strict.rules.tables import API, GUIDE
from dynasmith.strict.state.describe import window
from dynasmith.strict.state.state import StrictTable

RULES: list[StrictRule] = []
TTL_EVERY_SECONDS = 3600.0  # API_UpdateTimeToLive.html: further calls during the one hour are refused
RECOVERY_DAYS_MIN, RECOVERY_DAYS_MAX = 1, 35  # API_PointInTimeRecoverySpecification.html
RESTORES_AT_ONCE = 50  # GUIDE + ServiceQuotas.html


@rule(
    RULES,
    "ttl-while-creating",
    "UpdateTimeToLive",
    refuses="a TTL change of a table that is not ACTIVE",
    source=API + "API_UpdateTimeToLive.html (ResourceInUseException)",
)
def _ttl_busy(ask: JudgedRequest) -> Refusal | None:
    if ask.table is None or ask.table.status in {"ACTIVE", "UPDATING"}:
        return None
    word = "deleted" if ask.table.status == "DELETING" else "created"
    return Refusal(
        "ResourceInUseException",
        f"Attempt to change a resource which is still in use: Table is being {word}: {ask.table.name}",
    )


@rule(
    RULES,
    "ttl-same",
    "UpdateTimeToLive",
    refuses="enabling TTL where it is on (also on another attribute), disabling it where it is off or on another one",
    source=API + "API_UpdateTimeToLive.html",
    certainty="observed",
)
def _ttl_same(ask: JudgedRequest) -> Refusal | None:
    table, spec = ask.table, ask.body.get("TimeToLiveSpecification") or {}
    if table is None:
        return None
    on = table.ttl.status in {"ENABLED", "ENABLING"}
    attribute = spec.get("AttributeName")
    if on and attribute != table.ttl.attribute:
        return invalid(
            "TimeToLive is active on a different AttributeName: current AttributeName is " + str(table.ttl.attribute)
        )
    if on and spec.get("Enabled"):
        return invalid("TimeToLive is already enabled")
    if table.ttl.status == "DISABLED" and not spec.get("Enabled"):
        return invalid("TimeToLive is already disabled")
    return None


@rule(
    RULES,
    "ttl-once-an-hour",
    "UpdateTimeToLive",
    refuses="a second TTL change of a table within an hour",
    source=API + "API_UpdateTimeToLive.html",
)
def _ttl_hour(ask: JudgedRequest) -> Refusal | None:
    table = ask.table
    if table is None or table.ttl.changed_at is None or ask.now - table.ttl.changed_at >= TTL_EVERY_SECONDS:
        return None
    return invalid("Time to live has been modified multiple times within a fixed interval")


@rule(
    RULES,
    "pitr-on-new-table",
    "UpdateContinuousBackups",
    "CreateBackup",
    refuses="PITR or a backup of a table that was created a moment ago",
    source=API + "API_UpdateContinuousBackups.html (ContinuousBackupsUnavailableException)",
    certainty="observed",
)
def _pitr_new(ask: JudgedRequest) -> Refusal | None:
    if ask.table is None or ask.now >= ask.table.pitr_ready_at:
        return None
    return Refusal(
        "ContinuousBackupsUnavailableException",
        f"Backups are being enabled for the table: {ask.table.name}. Please retry later",
    )


@rule(
    RULES,
    "pitr-days",
    "UpdateContinuousBackups",
    refuses="a recovery period that is not 1 to 35 days, or a period while turning PITR off",
    source=API + "API_PointInTimeRecoverySpecification.html",
)
def _pitr_days(ask: JudgedRequest) -> Refusal | None:
    spec = ask.body.get("PointInTimeRecoverySpecification") or {}
    days = spec.get("RecoveryPeriodInDays")
    if days is None:
        return None
    if not RECOVERY_DAYS_MIN <= int(days) <= RECOVERY_DAYS_MAX:
        return invalid_values(
            f"RecoveryPeriodInDays must be between {RECOVERY_DAYS_MIN} and {RECOVERY_DAYS_MAX}, it is {days}"
        )
    return None


@rule(
    RULES,
    "backup-only-active",
    "CreateBackup",
    refuses="a backup of a table that is not ACTIVE",
    source=API + "API_CreateBackup.html (TableInUseException)",
)
def _backup_busy(ask: JudgedRequest) -> Refusal | None:
    if ask.table is None or ask.table.status in {"ACTIVE", "UPDATING"}:
        return None
    return Refusal("TableInUseException", f"Table is in {ask.table.status} state: {ask.table.name}")


@rule(
    RULES,
    "backup-known",
    "DescribeBackup",
    "DeleteBackup",
    "RestoreTableFromBackup",
    refuses="a backup that was deleted",
    source=API + "API_DescribeBackup.html (BackupNotFoundException)",
)
def _backup_known(ask: JudgedRequest) -> Refusal | None:
    backup = ask.account.backups.get(str(ask.body.get("BackupArn")))
    if backup is not None and backup.deleted:
        return Refusal("BackupNotFoundException", f"Backup not found: {backup.arn}")
    return None


@rule(
    RULES,
    "backup-creating",
    "DeleteBackup",
    "RestoreTableFromBackup",
    refuses="deleting or restoring a backup that is still CREATING",
    source=API + "API_DeleteBackup.html (BackupInUseException)",
)
def _backup_creating(ask: JudgedRequest) -> Refusal | None:
    backup = ask.account.backups.get(str(ask.body.get("BackupArn")))
    if backup is not None and not backup.deleted and ask.now < backup.available_at:
        return Refusal("BackupInUseException", f"Backup is still being created: {backup.arn}")
    return None


@rule(
    RULES,
    "restore-into-new-table",
    "RestoreTableFromBackup",
    "RestoreTableToPointInTime",
    refuses="a restore into a table that exists",
    source=API + "API_RestoreTableFromBackup.html (TableAlreadyExistsException)",
)
def _restore_new(ask: JudgedRequest) -> Refusal | None:
    target = str(ask.body.get("TargetTableName"))
    if target in ask.account.tables:
        return Refusal("TableAlreadyExistsException", f"Table already exists: {target}")
    return None


@rule(
    RULES,
    "restores-at-once",
    "RestoreTableFromBackup",
    "RestoreTableToPointInTime",
    refuses="more than 50 restores at once",
    source=GUIDE + "ServiceQuotas.html",
)
def _restores(ask: JudgedRequest) -> Refusal | None:
    running = sum(bool((t.restored or {}).get("RestoreInProgress")) for t in ask.account.tables.values())
    if running < RESTORES_AT_ONCE:
        return None
    return Refusal("LimitExceededException", f"Subscriber limit exceeded: {RESTORES_AT_ONCE} restores run already")


def named_source(body: Mapping[str, Any]) -> str:
    """The name of the table that a restore or an export reads."""
    return plain_name(body.get("SourceTableName") or body.get("SourceTableArn") or body.get("TableArn"))


def source_of(ask: JudgedRequest) -> StrictTable | None:
    """The table that a restore or an export reads."""
    return ask.account.tables.get(named_source(ask.body))


def _no_pitr(ask: JudgedRequest) -> Refusal | None:
    table = source_of(ask)
    if table is None:
        name = ask.body.get("SourceTableName") or ask.body.get("SourceTableArn") or ask.body.get("TableArn")
        return Refusal("TableNotFoundException", f"Table not found: {name}")
    if not table.pitr.enabled:
        return Refusal(
            "PointInTimeRecoveryUnavailableException",
            f"Point in time recovery is not enabled for table '{table.name}'",
        )
    return None


rule(
    RULES,
    "restore-needs-pitr",
    "RestoreTableToPointInTime",
    refuses="a restore to a point in time of a table without PITR",
    source=API + "API_RestoreTableToPointInTime.html (PointInTimeRecoveryUnavailableException)",
)(_no_pitr)
rule(
    RULES,
    "export-needs-pitr",
    "ExportTableToPointInTime",
    refuses="an export to S3 of a table without PITR",
    source=API + "API_ExportTableToPointInTime.html (PointInTimeRecoveryUnavailableException)",
)(_no_pitr)


def _outside(table: StrictTable, at: Any, now: float) -> str | None:
    earliest, latest = window(table, now)
    if isinstance(at, int | float) and earliest <= at <= latest:
        return None
    return f"is not between {earliest:.0f} (EarliestRestorableDateTime) and {latest:.0f} (LatestRestorableDateTime)"


@rule(
    RULES,
    "restore-time",
    "RestoreTableToPointInTime",
    refuses="a restore without a time, with two, or to one outside of the window of PITR",
    source=API + "API_RestoreTableToPointInTime.html (InvalidRestoreTimeException)",
)
def _restore_time(ask: JudgedRequest) -> Refusal | None:
    table, at = source_of(ask), ask.body.get("RestoreDateTime")
    if table is None:
        return None
    latest = bool(ask.body.get("UseLatestRestorableTime"))
    if latest == (at is not None):
        return invalid_values("Exactly one of RestoreDateTime and UseLatestRestorableTime must be given")
    if at is None:
        return None
    outside = _outside(table, at, ask.now)
    return None if outside is None else Refusal("InvalidRestoreTimeException", f"The restore time {at} {outside}")


@rule(
    RULES,
    "export-time",
    "ExportTableToPointInTime",
    refuses="an export of a time outside of the window of PITR",
    source=API + "API_ExportTableToPointInTime.html (InvalidExportTimeException)",
)
def _export_time(ask: JudgedRequest) -> Refusal | None:
    table, at = source_of(ask), ask.body.get("ExportTime")
    if table is None or at is None:
        return None
    earliest, _ = window(table, ask.now)
    if earliest <= float(at) <= ask.now:
        return None
    return Refusal(
        "InvalidExportTimeException",
        f"The export time {at} is not between {earliest:.0f} (the beginning of the window) and now",
    )


@rule(
    RULES,
    "restore-overrides",
    "RestoreTableFromBackup",
    "RestoreTableToPointInTime",
    refuses="an index in a restore that the source has not (overrides may only drop), and warm throughput in one",
    source=API + "API_RestoreTableFromBackup.html",
)
def _overrides(ask: JudgedRequest) -> Refusal | None:
    backup = ask.account.backups.get(str(ask.body.get("BackupArn")))
    table = backup.source if backup is not None else source_of(ask)
    if table is None:
        return None
    for member, have in (("GlobalSecondaryIndexOverride", table.gsis), ("LocalSecondaryIndexOverride", table.lsis)):
        for index in ask.body.get(member) or ():
            if index.get("IndexName") not in have:
                return invalid_values(f"{member}: the source has no index {index.get('IndexName')}")
            if index.get("WarmThroughput"):
                return invalid_values(f"{member}: WarmThroughput is not allowed in a restore")
    return None
