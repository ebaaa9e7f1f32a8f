"""A data migration from an event: a backup of `users`, then every user transformed into `users_v2`, 250 at a time."""

import os
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

from dynasmith import Consent, Project


def handler(event: dict[str, Any] | None, context: object) -> dict[str, Any]:
    """Run it and give the counts of the backup and of the copy.

    ``event`` may have ``backup`` (the name of the backup, else one with today's date) and ``batch_size``. A backup that
    is there already is refused, so the second event of a day names another one; the copy writes the same items again.
    """
    del context
    event = event or {}
    backup = event.get("backup") or f"users_backup_{datetime.now(UTC):%Y%m%d}"
    environment = os.environ.get("DYNASMITH_ENV", "aws")
    # Who may invoke the function has consented, also where the environment is protected.
    consent = Consent(yes=True, confirm=[environment])
    with Project.load(os.path.dirname(__file__), env=environment, consent=consent) as project:
        reports = project.auto_migrate(
            "users",
            target="users_v2",
            copy=True,
            backup=backup,
            transform=split_name,
            batch_size=event.get("batch_size", 250),
        )
    return {
        "backup": backup,
        "tables": {
            report.job.spec.target.table: {"read": report.counts.read, "written": report.counts.written}
            for report in reports
        },
    }


def split_name(user: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take ``name`` apart at its first space. A user without a space in the name has a first name only."""
    first, _, last = str(user.pop("name")).partition(" ")
    user["first_name"] = first
    if last:
        user["last_name"] = last
    return user
