"""Stock data: two accounts with their users."""

from helpers import STOCK, TABLE

from dynasmith.migrations import Migration

description = "stock data"


def up(m: Migration) -> None:
    """Write the items that are not there yet."""
    m.table(TABLE).populate(STOCK)


def down(m: Migration) -> None:
    """Empty the table: nothing was in it before."""
    m.table(TABLE).delete_all()
