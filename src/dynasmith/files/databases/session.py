"""What a database must offer, whatever its driver."""

from collections.abc import Generator, Sequence
from typing import Any, Protocol, TypeAlias

from msgspec import Struct

from dynasmith.errors import Unreachable

Cell: TypeAlias = Any
"""A value as the database sent it: the bytes of its text (PostgreSQL, MySQL), a value of SQLite, or None for NULL."""


class Column(Struct, frozen=True, array_like=True):
    """A column and the ``kind`` of its cells: a word that `values.reader_of` knows."""

    name: str
    kind: str


class RowKeyPart(Struct, frozen=True, kw_only=True):
    """A column of a key. ``sql`` is the column in a comparison, ``type`` the type that a parameter is cast to."""

    name: str
    sql: str
    type: str = ""


class Selection(Struct, frozen=True, kw_only=True):
    """What a statement gives: its columns, the SQL of each one, and what follows FROM."""

    columns: tuple[Column, ...]
    expressions: tuple[str, ...]
    origin: str
    encoding: str = "utf-8"

    def names(self) -> list[str]:
        """The names of the columns, in their order."""
        return [column.name for column in self.columns]


class RowKey(Struct, frozen=True, kw_only=True):
    """A key of a table. ``problem`` says why pages by it would lose rows; empty where they do not."""

    parts: tuple[RowKeyPart, ...]
    problem: str = ""


class SourceTable(Struct, frozen=True, kw_only=True):
    """A table as its catalog describes it: its primary key, and its other unique keys."""

    name: str
    selection: Selection
    primary: RowKey | None = None
    unique: tuple[RowKey, ...] = ()


class ConnectionLost(Unreachable):
    """The connection broke: the same statement may be sent again on another one."""


class DatabaseSession(Protocol):
    """One connection, which only reads. Used by one thread at a time; every error is a DynasmithError."""

    def table(self, name: str) -> SourceTable:
        """A table or a view, and its keys. Raises RunError where there is none."""
        ...

    def query(self, query: str) -> Selection:
        """What a query gives, without running it where the database can tell."""
        ...

    def quoted(self, name: str) -> str:
        """A name as the database quotes identifiers."""
        ...

    def marker(self, number: int, part: RowKeyPart, cell: Cell) -> str:
        """The SQL of parameter ``number`` (from 1), cast to the type of its column."""
        ...

    def page(self, statement: str, cells: Sequence[Cell]) -> list[list[Cell]]:
        """All rows of a statement with parameters, in a transaction of their own."""
        ...

    def stream(self, statement: str) -> Generator[list[Cell], None, None]:
        """The rows of a statement by a cursor of the server: one reading, and memory for some rows only."""
        ...

    def interrupt(self) -> None:
        """End what the connection does now. May be called from any thread."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...
