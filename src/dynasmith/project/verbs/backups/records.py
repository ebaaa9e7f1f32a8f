"""Where the definitions beside the backups of a project are: where its jobs are."""

from pathlib import Path

from dynasmith.aws.stores.backup_records import S3BackupRecords, TableBackupRecords
from dynasmith.aws.stores.s3.objects import S3Objects
from dynasmith.files.backup_records import FolderBackupRecords
from dynasmith.ports.backup_records import BackupRecords
from dynasmith.project.world import World
from dynasmith.tables.description import TableDescription


def records_of(world: World) -> BackupRecords:
    """A folder beside the jobs, or where the jobs are in S3 or in a table: below the same prefix, in the same table."""
    settings, session = world.settings, world.session
    if settings.ledger.startswith("s3://"):
        return S3BackupRecords(S3Objects(session.client("s3"), settings.ledger, access=session.access))
    if settings.ledger.startswith("table:"):
        name = f"{settings.prefix}{settings.ledger.removeprefix('table:')}{settings.suffix}"
        return TableBackupRecords(session.client("dynamodb"), name)
    jobs = Path(settings.folder) / (settings.ledger or ".dynasmith/jobs")
    return FolderBackupRecords(jobs.parent / "backups")


def unread_of(world: World, described: TableDescription) -> dict[str, str]:
    """Why settings of a table could not be read, by the setting; without what the engine offers for no table."""
    lacking = world.control.unoffered(described.unread)
    return {
        setting: world.masks(reason)
        for setting, reason in described.unread.items()
        if setting not in lacking and setting != "warm"  # which grows by itself, and no definition says
    }
