"""`retire`: what is around a table goes first, then the table. Each step is safe to do again."""

import contextlib

from dynasmith.engine.identity import check_same
from dynasmith.engine.waiter import StopFlag, delete_table, wait_for
from dynasmith.errors import TableNotFound
from dynasmith.plans.arrange import DIMENSIONS
from dynasmith.plans.capacity import scaling_of
from dynasmith.plans.step import CallDeregisterScaling
from dynasmith.ports.clock import Clock
from dynasmith.ports.tables import Tables
from dynasmith.tables.description import TableDescription
from dynasmith.tables.settings.base import WaitTable
from dynasmith.tables.settings.deletion_protection import CallProtection
from dynasmith.tables.table import Index, Scaling, Table, known


def retire(description: TableDescription, tables: Tables, clock: Clock, stopped: StopFlag) -> None:
    """Autoscaling off, deletion protection off, then the table, waited for. The caller has the consent and the export.

    Raises RunError where another table than the one of ``description`` has the name: looked at first, and again right
    before the call that deletes it. Stopped halfway, running it again continues: what is gone is not asked for again.
    """
    table = description.table
    check_same(description, tables, "nothing was deleted")
    parts: tuple[tuple[str | None, Table | Index], ...] = (
        (None, table),
        *((index.name, index) for index in known(table.indexes, ())),
    )
    for name, part in parts:
        for dimension in DIMENSIONS:
            if isinstance(scaling_of(part, dimension), Scaling):
                tables.send(table.name, CallDeregisterScaling(index=name, dimension=dimension))
    if known(table.deletion_protection, False):
        tables.send(table.name, CallProtection(enabled=False))
        wait_for(WaitTable(), table.name, tables, clock, stopped, lambda _state, _waited: None)
    with contextlib.suppress(TableNotFound):
        check_same(description, tables, "it was not deleted")
        delete_table(table.name, tables, clock, stopped)
