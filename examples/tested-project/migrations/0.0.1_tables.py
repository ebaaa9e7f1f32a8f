"""The tables, as of the first day: users had no index then."""

from dynasmith.migrations import Migration


def up(m: Migration) -> None:
    m.create_table("orders")
    m.create_table("users")
