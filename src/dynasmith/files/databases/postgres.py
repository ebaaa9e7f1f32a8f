"""PostgreSQL through psycopg's libpq, as text: no loader of the driver touches a value, so none can end a page."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Final

from dynasmith.errors import NotOffered, RunError, Unreachable, UsageError
from dynasmith.files.databases import postgres_catalog as catalog
from dynasmith.files.databases.session import Cell, Column, ConnectionLost, RowKeyPart, Selection, SourceTable
from dynasmith.files.databases.sqlite import two_columns
from dynasmith.files.databases.statement import one_statement
from dynasmith.files.databases.table_name import names_of

ROWS: Final = 500
CONNECT_SECONDS: Final = 10
_SETTINGS: Final = (
    b"SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'iso_8601';"
    b" SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 3; SET LOCAL lock_timeout = '60s'"
)
"""Said in each transaction, so that they hold behind a pooler too. 3: a float's text reads back as the same float. A
table that somebody alters is waited for, and not forever."""


class PostgresSession:
    """A connection whose transactions only read. ``arguments`` are those of ``psycopg.connect``."""

    def __init__(self, arguments: dict[str, Any], masked: Callable[[object], str]) -> None:
        try:
            import psycopg
        except ImportError as error:
            raise NotOffered(
                "PostgreSQL is read with psycopg, which is not installed here.",
                hint='pip install "dynasmith[postgres]"',
            ) from error
        self._driver: Any = psycopg
        self._masked = masked
        try:
            with ExitStack() as failed:
                self._connection: Any = psycopg.connect(
                    **({"connect_timeout": CONNECT_SECONDS} | arguments), autocommit=True
                )
                failed.callback(self._connection.close)
                server = self._connection.info.parameter_status("server_encoding")
                # Without a conversion on its way no text can end a page; Python decodes each value by itself.
                self._connection.execute(f"SET client_encoding TO '{server}'")
                failed.pop_all()
        except psycopg.ProgrammingError as error:
            raise UsageError(
                f"PostgreSQL cannot be opened: {masked(error)}.", hint="check the URL and its parameters after ?"
            ) from error
        except (psycopg.Error, UnicodeError) as error:
            raise Unreachable(
                f"PostgreSQL did not answer: {masked(error)}.", hint="check the URL and that the server runs"
            ) from error
        self._encoding: str = "utf-8" if server == "SQL_ASCII" else self._connection.info.encoding
        self._pg: Any = self._connection.pgconn

    def table(self, name: str) -> SourceTable:
        """See `session.Session`."""
        with self._transaction():
            for parts in names_of(name):
                for written in dict.fromkeys([parts, tuple(part.lower() for part in parts)]):
                    found = self._ask(catalog.TABLE, [".".join(map(self.quoted, written))])
                    if found:
                        return self._described(found[0], name)
        raise RunError(f"The database has no table {name}.", hint="check its name and schema")

    def query(self, query: str) -> Selection:
        """See `session.Session`."""
        inner = one_statement(query, "postgresql")
        origin = f"(\n{inner}\n) AS q"
        with self._transaction():
            columns = self._columns(inner)
            names = [column.name for column in columns]
            if not names:
                raise UsageError("The query gives no columns.", hint="give one SELECT")
            # Opened, and no row is read: so what writes, or cannot stand here, is refused before a job begins.
            self._run(f"DECLARE dynasmith NO SCROLL CURSOR FOR SELECT * FROM {origin}")
        for name in names:
            if names.count(name) > 1:
                raise two_columns(name)
        return Selection(
            columns=columns,
            expressions=tuple(map(self.quoted, names)),
            origin=origin,
            encoding=self._encoding,
        )

    def quoted(self, name: str) -> str:
        """The name as it stands in a statement."""
        return '"' + name.replace('"', '""') + '"'

    def marker(self, number: int, part: RowKeyPart, cell: Cell) -> str:
        """See `session.Session`."""
        del cell
        return f"CAST(${number} AS {part.type})"

    def page(self, statement: str, cells: Sequence[Cell]) -> list[list[Cell]]:
        """See `session.Session`."""
        with self._transaction():
            return list(_rows(self._run(statement, cells)))

    def stream(self, statement: str) -> Generator[list[Cell], None, None]:
        """See `session.Session`."""
        with self._transaction():
            self._run(f"DECLARE dynasmith NO SCROLL CURSOR FOR {statement}")
            while True:
                rows = list(_rows(self._run(f"FETCH {ROWS} FROM dynasmith")))
                if not rows:
                    return
                yield from rows

    def interrupt(self) -> None:
        """See `session.Session`."""
        with suppress(self._driver.Error):
            self._connection.cancel()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """One snapshot for all that is inside, and nothing can be written."""
        self._result(self._pg.exec_(b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; " + _SETTINGS))
        try:
            yield
        finally:
            with suppress(self._driver.Error):  # the connection is gone, which the error inside says
                self._pg.exec_(b"ROLLBACK")

    def _run(self, statement: str, cells: Sequence[Cell] = ()) -> Any:
        try:
            text = statement.encode(self._encoding)
        except UnicodeEncodeError as error:
            raise UsageError(
                f"The statement holds a character that the database's encoding {self._encoding} lacks.", hint="check it"
            ) from error
        if b"\0" in text:
            raise UsageError("The statement holds a NUL character.", hint="remove it")
        return self._result(self._pg.exec_params(text, list(cells)))

    def _result(self, result: Any) -> Any:
        status = self._driver.pq.ExecStatus
        if result.status in (status.TUPLES_OK, status.COMMAND_OK):
            return result
        said = self._masked(result.error_message.decode("utf-8", "replace"))
        said = said.removeprefix("ERROR:").strip().rstrip(".")
        if self._pg.status == self._driver.pq.ConnStatus.BAD:
            raise ConnectionLost(f"PostgreSQL did not answer: {said}.", hint="the job can be resumed")
        field = self._driver.pq.DiagnosticField
        code = (result.error_field(field.SQLSTATE) or b"").decode()
        if code[:2] in (
            "57",
            "55",
            "53",
            "40",
            "08",
        ):  # shut down or timed out, lock, resources, rolled back, connection
            raise Unreachable(f"PostgreSQL stopped the statement: {said}.", hint="the job can be resumed")
        if code == "42501":
            raise RunError(f"PostgreSQL refused the statement: {said}.", hint="GRANT SELECT to the user of the URL")
        if code == "25006":
            raise UsageError(f"The query writes, and only reading is allowed: {said}.", hint="give one SELECT")
        if code[:2] in ("42", "0A"):
            raise UsageError(f"PostgreSQL refused the statement: {said}.", hint="check the query and --order")
        raise RunError(f"PostgreSQL refused the statement: {said}.", hint="check the table, the query and --order")

    def _ask(self, statement: str, values: Sequence[str]) -> list[list[str]]:
        result = self._run(statement, [value.encode(self._encoding) for value in values])
        return [[(cell or b"").decode(self._encoding) for cell in row] for row in _rows(result)]

    def _columns(self, statement: str) -> tuple[Column, ...]:
        """What a statement gives, by preparing it: it does not run."""
        self._result(self._pg.prepare(b"", statement.encode(self._encoding, "replace")))
        described = self._pg.describe_prepared(b"")
        self._result(described)
        if described.nparams:
            raise UsageError("The query has parameters ($1), and there are no values for them.", hint="write values")
        types = [described.ftype(at) for at in range(described.nfields)]
        kinds = catalog.kinds(self._ask(catalog.TYPES, ["{" + ",".join(map(str, {*types})) + "}"]))
        names = [described.fname(at).decode(self._encoding) for at in range(described.nfields)]
        return tuple(Column(name, kinds.get(number, "text")) for name, number in zip(names, types, strict=True))

    def _described(self, found: Sequence[str], name: str) -> SourceTable:
        number, origin, inherited = found
        listed = [column for (column,) in self._ask(catalog.COLUMNS, [number])]
        if not listed:
            raise UsageError(f"Table {name} has no columns.", hint="is it the right table?")
        expressions = tuple(map(self.quoted, listed))
        selection = Selection(
            columns=self._columns(f"SELECT {', '.join(expressions)} FROM {origin}"),
            expressions=expressions,
            origin=origin,
            encoding=self._encoding,
        )
        keys = catalog.keys(self._ask(catalog.KEYS, [number]), self.quoted, inherited=inherited == "t")
        primary = [key for is_primary, key in keys if is_primary]
        unique = tuple(key for is_primary, key in keys if not is_primary)
        return SourceTable(name=name, selection=selection, primary=primary[0] if primary else None, unique=unique)


def _rows(result: Any) -> Iterator[list[Cell]]:
    columns = range(result.nfields)
    for row in range(result.ntuples):
        yield [None if (cell := result.get_value(row, at)) is None else bytes(cell) for at in columns]
