"""Backups, as the engine sees them: what there is of a table, and how a table is made of one."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, Protocol, TypeAlias

from msgspec import Struct

from dynasmith.tables.table import Billing, Encryption

BackupKind: TypeAlias = Literal["user", "system", "aws"]
"""Who made a backup: a person or a program, the service when it deleted a table with point-in-time recovery, or AWS
Backup."""

BACKUP_KINDS: tuple[BackupKind, ...] = ("user", "system", "aws")


class TableBackup(Struct, frozen=True, kw_only=True):
    """A backup of a table. ``state`` is the service's word: CREATING, AVAILABLE, DELETED. ``item_count`` is what the
    service believed when it was made, up to six hours old (API reference, SourceTableDetails); None where it was not
    asked. ``expires_at`` is when the service removes it by itself; None for never."""

    name: str
    arn: str
    table: str
    type: BackupKind
    state: str
    created_at: datetime
    size_bytes: int = 0
    expires_at: datetime | None = None
    table_arn: str = ""
    table_id: str = ""
    item_count: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The backup as ``--json`` shows it (contract): times in RFC 3339 UTC."""
        return {
            "name": self.name,
            "arn": self.arn or None,
            "table": self.table,
            "type": self.type,
            "state": self.state,
            "created_at": rfc_3339(self.created_at),
            "size_bytes": self.size_bytes,
            "expires_at": None if self.expires_at is None else rfc_3339(self.expires_at),
        }


class RecoveryWindow(Struct, frozen=True, kw_only=True):
    """The seconds to which a table can be restored."""

    earliest: datetime
    latest: datetime

    def __str__(self) -> str:
        return f"{rfc_3339(self.earliest)} to {rfc_3339(self.latest)}"


class RestoreCall(Struct, frozen=True, kw_only=True):
    """One call that makes the table ``target``: of the backup ``backup``, or of the table ``table`` (a name or an ARN)
    as it was at ``at``. ``billing`` and ``encryption`` go over those of the source; ``without_indexes`` makes no
    secondary index. ``token`` names the run, where the service takes one (AWS Backup does)."""

    target: str
    backup: str = ""
    table: str = ""
    at: datetime | None = None
    billing: Billing | None = None
    encryption: Encryption | None = None
    without_indexes: bool = False
    token: str = ""


class RestoredFrom(Struct, frozen=True, kw_only=True):
    """What the service says of a table that a restore makes or made (RestoreSummary), and when the table was
    made."""

    created_at: datetime
    backup: str = ""
    table_arn: str = ""
    at: datetime | None = None
    in_progress: bool = False


class BackupControl(Protocol):
    """The calls about backups. Never waits and never decides; every error is a `dynasmith.errors.DynasmithError`."""

    def create(self, table: str, name: str) -> TableBackup:
        """Begin a backup. Raises TableNotFound; TableBusy where the table cannot be backed up yet."""
        ...

    def describe(self, arn: str) -> TableBackup:
        """One backup, with the count of items. Raises BackupNotFound."""
        ...

    def list(
        self, table: str = "", kinds: Sequence[BackupKind] = BACKUP_KINDS, since: datetime | None = None
    ) -> Iterator[TableBackup]:
        """The backups of a table, also of one that is gone, or of all tables, page after page."""
        ...

    def delete(self, arn: str) -> None:
        """Delete a backup. Raises BackupNotFound; TableBusy while it is being made or restored."""
        ...

    def window(self, table: str) -> RecoveryWindow | None:
        """To which times a table can be restored; None without point-in-time recovery. Raises TableNotFound."""
        ...

    def restore(self, call: RestoreCall) -> None:
        """Begin a restore. Raises TableExists; BackupNotFound; TableNotFound for the source of a point in time."""
        ...

    def restored_from(self, table: str) -> RestoredFrom:
        """What a table was restored from; nothing of it for one that no restore made. Raises TableNotFound."""
        ...

    def under_way(self) -> str:
        """What another service that does the restore says of it; empty where there is none, or its work is done.
        Raises RunError where it failed."""
        ...


def rfc_3339(time: datetime) -> str:
    """A time as every output has it: ``2026-11-20T10:15:00Z``, with fractions of a second where it has any."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
