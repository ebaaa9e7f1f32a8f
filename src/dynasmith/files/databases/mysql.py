"""MySQL and MariaDB through PyMySQL, as text: its conversions are switched off."""

import socket
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Final

from dynasmith.errors import NotOffered, RunError, Unreachable, UsageError
from dynasmith.files.databases import mysql_catalog as catalog
from dynasmith.files.databases.session import Cell, Column, ConnectionLost, RowKeyPart, Selection, SourceTable
from dynasmith.files.databases.sqlite import two_columns
from dynasmith.files.databases.statement import one_statement
from dynasmith.files.databases.table_name import names_of

ROWS: Final = 500
CONNECT_SECONDS: Final = 10
_STRICT: Final = ("TRADITIONAL", "NO_ZERO_IN_DATE", "NO_ZERO_DATE", "STRICT_TRANS_TABLES", "STRICT_ALL_TABLES")
_LENIENT: Final = "REPLACE(" * len(_STRICT) + "@@sql_mode" + "".join(f", '{mode}', '')" for mode in _STRICT)
_SETTINGS: Final = (
    "SET SESSION TRANSACTION READ ONLY",
    "SET SESSION time_zone = '+00:00'",
    "SET SESSION sql_select_limit = 18446744073709551615",  # or a server may end each reading after so many rows
    "SET SESSION max_sort_length = 16384",  # bytes; or texts that begin alike have no order, and pages lose some
    "SET SESSION lock_wait_timeout = 60",  # seconds; a table that somebody alters is not waited for forever
    # So that a comparison with any date that a column holds is a comparison, and not NULL.
    f"SET SESSION sql_mode = CONCAT_WS(',', {_LENIENT}, 'ALLOW_INVALID_DATES')",
)
_LOST: Final = (2002, 2003, 2006, 2013, 2014, 2055, 1053, 1927)
"""Source: MySQL and MariaDB error references: no connection, gone away, lost, shut down, killed."""
_REFUSED: Final = (1054, 1060, 1064, 1146, 1221, 1235, 1241, 1792)
_STOPPED: Final = (1205, 1213, 1317, 1969, 3024, 1040)


class MySqlSession:
    """A connection whose transactions only read. ``arguments`` are those of ``pymysql.connect``."""

    def __init__(self, arguments: dict[str, Any], masked: Callable[[object], str]) -> None:
        try:
            import pymysql
            import pymysql.cursors
        except ImportError as error:
            raise NotOffered(
                "MySQL and MariaDB are read with PyMySQL, which is not installed here.",
                hint='pip install "dynasmith[mysql]"',
            ) from error
        self._driver: Any = pymysql
        self._masked = masked
        own = {"charset": "utf8mb4", "use_unicode": False, "conv": {}, "autocommit": True, "client_flag": 0}
        try:
            self._connection: Any = pymysql.connect(**({"connect_timeout": CONNECT_SECONDS} | arguments | own))
        except (pymysql.Error, OSError, RuntimeError, ValueError) as error:
            raise Unreachable(
                f"The database did not answer: {self._said(error)}.", hint="check the URL and that the server runs"
            ) from error
        with ExitStack() as failed:
            failed.callback(self.close)
            for setting in _SETTINGS:
                self._rows(setting)
            failed.pop_all()

    def table(self, name: str) -> SourceTable:
        """See `session.Session`."""
        for parts in names_of(name):
            schema, table = parts if len(parts) == 2 else (None, parts[0])
            where = (
                f"{self._literal(schema)}, {self._literal(table)}" if schema else f"DATABASE(), {self._literal(table)}"
            )
            listed = self._text_rows(catalog.COLUMNS.format(where))
            if listed:
                return self._described(name, schema, table, where, listed)
            if self._text_rows(catalog.TABLES.format(where)):
                raise RunError(
                    f"The columns of {name} cannot be read.",
                    hint="a view needs the tables that it is made of, and the user of the URL the right to SELECT",
                )
        raise RunError(f"The database has no table {name}.", hint="check its name and schema")

    def query(self, query: str) -> Selection:
        """See `session.Session`."""
        inner = one_statement(query, "mysql")
        return self._selection(f"(\n{inner}\n) AS q", None)

    def quoted(self, name: str) -> str:
        """The name as it stands in a statement."""
        return "`" + name.replace("`", "``") + "`"

    def marker(self, number: int, part: RowKeyPart, cell: Cell) -> str:
        """See `session.Session`. A literal, which takes on the character set and the collation of its column."""
        del number
        match part.type:
            case "number":
                return str(cell, "ascii")
            case "bytes":
                return f"X'{cell.hex()}'" if cell else "''"
            case "text":
                return f"_utf8mb4 X'{cell.hex()}'"
        return f"CAST(_utf8mb4 X'{cell.hex()}' AS {part.type})"

    def page(self, statement: str, cells: Sequence[Cell]) -> list[list[Cell]]:
        """See `session.Session`."""
        del cells  # they stand in the statement
        return [list(row) for row in self._rows(statement)]

    def stream(self, statement: str) -> Generator[list[Cell], None, None]:
        """See `session.Session`."""
        with self._translated():
            self._rows("START TRANSACTION READ ONLY")
            cursor = self._connection.cursor(self._driver.cursors.SSCursor)
            ended = False
            try:
                cursor.execute(statement)
                while rows := cursor.fetchmany(ROWS):
                    yield from map(list, rows)
                ended = True
                cursor.close()
                self._rows("ROLLBACK")
            finally:
                if not ended:  # to close its cursor would read all the rest
                    if cursor._result is not None:
                        cursor._result.unbuffered_active = False
                    cursor.connection = None
                    self.close()

    def interrupt(self) -> None:
        """See `session.Session`."""
        with suppress(OSError, AttributeError):  # it is closed already
            self._connection._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection, without reading what a cursor left."""
        self._connection._force_close()

    def _described(
        self, name: str, schema: str | None, table: str, where: str, listed: Sequence[Sequence[str]]
    ) -> SourceTable:
        origin = f"{self.quoted(schema)}.{self.quoted(table)}" if schema else self.quoted(table)
        selection = self._selection(origin, [column for column, *_ in listed])
        types = {column: described for column, *described in listed}
        keys = catalog.keys(self._text_rows(catalog.KEYS.format(where)), types, self.quoted)
        unique = tuple(key for index, key in keys.items() if index != "PRIMARY")
        return SourceTable(name=name, selection=selection, primary=keys.get("PRIMARY"), unique=unique)

    def _selection(self, origin: str, names: Sequence[str] | None) -> Selection:
        wanted = "*" if names is None else ", ".join(map(self.quoted, names))
        # Unconverted, the fields name the character sets of their columns, and not that of the connection.
        self._rows("SET SESSION character_set_results = NULL")
        with self._translated():
            cursor = self._connection.cursor()
            cursor.execute(f"SELECT {wanted} FROM {origin} LIMIT 0")
            fields = cursor._result.fields  # the character set of a column is nowhere else
            cursor.close()
        self._rows("SET SESSION character_set_results = utf8mb4")
        numbers = ", ".join(str(field.charsetnr) for field in fields)
        charsets = dict(self._text_rows(catalog.CHARSETS.format(numbers)))
        kinds = [catalog.kind_of(field.type_code, field.charsetnr) for field in fields]
        found = [field.name if isinstance(field.name, str) else field.name.decode() for field in fields]
        for at, column in enumerate(found):
            if column.lower() in (other.lower() for other in found[:at]):
                raise two_columns(column)
        columns = tuple(Column(column, kind) for column, kind in zip(found, kinds, strict=True))
        expressions = tuple(
            self._expression(column, charsets.get(str(field.charsetnr), ""))
            for column, field in zip(columns, fields, strict=True)
        )
        return Selection(columns=columns, expressions=expressions, origin=origin)

    def _expression(self, column: Column, charset: str) -> str:
        name = self.quoted(column.name)
        if column.kind in ("float32", "double"):  # its text has six digits, that of a double as many as it takes
            return f"({name} + 0e0)"
        if column.kind == "text" and charset not in catalog.LOSSLESS:
            return catalog.exact_text(name, charset)
        return name

    def _literal(self, text: str) -> str:
        return f"_utf8mb4 X'{text.encode().hex()}'" if text else "''"

    def _text_rows(self, statement: str) -> list[list[str]]:
        return [[(cell or b"").decode() for cell in row] for row in self._rows(statement)]

    def _rows(self, statement: str) -> Sequence[Sequence[Cell]]:
        with self._translated():
            cursor = self._connection.cursor()
            cursor.execute(statement)
            rows: Sequence[Sequence[Cell]] = cursor.fetchall()
            cursor.close()
            return rows

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (self._driver.Error, OSError) as error:
            code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
            said = self._said(error)
            if code in _LOST or not code:
                raise ConnectionLost(f"The database did not answer: {said}.", hint="the job can be resumed") from error
            if code in _STOPPED:
                raise Unreachable(
                    f"The database stopped the statement: {said}.", hint="the job can be resumed"
                ) from error
            if code == 1060:
                raise UsageError(
                    f"The query gives two columns of one name: {said}.", hint="name one of them: SELECT ... AS other"
                ) from error
            if code in _REFUSED:
                raise UsageError(
                    f"The database refused the statement: {said}.",
                    hint="check the query, which must be one SELECT, and --order",
                ) from error
            raise RunError(
                f"The database refused the statement: {said}.", hint="check the table, the query and --order"
            ) from error

    def _said(self, error: BaseException) -> str:
        return self._masked(error.args[1] if len(error.args) > 1 else error).rstrip(".")
