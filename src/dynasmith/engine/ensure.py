"""`ensure`: creates what is absent, and says where what exists differs. Safe when ten processes start it at once."""

from msgspec import Struct
from msgspec.structs import replace

from dynasmith.engine.apply import CONCURRENT_TABLES, ApplyReport, apply_plan
from dynasmith.engine.waiter import StopFlag
from dynasmith.errors import DynasmithError
from dynasmith.plans.plan import Plan, TablePlan
from dynasmith.ports.clock import Clock
from dynasmith.ports.listener import Listener, silent
from dynasmith.ports.tables import Tables


class Ensured(Struct, frozen=True, kw_only=True):
    """What ``ensure`` did: tables created, tables that were there (with those that differ), and failures.

    ``unfinished`` says of each table that the caller did not wait for what is not there yet; ``unread`` of each table
    that was there which settings of its definition could not be compared, and why.
    """

    created: tuple[str, ...]
    existing: tuple[str, ...]
    differing: tuple[TablePlan, ...]
    failures: dict[str, DynasmithError] = {}
    unfinished: dict[str, str] = {}
    unread: dict[str, dict[str, str]] = {}


def ensure(
    plan: Plan,
    tables: Tables,
    clock: Clock,
    *,
    listener: Listener = silent,
    stopped: StopFlag | None = None,
    tables_at_once: int = CONCURRENT_TABLES,
    wait_seconds: float | None = None,
) -> Ensured:
    """Create the tables of ``plan`` that are absent, with everything around them; change no table that exists.

    ``wait_seconds`` as for `apply_plan`.

    A table that another process creates meanwhile counts as created. What exists and is still being made is waited
    for. Costs the calls of the creations; nothing where all exist. Interrupted, it is simply run again.
    """
    absent = tuple(table if not table.exists else _waits_only(table) for table in plan.tables)
    report: ApplyReport = apply_plan(
        replace(plan, tables=absent),
        tables,
        clock,
        listener=listener,
        stopped=stopped,
        tables_at_once=tables_at_once,
        wait_seconds=wait_seconds,
    )
    there = tuple(table for table in plan.tables if table.exists)
    return Ensured(
        created=tuple(done.table for done in report.applied if not _existed(plan, done.table)),
        existing=tuple(table.table for table in there),
        differing=tuple(table for table in there if table.changes),
        failures=report.failures,
        unfinished={done.table: done.unfinished for done in report.applied if done.unfinished},
        unread={table.table: found for table in there if (found := _unread(table))},
    )


def _unread(table: TablePlan) -> dict[str, str]:
    return {note.path: note.text for note in table.notes if note.kind == "not-offered"}


def _existed(plan: Plan, name: str) -> bool:
    return any(table.table == name and table.exists for table in plan.tables)


def _waits_only(table: TablePlan) -> TablePlan:
    """The plan of a table that exists, without its changes: only the waits for what is under way in it."""
    waits = tuple(step for step in table.steps[: _unfinished(table)])
    return replace(table, changes=(), steps=waits, hazards=())


def _unfinished(table: TablePlan) -> int:
    return sum(note.kind == "unfinished" for note in table.notes)
