"""What a restore is made of: a backup, a table as it was at a time, or an export; and what the table was."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from msgspec.structs import replace

from dynasmith.aws.control.recovery_points import recovery_point
from dynasmith.engine.definition_import import as_definition
from dynasmith.errors import TableNotFound, UsageError
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.service_transfer import is_s3
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import Restore
from dynasmith.ports.backup_records import BackupRecord
from dynasmith.ports.backups import RecoveryWindow, TableBackup, rfc_3339
from dynasmith.project.verbs.backups.choice import backups_of, named
from dynasmith.project.verbs.backups.records import records_of, unread_of
from dynasmith.project.verbs.export_proof import whole_second
from dynasmith.project.verbs.file_names import absolute, is_file
from dynasmith.project.verbs.file_restore import manifest_of
from dynasmith.project.world import World
from dynasmith.tables.document_of import document_of
from dynasmith.tables.table import Table

LATEST: Final = "latest"
KEPT: Final = "the definition kept with the backup"
DEFINED: Final = "the definition of the project"
LIVE: Final = "the table as it is now"
EXPORTED: Final = "the manifest of the export"


def restore_of(world: World, target: Side, source: str, *, across_regions: bool) -> Restore:
    """The restore of a backup (an ARN or a name) or of the files of an export. Raises BackupNotFound, UsageError."""
    if is_s3(source):
        raise UsageError(
            f"{source} is a place in S3, and a restore is of a backup or of files on this machine.",
            hint=f"dynasmith populate TABLE {source} --create makes a table of an export to S3",
        )
    if not source.startswith("arn:") and is_file(source):
        return _of_file(target, source)
    backup = named(world, source, across_regions=across_regions)
    if backup.state not in ("AVAILABLE", "CREATING"):
        raise UsageError(f"Backup {backup.name} is {backup.state}.", hint="dynasmith backup list shows the others")
    return _of_backup(world, target, backup)


def restore_at(world: World, target: Side, table: str, at: datetime | str) -> Restore:
    """The restore of a table to a time. Raises UsageError for a time outside the window, with the window; of a deleted
    table it is the backup that the service made when it was deleted."""
    control, by_arn = backups_of(world), table.startswith("arn:")
    name = table.rpartition("/")[2] if by_arn else world.name_of(table)
    try:
        window = control.window(name)
    except TableNotFound:
        return _of_deleted(world, target, table if by_arn else "", name, at)
    if window is None:
        raise UsageError(
            f"Point-in-time recovery of table {name} is off: it cannot be restored to a time.",
            hint=f"restore a backup of it: dynasmith backup list {name}",
        )
    before, before_from, unread = _before(world, name)
    second = _within(name, at, window)
    return Restore(
        target=target,
        table=name,
        at=second,
        prove_at=second,
        before=before,
        before_from=before_from,
        unread=unread,
        table_arn=world.control.describe(name, ()).arn,
        options=TransferOptions(),
    )


def _of_file(target: Side, file: str) -> Restore:
    manifest = manifest_of(file)
    return Restore(
        target=target,
        file=absolute(file),
        before=manifest.definition or {},
        before_from=EXPORTED,
        expected_items=manifest.count,
        options=TransferOptions(),
    )


def _of_backup(world: World, target: Side, backup: TableBackup) -> Restore:
    record = records_of(world).find(backup.arn) or _kept_before(world, backup)
    kept = (record.definition, KEPT, record.unread) if record is not None else None
    before, before_from, unread = kept or _before(world, backup.table)
    vault = role = ""
    if backup.type == "aws":
        point = recovery_point(world.session, backup.arn)
        vault, role = point.vault, point.role
    return Restore(
        target=target,
        backup=backup.arn,
        prove_at=whole_second(backup.created_at),
        before=before,
        before_from=before_from,
        vault=vault,
        role=role,
        unread=unread,
        table_arn=backup.table_arn,
        expected_items=backup.item_count,
        options=TransferOptions(),
    )


def _kept_before(world: World, backup: TableBackup) -> BackupRecord | None:
    """What was kept with the newest earlier backup of the same table: nothing is kept with one that the service or AWS
    Backup makes. A definition of the project knows better."""
    if backup.type == "user" or any(table.name == backup.table for table in world.defined_tables()):
        return None
    records = records_of(world)
    earlier = [each for each in backups_of(world).list(backup.table, ("user",)) if each.created_at <= backup.created_at]
    for each in sorted(earlier, key=lambda each: each.created_at, reverse=True):
        if (record := records.find(each.arn)) is not None and record.table_id == backup.table_id:
            return record
    return None


def _of_deleted(world: World, target: Side, arn: str, name: str, at: datetime | str) -> Restore:
    """A table that is gone: by its ARN the service takes a time; else the backup that it made by itself."""
    if arn and isinstance(at, datetime):
        before, before_from, _ = _before(world, name)
        second = _whole(at)
        return Restore(target=target, table=arn, at=second, prove_at=second, before=before, before_from=before_from,
                       table_arn=arn, options=TransferOptions())  # fmt: skip
    made = sorted(backups_of(world).list(name, ("system",)), key=lambda each: each.created_at)
    if not made:
        raise TableNotFound(name, hint=f"if it was deleted: dynasmith backup list {name} shows its backups")
    if at != LATEST:
        raise UsageError(
            f"Table {name} was deleted; its own backup holds it as it was then ({rfc_3339(made[-1].created_at)}).",
            hint=f"restore that: dynasmith backup restore '{made[-1].arn}', or use --at latest",
        )
    return _of_backup(world, target, backups_of(world).describe(made[-1].arn))


def _before(world: World, name: str) -> tuple[dict[str, Any], str, dict[str, str]]:
    """What a table of that name is by its definition, else as it is live; nothing where there is neither. With why a
    setting of the live table could not be read."""
    defined = next((table for table in world.defined_tables() if table.name == name), None)
    if defined is not None:
        return _document(defined), DEFINED, {}
    try:
        live = world.control.describe(name)
    except TableNotFound:
        return {}, "", {}
    return _document(as_definition(live)), LIVE, unread_of(world, live)


def _document(table: Table) -> dict[str, Any]:
    return document_of(replace(table, items=Table(name="", key=table.key).items))


def _within(name: str, at: datetime | str, window: RecoveryWindow) -> datetime | None:
    """The second that is meant; None for the service's own latest time, where the window has no whole second yet."""
    if isinstance(at, str):
        latest = _whole(window.latest)
        return latest if latest >= window.earliest else None
    if at.tzinfo is None:
        raise UsageError(f"The time {at.isoformat()} has no offset from UTC.", hint="datetime(..., tzinfo=UTC)")
    if not window.earliest <= _whole(at) <= window.latest:
        raise UsageError(
            f"Table {name} can be restored to a time from {window}, and not to {rfc_3339(at)}.",
            hint="name a time in between, or latest",
        )
    return _whole(at)


def _whole(at: datetime) -> datetime:
    """The second: SDKs send whole ones."""
    return at.replace(microsecond=0)
