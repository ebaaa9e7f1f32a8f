"""What `backup create` made, in values."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from dynasmith.errors import DynasmithError
from dynasmith.ports.backups import TableBackup


class CreatedBackup(Struct, frozen=True, kw_only=True):
    """A backup that was made, or begun: ``backup.state`` says which. ``settings_file`` is where the definition of the
    table is kept, ``unread`` are settings that could not be read for it."""

    backup: TableBackup
    settings_file: str
    waited_seconds: float
    unread: dict[str, str] = {}

    def to_json(self) -> dict[str, Any]:
        """As ``--json`` shows it (contract)."""
        more: dict[str, Any] = {"settings_file": self.settings_file, "waited_seconds": round(self.waited_seconds, 1)}
        return self.backup.to_json() | more


class BackupCreation(Struct, frozen=True, kw_only=True):
    """What became of each table: a backup, or an error in ``failures``."""

    created: tuple[CreatedBackup, ...]
    failures: dict[str, DynasmithError] = {}
