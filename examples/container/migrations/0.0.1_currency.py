"""Every order has a currency; old ones are in francs."""

from dynasmith.migrations import Migration


def up(m: Migration) -> None:
    m.table("orders").add("currency", "CHF")
