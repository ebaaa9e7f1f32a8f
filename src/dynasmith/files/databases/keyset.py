"""A page after a key. Only the database compares keys: collations order and equate texts in ways that Python does not.

A page begins **at** the key of the last row before it, not after it, so that the database says which of its rows have
an equal key: that row alone, or none where it was deleted. Two of them would mean that rows are lost at a page's end.
"""

from collections.abc import Sequence

import msgspec

from dynasmith.errors import CheckpointError, RunError
from dynasmith.files.databases.session import Cell, DatabaseSession, RowKey, Selection


class _Place(msgspec.Struct, array_like=True):
    """A start: the columns of the table, those of its key, and the key of the last row before it."""

    columns: list[str]
    key: list[str]
    cells: list[Cell]


class Keyset:
    """Pages of a table by ``key``, whose preconditions were checked."""

    def __init__(self, selection: Selection, key: RowKey) -> None:
        self._selection = selection
        self._parts = key.parts
        names = selection.names()
        self._at = [names.index(part.name) for part in self._parts]

    @property
    def labels(self) -> list[str]:
        """The columns of the key."""
        return [part.name for part in self._parts]

    def read(self, session: DatabaseSession, start: bytes | None, rows: int) -> tuple[list[list[Cell]], bytes | None]:
        """At most ``rows`` rows and the start of the page after them, None at the end of the table.

        Raises RunError where the key does not tell two rows apart, or does not move on.
        """
        if start is None:
            found = session.page(self._statement(session, None, rows + 1), ())
        else:
            cells = self._cells(start)
            found = self._after(session, cells, session.page(self._statement(session, cells, rows + 2), cells))
        page = found[:rows]
        return page, self._start(page[-1]) if len(found) > rows else None

    def _after(self, session: DatabaseSession, cells: list[Cell], found: list[list[Cell]]) -> list[list[Cell]]:
        equal = [row for row in found if _is_true(row[-1])]
        if len(equal) > 1:
            raise RunError(
                f"Two rows have an equal key ({', '.join(self.labels)}), so a page cannot begin after one of them.",
                hint="use --query with --order: it is read by one cursor",
            )
        # A row that is equal and not the same took its place meanwhile, and was not read yet.
        following = [row for row in found if not (_is_true(row[-1]) and self._key(row) == cells)]
        if any(self._key(row) == cells for row in following):
            raise RunError(
                f"The key ({', '.join(self.labels)}) does not advance: a page begins with the row before it.",
                hint="use --query with --order: it is read by one cursor",
            )
        if not equal:
            self._check_comparable(session, cells)
        return following

    def _check_comparable(self, session: DatabaseSession, cells: list[Cell]) -> None:
        """The row before is not there any more; or else the database cannot compare with its key, and finds nothing."""
        markers = self._markers(session, cells)
        tests = " AND ".join(f"{marker} = {marker}" for marker in markers)
        if not _is_true(session.page(f"SELECT CASE WHEN {tests} THEN 1 ELSE 0 END", cells)[0][0]):
            raise RunError(
                f"The database cannot compare with the key ({', '.join(self.labels)}) of the last row that was read.",
                hint="use --query with --order: it is read by one cursor",
            )

    def _markers(self, session: DatabaseSession, cells: Sequence[Cell]) -> list[str]:
        return [session.marker(number, *each) for number, each in enumerate(zip(self._parts, cells, strict=True), 1)]

    def _statement(self, session: DatabaseSession, cells: Sequence[Cell] | None, limit: int) -> str:
        columns = [part.sql for part in self._parts]
        equal, where = "0", ""
        if cells is not None:
            markers = self._markers(session, cells)
            same = [f"{column} = {marker}" for column, marker in zip(columns, markers, strict=True)]
            equal = f"CASE WHEN {' AND '.join(same)} THEN 1 ELSE 0 END"
            last = len(columns) - 1
            after = [
                " AND ".join([*same[:at], f"{columns[at]} {'>=' if at == last else '>'} {markers[at]}"])
                for at in range(len(columns))
            ]
            # The first condition is implied by the rest; it lets every database find the place in its index.
            where = f" WHERE {columns[0]} >= {markers[0]} AND (({') OR ('.join(after)}))"
        return (
            f"SELECT {', '.join(self._selection.expressions)}, {equal} FROM {self._selection.origin}{where}"
            f" ORDER BY {', '.join(columns)} LIMIT {limit}"
        )

    def _key(self, row: Sequence[Cell]) -> list[Cell]:
        return [row[at] for at in self._at]

    def _start(self, row: Sequence[Cell]) -> bytes:
        return _encode(_Place(self._selection.names(), self.labels, self._key(row)))

    def _cells(self, start: bytes) -> list[Cell]:
        try:
            place = _decode(start)
        except (msgspec.DecodeError, ValueError) as error:
            raise CheckpointError(f"A checkpoint of a database is damaged: {error}.", hint="start a new job") from error
        if place.key != self.labels:
            raise CheckpointError("The key of the table changed since the job began.", hint="start a new job")
        if place.columns != self._selection.names():
            raise CheckpointError("The columns of the table changed since the job began.", hint="start a new job")
        if len(place.cells) != len(self._parts):
            raise CheckpointError("A checkpoint of a database is damaged: its key is cut.", hint="start a new job")
        return place.cells


_MARK = b"key1:"


def _encode(place: _Place) -> bytes:
    return _MARK + msgspec.msgpack.encode(place)


def _decode(start: bytes) -> _Place:
    if not start.startswith(_MARK):
        raise ValueError("it belongs to another way of reading")
    return msgspec.msgpack.decode(start[len(_MARK) :], type=_Place)


def _is_true(cell: Cell) -> bool:
    return cell in (1, b"1")
