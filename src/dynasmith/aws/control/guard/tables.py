"""The tables that a refused request names, for the report of a dry run."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

SHOWN_TABLES_MAX = 3
NAME_CHARACTERS_MAX = 255
_STATEMENT = re.compile(r'\b(?:INTO|UPDATE|FROM)\s+"?([A-Za-z0-9_.:/-]+)', re.IGNORECASE)


def tables_of(request: Mapping[str, Any]) -> str:
    """The names of the tables in a request of DynamoDB, comma between them; empty where it names none."""
    names = list(dict.fromkeys(name[:NAME_CHARACTERS_MAX] for name in _names(request)))
    more = ["..."] if len(names) > SHOWN_TABLES_MAX else []
    return ", ".join([*names[:SHOWN_TABLES_MAX], *more])


def _names(request: Mapping[str, Any]) -> Iterator[str]:
    table, items, statement = request.get("TableName"), request.get("RequestItems"), request.get("Statement")
    if isinstance(table, str):
        yield table
    if isinstance(items, Mapping):
        yield from map(str, items)
    if isinstance(statement, str):
        yield from _STATEMENT.findall(statement)
    for listed in ("TransactItems", "Statements", "TransactStatements"):
        for each in request.get(listed) or ():
            for one in (each, *each.values()) if isinstance(each, Mapping) else ():
                if isinstance(one, Mapping):
                    yield from _names(one)
