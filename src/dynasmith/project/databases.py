"""Other databases as a source of items: SQL through SQLAlchemy, MongoDB through pymongo."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from msgspec import Struct

from dynasmith.errors import UsageError
from dynasmith.files.items.foreign import renaming_of
from dynasmith.files.items.mongo import mongo_source
from dynasmith.files.items.sql import sql_source
from dynasmith.items.key import KeySchema
from dynasmith.ports.items import OpenSource

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
MONGO_SCHEMES = ("mongodb", "mongodb+srv")


class Database(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the items of a populate come from. ``table`` is a SQL table or a MongoDB collection; or a SQL ``query``
    with ``order``, the names that tell its lines apart. ``map`` rewrites ids: ``{"id": "user-{id}"}``.

    ``url`` may hold ``${VAR}``: secrets belong there, since a job remembers its parameters.
    """

    url: str
    table: str = ""
    query: str = ""
    order: tuple[str, ...] = ()
    map: dict[str, str] = {}


def database_source(said: Database, key: KeySchema, variables: Mapping[str, str], page_items: int | None) -> OpenSource:
    """The source behind ``said``, in pages by key. Raises UsageError, and NotOffered where its library is missing."""
    url = _expanded(said.url, variables)
    renaming = renaming_of(said.map)
    pages = {} if page_items is None else {"page_items": page_items}
    if urlsplit(url).scheme in MONGO_SCHEMES:
        if not said.table or said.query:
            raise UsageError("A MongoDB source needs its collection.", hint="--source-table COLLECTION")
        return mongo_source(url, said.table, key, renaming, **pages)
    return sql_source(url, key, renaming, table=said.table, query=said.query, order=said.order, **pages)


def check_memorable(said: Database) -> None:
    """Refuse a URL with a literal password: a job's parameters are kept in a file."""
    if urlsplit(VARIABLE.sub("", said.url)).password:
        raise UsageError(
            "The URL holds a password, and a job remembers its URL.",
            hint="put it in a variable and say '--from scheme://user:${PASSWORD}@host/name', in single quotes",
        )


def _expanded(url: str, variables: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name = found.group(1)
        if name not in variables:
            raise UsageError(f"The variable {name} of the URL is not set.", hint=f"export {name}=...")
        return variables[name]

    return VARIABLE.sub(value, url)
