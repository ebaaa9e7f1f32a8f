"""Users have a status. What was written before is active; `migrate down` takes it back from the undo journal."""

from helpers import TABLE, with_status

from dynasmith.migrations import Migration

description = "status of users"


def up(m: Migration) -> None:
    """Give each user without a status one."""
    m.table(TABLE).backfill(with_status)
