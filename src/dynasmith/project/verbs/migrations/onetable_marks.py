"""Marking what OneTable Migrate applied, from the history that it keeps in its table."""

from __future__ import annotations

from msgspec.structs import replace

from dynasmith.errors import UsageError
from dynasmith.items.value import decode_tree
from dynasmith.migrations.onetable_history import (
    PARTITION,
    OneTableMarks,
    file_of,
    line_of,
    marks_of,
    newest_success,
    read_rows,
)
from dynasmith.migrations.path import Catalog
from dynasmith.plans.consent import Consent, question
from dynasmith.project.verbs.migrations.migration_home import MigrationHome

PAGE = 500


def onetable_marks(home: MigrationHome, table: str) -> OneTableMarks:
    """See `Migrations.onetable_marks`."""
    world = home.world
    physical = world.physical(table)
    live = world.control.describe(physical, ()).table
    partition, sort = live.key.partition[0], live.key.sort[0] if live.key.sort else None
    if partition.type != "S" or (sort is not None and sort.type != "S"):
        raise UsageError(
            f"The keys of {physical} are not strings, so that OneTable Migrate kept no history in it.",
            hint="name the table that it migrated",
        )
    if sort is None:
        raise UsageError(
            f"{physical} has no sort key: each row of OneTable Migrate replaced the one before it, and the last one"
            " says nothing of the others.",
            hint="mark what you know: dynasmith migrate mark VERSION --through",
        )
    items, start = [], None
    while True:
        page = world.few_items.query_page(
            physical, conditions={partition.name: {"S": PARTITION}}, limit=PAGE, start=start
        )
        items += [{name: decode_tree(value) for name, value in item.items()} for item in page.items]
        start = page.next
        if start is None:
            break
    rows, rubbish = read_rows(items, partition.name, sort.name)
    if not rows:
        raise UsageError(
            f"{physical} has no history of OneTable Migrate.",
            hint=f"its items have the partition key {PARTITION}; name the table that it migrated",
        )
    catalog = home.read()[1]
    _refuse_unknown(physical, newest_success(rows), catalog)
    return marks_of(physical, rows, rubbish, catalog)


def mark_from_onetable(home: MigrationHome, table: str, *, lock_wait: float, consent: Consent | None) -> OneTableMarks:
    """See `Migrations.mark_from_onetable`."""
    found = onetable_marks(home, table)
    if not found.marks:
        return found
    names = ", ".join(each.version for each in found.marks)
    home.granted(consent, question(f"Mark {names} as applied in {{where}}, as the history in {found.table} says?"))
    stamp = home.stamp()
    with home.history().hold(stamp.run, "mark", stamp.who, wait_seconds=lock_wait) as hold:
        found = onetable_marks(home, table)  # another run may have changed it while this waited
        catalog = home.read()[1]
        events = tuple(
            hold.append(replace(home.marked(file_of(each, catalog), stamp, undo=False), log=(line_of(each),)))
            for each in found.marks
        )
    return replace(found, events=events)


def _refuse_unknown(table: str, newest: str, catalog: Catalog) -> None:
    """Raise UsageError where the newest version that succeeded there has no file here: nothing could say what the
    tables are like."""
    state = catalog.states.get(newest)
    if newest and catalog.files.find(newest) is None and not (state is not None and state.is_applied):
        raise UsageError(
            f"{table} is at {newest}, and no file here has that version: what it did cannot be known.",
            hint=f"write its file: dynasmith migrate generate --bump {newest}",
        )
