"""How a table or a query is read: in pages by a key that tells all rows apart, or once, by one cursor, into a file.

A query is always read once: nothing says that it gives the same rows in each of its pages.
"""

from collections.abc import Sequence

from msgspec import Struct

from dynasmith.errors import UsageError
from dynasmith.files.databases.request import SqlRequest
from dynasmith.files.databases.session import DatabaseSession, RowKey, Selection, SourceTable


class ReadingMethod(Struct, frozen=True, kw_only=True):
    """``key`` where pages go by it; else ``reason`` says why not. ``labels`` name a row, ``order`` sorts the cursor."""

    selection: Selection
    labels: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    key: RowKey | None = None
    reason: str = ""

    def statement(self, session: DatabaseSession) -> str:
        """The one statement that gives all rows."""
        text = f"SELECT {', '.join(self.selection.expressions)} FROM {self.selection.origin}"
        return f"{text} ORDER BY {', '.join(map(session.quoted, self.order))}" if self.order else text


def reading_of(session: DatabaseSession, request: SqlRequest) -> ReadingMethod:
    """How ``request`` is read. Raises UsageError for an order that does not fit, RunError for an absent table."""
    if request.query:
        selection = session.query(request.query)
        order = _columns(request.order, selection, "The query")
        return ReadingMethod(selection=selection, labels=order, order=order, reason="it is a query")
    table = session.table(request.table)
    return _of_table(table, _columns(request.order, table.selection, f"Table {request.table}"), request.table)


def _of_table(table: SourceTable, order: tuple[str, ...], name: str) -> ReadingMethod:
    selection = table.selection
    if table.primary is not None:
        labels = tuple(part.name for part in table.primary.parts)
        if order:
            raise UsageError(
                f"Table {name} has a primary key ({', '.join(labels)}) and is read by it.", hint="remove --order"
            )
        if not table.primary.problem:
            return ReadingMethod(selection=selection, labels=labels, key=table.primary)
        return ReadingMethod(selection=selection, labels=labels, reason=f"of its primary key, {table.primary.problem}")
    if not order:
        return ReadingMethod(selection=selection, reason="it has no primary key")
    matching = [key for key in table.unique if {part.name for part in key.parts} == set(order)]
    for key in matching:
        if not key.problem:
            parts = {part.name: part for part in key.parts}
            return ReadingMethod(
                selection=selection, labels=order, key=RowKey(parts=tuple(parts[each] for each in order))
            )
    why = f"of its UNIQUE key, {matching[0].problem}" if matching else f"no UNIQUE key is ({', '.join(order)})"
    return ReadingMethod(selection=selection, labels=order, order=order, reason=why)


def _columns(wanted: Sequence[str], selection: Selection, what: str) -> tuple[str, ...]:
    """The columns as the database spells them."""
    names = selection.names()
    found = []
    for name in wanted:
        alike = [name] if name in names else [each for each in names if each.lower() == name.lower()]
        if len(alike) != 1:
            raise UsageError(f"{what} has no column {name} to order by.", hint=f"its columns: {', '.join(names)}")
        found += alike
    return tuple(found)
