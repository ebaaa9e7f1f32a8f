"""A SQL database as a source, through SQLAlchemy: pages by key, never by offset, so that each line is read once."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from dynasmith.errors import CheckpointError, ItemInvalid, NotOffered, RunError, Unreachable, UsageError
from dynasmith.files.items.foreign import Renaming
from dynasmith.files.items.mongo import item_from
from dynasmith.items.key import KeySchema, check_key
from dynasmith.ports.items import Dead, Heard, Item, OpenSource, Page, Place


class SqlSource:
    """One segment over a table, or over a query with the names it is to be ordered by.

    A start is the key of the last line before it. ``order`` must tell lines apart and hold no NULL; a table's primary
    key is it by itself. Lines that are added behind the place that was reached are seen, others are not.
    """

    def __init__(
        self,
        url: str,
        key: KeySchema,
        renaming: Renaming,
        *,
        table: str = "",
        query: str = "",
        order: Sequence[str] = (),
        page_items: int = 500,
    ) -> None:
        try:
            import sqlalchemy
        except ImportError as error:
            raise NotOffered(
                "SQL is read with SQLAlchemy, which is not installed here.", hint='pip install "dynasmith[sql]"'
            ) from error
        if bool(table) == bool(query):
            raise UsageError("One of a table and a query is needed.", hint="--table users, or --query and --order")
        if query and not order:
            raise UsageError("A query needs the names that its lines are told apart by.", hint="--order id")
        self._sql: Any = sqlalchemy
        self._errors = sqlalchemy.exc.SQLAlchemyError
        try:
            self._engine: Any = sqlalchemy.create_engine(url)
        except (self._errors, ImportError) as error:
            raise RunError(f"The database cannot be opened: {error}", hint="a URL such as sqlite:///shop.db") from error
        self._table, self._query, self._order = table, query, tuple(order)
        self._key = key
        self._renaming = renaming
        self._page_items = page_items
        self._made: tuple[Any, list[Any]] | None = None

    @property
    def segments(self) -> int:
        """One."""
        return 1

    async def read(self, segment: int, start: bytes | None) -> Page:  # noqa: ARG002
        """The next lines, read in a thread."""
        return await asyncio.to_thread(self._read, start)

    async def close(self) -> None:
        """Close the connections."""
        await asyncio.to_thread(self._engine.dispose)

    def _read(self, start: bytes | None) -> Page:
        try:
            select, keys = self._made = self._made or self._select()
            if start is not None:
                select = select.where(self._after(keys, _place(start, len(keys))))
            with self._engine.connect() as connection:
                lines = connection.execute(select.limit(self._page_items)).mappings().all()
        except self._errors as error:
            raise Unreachable(
                f"The database did not answer: {error}", hint="check the URL and the query; the job can be resumed"
            ) from error
        items: list[Item] = []
        places: list[Place] = []
        dead: list[Dead] = []
        names = [key.name for key in keys]
        for line in lines:
            at = ", ".join(f"{name}={line[name]}" for name in names)
            try:
                item = item_from({name: value for name, value in line.items() if value is not None}, self._renaming)
                check_key(item, self._key)
                items.append(item)
                places.append(at)
            except ItemInvalid as error:
                shown = json.dumps(dict(line), default=str).encode()
                dead.append(Dead(code="rejected", reason=error.message, item=shown, place=at))
        following = None
        if len(lines) == self._page_items:
            following = json.dumps([_written(lines[-1][name]) for name in names]).encode()
        return Page(items=items, next=following, read=len(lines), dead=tuple(dead), places=places)

    def _select(self) -> tuple[Any, list[Any]]:
        sql = self._sql
        if self._query:
            keys = [sql.column(name) for name in self._order]
            inner = sql.text(f"({self._query}) AS flowing")  # a query is the user's own words
            return sql.select(sql.text("*")).select_from(inner).order_by(*keys), keys
        schema, _, name = self._table.rpartition(".")
        try:
            table = sql.Table(name, sql.MetaData(), schema=schema or None, autoload_with=self._engine)
        except sql.exc.NoSuchTableError as error:
            raise RunError(f"The database has no table {self._table}.", hint="check its name and schema") from error
        missing = [name for name in self._order if name not in table.c]
        if missing:
            raise UsageError(f"Table {self._table} has no {', '.join(missing)} to order by.")
        keys = [table.c[name] for name in self._order] or list(table.primary_key.columns)
        if not keys:
            raise UsageError(
                f"Table {self._table} has no primary key.", hint="--order names what tells its lines apart"
            )
        return sql.select(*map(self._plain, table.c)).order_by(*keys), keys

    def _plain(self, part: Any) -> Any:
        """SQLite has no decimals: its numbers are floats, and SQLAlchemy would round them to a scale."""
        if self._engine.dialect.name == "sqlite" and isinstance(part.type, self._sql.Numeric):
            return self._sql.type_coerce(part, self._sql.Float()).label(part.name)
        return part

    def _after(self, keys: Sequence[Any], values: Sequence[Any]) -> Any:
        """``(a > x) OR (a = x AND b > y)``: not every database compares several values at once."""
        sql = self._sql
        return sql.or_(
            *(
                sql.and_(*(keys[before] == values[before] for before in range(number)), keys[number] > values[number])
                for number in range(len(keys))
            )
        )


_WRITE: Mapping[type, str] = {
    int: "int",
    str: "str",
    datetime: "datetime",
    date: "date",
    Decimal: "decimal",
    UUID: "uuid",
}
_READ: Mapping[str, Callable[[str], Any]] = {
    "int": int,
    "str": str,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "decimal": Decimal,
    "uuid": UUID,
    "float": float,
    "bytes": bytes.fromhex,
}


def _written(value: Any) -> list[str]:
    if isinstance(value, bytes):
        return ["bytes", value.hex()]
    if isinstance(value, float):
        return ["float", repr(value)]
    kind = _WRITE.get(type(value))
    if kind is None:
        raise UsageError(
            f"Lines cannot be told apart by a value of type {type(value).__name__}.", hint="--order another name"
        )
    return [kind, value.isoformat() if isinstance(value, date) else str(value)]


def _place(start: bytes, count: int) -> list[Any]:
    try:
        values = [_READ[kind](text) for kind, text in json.loads(start)]
    except (ValueError, KeyError, TypeError, ArithmeticError) as error:
        raise CheckpointError(f"A checkpoint of a database is damaged: {error}.", hint="start a new job") from error
    if len(values) != count:
        raise CheckpointError("A checkpoint of a database is of another key.", hint="start a new job")
    return values


def check_there(url: str) -> None:
    """Raise RunError for the URL of a SQLite file that does not exist. Another URL says so when it is connected to."""
    try:
        from sqlalchemy import make_url
        from sqlalchemy.exc import ArgumentError
    except ImportError:
        return  # what is missing is said when the source is opened
    try:
        said = make_url(url)
    except ArgumentError:
        return
    file = said.database or ""
    if said.get_backend_name() != "sqlite" or file in ("", ":memory:"):
        return
    path = file.removeprefix("file:") if said.query.get("uri") else file
    if path and ":memory:" not in path and not Path(path).is_file():
        raise RunError(f"There is no file {path}.", hint="check the path: sqlite:///shop.db, sqlite:////abs/shop.db")


def sql_source(
    url: str,
    key: KeySchema,
    renaming: Renaming,
    *,
    table: str = "",
    query: str = "",
    order: Sequence[str] = (),
    page_items: int = 500,
) -> OpenSource:
    """Opens a SqlSource. Raises NotOffered without SQLAlchemy, UsageError for what contradicts itself, and RunError for
    a SQLite file that is not there, which connecting to it would make."""
    check_there(url)

    async def opened(_heard: Heard) -> SqlSource:
        return SqlSource(url, key, renaming, table=table, query=query, order=order, page_items=page_items)

    return opened
