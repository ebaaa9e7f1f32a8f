"""Which backups of a table a rule keeps. Decides, and calls nothing."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from dynasmith.ports.backups import TableBackup


def beyond(
    backups: Sequence[TableBackup], now: datetime, *, keep: int | None = None, older_than: timedelta | None = None
) -> list[TableBackup]:
    """The backups that go, oldest first: of those that a person or a program made and that are AVAILABLE, what is
    neither among the newest ``keep`` nor younger than ``older_than``. The newest one of all never goes."""
    own = sorted(
        (each for each in backups if each.type == "user" and each.state == "AVAILABLE"),
        key=lambda each: (each.created_at, each.arn),
    )
    spared = max(1, keep or 0)
    gone = own[:-spared]
    return gone if older_than is None else [each for each in gone if now - each.created_at > older_than]
