"""Other databases as a source of items: SQLite, PostgreSQL, MySQL and MariaDB, and MongoDB."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from urllib.parse import quote, urlsplit

from dynasmith.engine.transfer.populate_source import PopulateSource
from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.errors import UsageError
from dynasmith.files.databases.mongo import mongo_source
from dynasmith.files.databases.request import SqlRequest
from dynasmith.files.databases.source import look, sql_source
from dynasmith.files.databases.url import secrets_of
from dynasmith.files.items.foreign import renaming_of
from dynasmith.files.ledger.folder import FolderLedger
from dynasmith.items.key import KeySchema
from dynasmith.jobs.options import Database
from dynasmith.jobs.report import Report
from dynasmith.masking import has_password
from dynasmith.ports.items import OpenSource
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.populate_files import seen_keys

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
RESERVED = re.compile(r"[^A-Za-z0-9._~!$&'()*+,;=%-]")
"""What may not stand in the user or password of a URL. Source: RFC 3986, 3.2.1."""
MONGO_SCHEMES = ("mongodb", "mongodb+srv")
SAMPLE_ROWS = 1000
"""Rows that a dry run reads of what is read by one cursor; it looks at 200."""


def database_origin(items: ItemWorld, database: Database, target: TableEnd, page_items: int | None) -> PopulateSource:
    """A database as the origin of a populate. Raises what opening it raises, before a job begins."""
    items.masks.add(variables_in(database, os.environ))

    def of_job(job_id: str) -> OpenSource:
        return database_source(database, target.key, os.environ, page_items, spool_of(items, job_id))

    def finish(report: Report) -> None:
        if report.job.over:
            spool_of(items, report.job.id).unlink(missing_ok=True)

    source = database_source(database, target.key, os.environ, page_items)
    return PopulateSource(source, partial(seen_keys, items), of_job=of_job, finish=finish)


def spool_of(items: ItemWorld, job_id: str) -> Path:
    """Where a job keeps rows that cannot be read twice: its folder, or the project's where its ledger has none."""
    ledger = items.ledger
    if isinstance(ledger, FolderLedger):
        return ledger.folder / job_id / "rows.spool"
    return Path(items.folder) / ".dynasmith" / "rows" / f"{job_id}.spool"


def database_source(
    database: Database,
    key: KeySchema,
    variables: Mapping[str, str],
    page_items: int | None,
    spool: Path | None = None,
) -> OpenSource:
    """The source that ``database`` names. Raises UsageError, and NotOffered where its library is missing.

    ``spool`` is where what cannot be read in pages is kept; without it a sample is read, for a dry run.
    """
    url = _expanded(database.url, variables)
    renaming = renaming_of(database.map)
    pages = {} if page_items is None else {"page_items": page_items}
    if is_mongo(database):
        if not database.table or database.query:
            raise UsageError("A MongoDB source needs its collection.", hint="--source-table COLLECTION")
        if database.order:
            raise UsageError("A MongoDB collection is read in the order of _id.", hint="remove --order")
        return mongo_source(url, database.table, key, renaming, **pages)
    sample = 0 if spool else SAMPLE_ROWS
    return sql_source(_request(database, url), key, renaming, spool=spool, sample=sample, **pages)


def look_at(database: Database, variables: Mapping[str, str]) -> str:
    """Connect to a SQL database, and say how it will be read where that is not in pages by its key; else nothing.

    Raises what reading it would raise at its start, so that a wrong name or query leaves no job behind.
    """
    if is_mongo(database):
        return ""
    reading = look(_request(database, _expanded(database.url, variables)))
    if reading.key is not None:
        return ""
    what = f"Table {database.table}" if database.table else "The query"
    return f"{what} is read once, by one cursor, into a file of the job ({reading.reason})."


def variables_in(database: Database, variables: Mapping[str, str]) -> list[tuple[str, str]]:
    """What the variables of the URL hold, and their names: a driver may repeat a value in an error."""
    return [(variables[name], name) for name in VARIABLE.findall(database.url) if name in variables]


def is_mongo(database: Database) -> bool:
    """Whether the URL names a MongoDB."""
    return database.url.partition(":")[0] in MONGO_SCHEMES


def check_memorable(database: Database) -> None:
    """Refuse a URL with a literal password: a job's parameters are kept in a file."""
    try:
        urlsplit(VARIABLE.sub("", database.url))
    except ValueError as error:
        raise UsageError("The URL of the database is not a valid URL.", hint="sqlite:///shop.db") from error
    bare = VARIABLE.sub("", database.url)
    if secrets_of(bare) or has_password(bare):
        raise UsageError(
            "The URL holds a password, and a job stores its URL.",
            hint="put the password in a variable, and write ${VARIABLE} in its place, in single quotes",
        )


def _request(database: Database, url: str) -> SqlRequest:
    return SqlRequest(url=url, table=database.table, query=database.query, order=database.order)


def _expanded(url: str, variables: Mapping[str, str]) -> str:
    """The URL with its variables. A password with characters that mean something in a URL is escaped."""
    begin, end = url.find("://"), url.rfind("@")

    def value(found: re.Match[str]) -> str:
        name = found.group(1)
        if name not in variables:
            raise UsageError(f"The variable {name} of the URL is not set.", hint=f"export {name}=...")
        text = variables[name]
        inside = 0 <= begin < found.start() < end
        return quote(text, safe="") if inside and RESERVED.search(text) else text

    return VARIABLE.sub(value, url)
