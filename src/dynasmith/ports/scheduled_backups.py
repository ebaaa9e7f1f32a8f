"""A backup plan of AWS Backup, with what it selects and what it made."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from dynasmith.ports.backups import TableBackup, rfc_3339


class ScheduledBackupRule(Struct, frozen=True, kw_only=True):
    """One rule of a plan. ``next_at`` is its next run; None where ten runs of others come first, or none comes."""

    name: str
    vault: str
    schedule: str
    keep_days: int | None = None
    cold_storage_after_days: int | None = None
    next_at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """Stable keys; times in RFC 3339 UTC."""
        return {
            "name": self.name,
            "vault": self.vault,
            "schedule": self.schedule,
            "keep_days": self.keep_days,
            "cold_storage_after_days": self.cold_storage_after_days,
            "next_at": None if self.next_at is None else rfc_3339(self.next_at),
        }


class ScheduledSelection(Struct, frozen=True, kw_only=True):
    """What a plan backs up, as which role."""

    id: str
    name: str
    role: str
    resources: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Stable keys."""
        return {"id": self.id, "name": self.name, "role": self.role, "resources": list(self.resources)}


class ScheduledBackups(Struct, frozen=True, kw_only=True):
    """A backup plan: its rules, what it selects, and the recovery points of tables that it made, oldest first."""

    plan: str
    plan_id: str
    rules: tuple[ScheduledBackupRule, ...]
    selections: tuple[ScheduledSelection, ...]
    recovery_points: tuple[TableBackup, ...]

    @property
    def vault(self) -> str:
        """The vault of the first rule; each rule has its own."""
        return self.rules[0].vault if self.rules else ""

    def to_json(self) -> dict[str, Any]:
        """As ``--json`` shows it (contract)."""
        return {
            "vault": self.vault or None,
            "plan": self.plan,
            "plan_id": self.plan_id,
            "rules": [each.to_json() for each in self.rules],
            "selections": [each.to_json() for each in self.selections],
            "recovery_points": [each.to_json() for each in self.recovery_points],
        }
