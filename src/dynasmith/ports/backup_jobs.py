"""`BackupJob`: a job of AWS Backup, as the project shows it."""

from datetime import datetime
from typing import Any, Final

from msgspec import Struct

BAD_STATES: Final = ("FAILED", "ABORTED", "EXPIRED", "PARTIAL")
"""States of a job that is over and made no whole backup (API reference, BackupJob, State)."""
JOB_STATES: Final = ("CREATED", "PENDING", "RUNNING", "ABORTING", "COMPLETED", *BAD_STATES)


class BackupJob(Struct, frozen=True, kw_only=True):
    """A job of AWS Backup. ``state`` and ``reason`` are the service's words; ``reason`` is empty for a job that did not
    fail."""

    id: str
    table: str
    state: str
    reason: str
    started_at: datetime | None
    completed_at: datetime | None
    recovery_point_arn: str

    @property
    def is_bad(self) -> bool:
        """Whether it is over and made no whole backup."""
        return self.state in BAD_STATES

    def to_json(self) -> dict[str, Any]:
        """As ``--json`` shows it (contract)."""
        times = {"started_at": _text(self.started_at), "completed_at": _text(self.completed_at)}
        return {
            "id": self.id,
            "table": self.table,
            "state": self.state,
            "reason": self.reason or None,
            **times,
            "recovery_point_arn": self.recovery_point_arn or None,
        }


def _text(value: datetime | None) -> str | None:
    return None if value is None else value.strftime("%Y-%m-%dT%H:%M:%SZ")
