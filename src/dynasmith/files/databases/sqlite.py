"""SQLite through Python's own module. It keeps any value in any column, so a key must also be NOT NULL."""

import sqlite3
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Any, Final

from msgspec.msgpack import Ext

from dynasmith.errors import RunError, Unreachable, UsageError
from dynasmith.files.databases.session import Cell, Column, ConnectionLost, RowKey, RowKeyPart, Selection, SourceTable
from dynasmith.files.databases.statement import one_statement
from dynasmith.files.databases.table_name import names_of

ROWS: Final = 500
_COLUMNS: Final = 'SELECT name, type, cid, hidden, "notnull", pk FROM pragma_table_xinfo(?, ?)'
_BROKEN: Final = ("locked", "busy", "disk i/o error", "unable to open")


def _text(raw: bytes) -> str | Ext:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return Ext(1, raw)


class SqliteSession:
    """A connection to a file. ``arguments`` are those of ``sqlite3.connect``."""

    def __init__(self, arguments: dict[str, Any], masked: Callable[[object], str]) -> None:
        self._masked = masked
        with self._translated(), ExitStack() as failed:
            self._connection = sqlite3.connect(**{**arguments, "check_same_thread": False, "isolation_level": None})
            failed.callback(self._connection.close)
            self._connection.text_factory = _text
            self._connection.execute("PRAGMA query_only = ON")
            failed.pop_all()

    def table(self, name: str) -> SourceTable:
        """See `session.Session`."""
        with self._translated():
            schemas = {row[1].lower() for row in self._rows("PRAGMA database_list")}
            for parts in names_of(name):
                schema, table = parts if len(parts) == 2 else (None, parts[0])
                if schema and schema.lower() not in schemas:
                    continue
                found = self._rows(_COLUMNS, (table, schema))
                if found:
                    return self._described(schema, table, found)
        raise RunError(f"The database has no table {name}.", hint="check its name and schema")

    def query(self, query: str) -> Selection:
        """See `session.Session`."""
        inner = one_statement(query, "sqlite")
        origin = f"(\n{inner}\n) AS q"
        with self._translated(), closing(self._connection.execute(f"SELECT * FROM {origin} LIMIT 0")) as cursor:
            names = [each[0] for each in cursor.description or ()]
        spelled = {name.lower() for name in names}
        for name in names:
            # SQLite gives the second of two names a number where they differ at most in the case of their letters.
            first, colon, number = name.rpartition(":")
            if colon and number.isdigit() and first.lower() in spelled:
                raise two_columns(first)
        columns = tuple(Column(name, "native") for name in names)
        return Selection(columns=columns, expressions=tuple(map(self.quoted, names)), origin=origin)

    def quoted(self, name: str) -> str:
        """The name as it stands in a statement."""
        return '"' + name.replace('"', '""') + '"'

    def marker(self, number: int, part: RowKeyPart, cell: Cell) -> str:
        """See `session.Session`. A text that is not UTF-8 is bound by its bytes."""
        del part
        return f"CAST(?{number} AS TEXT)" if isinstance(cell, Ext) else f"?{number}"

    def page(self, statement: str, cells: Sequence[Cell]) -> list[list[Cell]]:
        """See `session.Session`."""
        with self._translated():
            return [list(row) for row in self._rows(statement, [_bound(cell) for cell in cells])]

    def stream(self, statement: str) -> Generator[list[Cell], None, None]:
        """See `session.Session`."""
        with self._translated(), closing(self._connection.execute(statement)) as cursor:
            while rows := cursor.fetchmany(ROWS):
                yield from map(list, rows)

    def interrupt(self) -> None:
        """See `session.Session`."""
        with suppress(sqlite3.Error):
            self._connection.interrupt()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _rows(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        with closing(self._connection.execute(statement, tuple(values))) as cursor:
            rows: list[Any] = cursor.fetchall()
            return rows

    def _described(self, schema: str | None, table: str, found: Sequence[Any]) -> SourceTable:
        columns = [(name, str(declared)) for name, declared, _, hidden, _, _ in found if hidden != 1]
        origin = f"{self.quoted(schema)}.{self.quoted(table)}" if schema else self.quoted(table)
        selection = Selection(
            columns=tuple(Column(name, kind_of(declared)) for name, declared in columns),
            expressions=tuple(self.quoted(name) for name, _ in columns),
            origin=origin,
        )
        indexes = self._rows('SELECT name, "unique", origin, partial FROM pragma_index_list(?, ?)', (table, schema))
        primary = [name for _, name in sorted((pk, name) for name, _, _, _, _, pk in found if pk)]
        needed = {name: bool(required) for name, _, _, _, required, _ in found}
        declared_as = dict(columns)
        key = None
        if primary and not any(kind == "pk" for _, _, kind, _ in indexes):
            key = RowKey(parts=(RowKeyPart(name=primary[0], sql=self.quoted(primary[0])),))  # the row's own number
        unique = []
        for index, is_unique, kind, partial in indexes:
            if not is_unique:
                continue
            made = self._key(schema, index, needed, declared_as, partial=bool(partial))
            if kind == "pk":
                key = made
            else:
                unique.append(made)
        return SourceTable(name=table, selection=selection, primary=key, unique=tuple(unique))

    def _key(
        self, schema: str | None, index: str, needed: dict[str, bool], declared: dict[str, str], *, partial: bool
    ) -> RowKey:
        parts: list[RowKeyPart] = []
        problem = "its index is partial" if partial else ""
        for name, collation in self._rows(
            "SELECT name, coll FROM pragma_index_xinfo(?, ?) WHERE key = 1 ORDER BY seqno", (index, schema)
        ):
            if name is None:
                return RowKey(parts=tuple(parts), problem="its index is over an expression")
            parts.append(RowKeyPart(name=name, sql=f"{self.quoted(name)} COLLATE {self.quoted(collation)}"))
            if not needed.get(name):
                problem = problem or f"{name} may be NULL"
            elif affinity_of(declared.get(name, "")) == "REAL":
                problem = problem or f"{name} is an approximate number"
        return RowKey(parts=tuple(parts), problem=problem)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Warning, sqlite3.ProgrammingError) as error:
            raise UsageError(f"SQLite refused the statement: {self._masked(error)}.", hint="check the query") from error
        except sqlite3.OperationalError as error:
            said = self._masked(error)
            if "unable to open" in said:
                raise Unreachable(f"SQLite cannot open the file: {said}.", hint="check the path") from error
            if any(word in said.lower() for word in _BROKEN):
                raise ConnectionLost(f"SQLite did not answer: {said}.", hint="the job can be resumed") from error
            raise RunError(
                f"SQLite refused the statement: {said}.", hint="check the table, the query and --order"
            ) from error
        except (sqlite3.Error, sqlite3.DataError, OverflowError) as error:
            raise RunError(f"SQLite could not be read: {self._masked(error)}.", hint="check the file") from error


def _bound(cell: Cell) -> Any:
    return cell.data if isinstance(cell, Ext) else cell


def two_columns(name: str) -> UsageError:
    """The error for a query that has two columns of one name: an item has one attribute of a name."""
    return UsageError(f"The query gives two columns named {name}.", hint=f"name one of them: SELECT ... AS {name}_2")


def kind_of(declared: str) -> str:
    """The kind of a column by its declared type."""
    word = declared.upper().partition("(")[0].strip()
    match word:
        case "BOOLEAN" | "BOOL":
            return "native-bool"
        case "DATE":
            return "native-date"
        case "TIME":
            return "native-time"
        case "DATETIME" | "TIMESTAMP":
            return "native-datetime"
        case "JSON":
            return "native-json"
    return "native"


def affinity_of(declared: str) -> str:
    """The affinity of a declared type. Source: "Datatypes In SQLite", 3.1, "Determination Of Column Affinity"."""
    word = declared.upper()
    if "INT" in word:
        return "INTEGER"
    if any(part in word for part in ("CHAR", "CLOB", "TEXT")):
        return "TEXT"
    if "BLOB" in word or not word:
        return "BLOB"
    return "REAL" if any(part in word for part in ("REAL", "FLOA", "DOUB")) else "NUMERIC"
