"""A new database in one step, as all migrations leave it: `migrate reset`. Refused in a protected environment."""

from helpers import STOCK, TABLE, with_status

from dynasmith.migrations import Migration

covers = "0.1.3"


def up(m: Migration) -> None:
    """Empty the table, and fill it again."""
    m.table(TABLE).delete_all()
    m.table(TABLE).populate(STOCK)
    m.table(TABLE).backfill(with_status)
