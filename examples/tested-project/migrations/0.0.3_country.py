"""Everybody has a country; old users are from Switzerland."""

from dynasmith.migrations import Migration


def up(m: Migration) -> None:
    m.table("users").add("country", "CH")
