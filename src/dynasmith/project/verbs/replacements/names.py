"""Names of tables that replace others."""

import re

_VERSION = re.compile(r"(.*)-v(\d+)\Z")


def base_name(table: str) -> str:
    """The name without the version that `next_name` gave: ``orders`` for ``orders-v2``."""
    found = _VERSION.match(table)
    return found[1] if found else table


def next_name(table: str) -> str:
    """The name of the table that replaces one: ``orders-v2`` after ``orders``."""
    found = _VERSION.match(table)
    return f"{found[1]}-v{int(found[2]) + 1}" if found else f"{table}-v2"
