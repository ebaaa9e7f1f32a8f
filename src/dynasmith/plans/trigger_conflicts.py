"""Triggers of a table that will have no stream: Lambda could not be told what to read."""

from msgspec import UnsetType

from dynasmith.plans.change import Conflict
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Table, known

STREAM_FIRST = "add stream: {view_type: NEW_AND_OLD_IMAGES} to the definition"


def trigger_conflicts(desired: Table, description: TableDescription | None) -> tuple[Conflict, ...]:
    """What forbids the triggers of a definition: that the table has, or will have, no stream."""
    wanted = known(desired.triggers, ())
    live = None if description is None else known(description.table.stream, None)
    becomes = live if isinstance(desired.stream, UnsetType) else desired.stream
    if not wanted or becomes is not None:
        return ()
    return (
        Conflict(
            path="triggers",
            before="no stream",
            after=", ".join(each.function for each in wanted),
            reason="triggers are called by the stream of the table, and it has none",
            way_out=STREAM_FIRST,
        ),
    )
