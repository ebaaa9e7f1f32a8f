"""Verbs about whole tables: list, describe, outputs, ensure, create, delete, retire."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from dynasmith.engine.ensure import Ensured
from dynasmith.engine.ensure import ensure as engine_ensure
from dynasmith.engine.outputs import outputs_of
from dynasmith.engine.planner import CONCURRENT_TABLES
from dynasmith.engine.replica_removal import refuse_protected, remove_replicas
from dynasmith.engine.waiter import StopFlag, WaitBudget, delete_table
from dynasmith.errors import (
    DynasmithError,
    Interrupted,
    Recorded,
    SeveralFailed,
    TableExists,
    TableNotFound,
    UsageError,
    WaitTimeout,
)
from dynasmith.plans.consent import Consent, named
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs.plan import make_plan
from dynasmith.project.world import TableName, World
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Table


class ListedTable(Struct, frozen=True, kw_only=True):
    """One table of a listing. ``defined`` is ``defined``, ``undefined`` (live only) or ``missing`` (defined only).
    ``failure`` says why it could not be described, ``hint`` what to do."""

    name: str
    defined: str
    description: TableDescription | None = None
    failure: str = ""
    hint: str = ""


def list_tables(world: World) -> tuple[ListedTable, ...]:
    """See `Project.list`."""
    live = sorted(world.control.names())
    defined = {table.name for table in world.defined_tables()}
    with ThreadPoolExecutor(CONCURRENT_TABLES) as pool:
        looked = pool.map(lambda name: _listed(world, name, defined), live)
        found = tuple(entry for entry in looked if entry is not None)
    missing = tuple(ListedTable(name=name, defined="missing") for name in defined - {entry.name for entry in found})
    return tuple(sorted((*found, *missing), key=lambda entry: entry.name))


def _listed(world: World, name: str, defined: set[str]) -> ListedTable | None:
    mark = "defined" if name in defined else "undefined"
    try:
        return ListedTable(name=name, defined=mark, description=world.control.describe(name, ()))
    except TableNotFound:
        return None
    except DynasmithError as error:
        return ListedTable(name=name, defined=mark, failure=world.masks(error.message), hint=world.masks(error.hint))


def exists(world: World, table: TableName) -> bool:
    """Whether the table is there (in any state). Costs one call."""
    try:
        world.control.describe(world.name_of(table), ())
    except TableNotFound:
        return False
    return True


def outputs(world: World, names: Sequence[TableName]) -> tuple[dict[str, Any], ...]:
    """See `Project.outputs`."""
    wanted = [world.name_of(name) for name in names] or [table.name for table in world.tables()]
    with world.control.sharing(), ThreadPoolExecutor(CONCURRENT_TABLES) as pool:
        found = tuple(pool.map(world.control.describe, wanted))
    return tuple(outputs_of(each, world.control.unoffered(tuple(each.unread))) for each in found)


def wait_seconds(wait: bool, wait_timeout: timedelta | None) -> float | None:
    """How long a verb may wait, from its two arguments; None for as long as each wait takes. Raises UsageError."""
    if wait:
        return None if wait_timeout is None else wait_timeout.total_seconds()
    if wait_timeout is not None:
        raise UsageError("wait=False and wait_timeout contradict each other.", hint="use one of them")
    return 0.0


def ensure(
    world: World,
    tables: Sequence[Table],
    *,
    listener: Listener = silent,
    stopped: StopFlag | None = None,
    wait_seconds: float | None = None,
) -> Ensured:
    """See `Project.ensure_tables`."""
    plan = make_plan(world, tables)
    at_once = min(CONCURRENT_TABLES, world.settings.quotas.control_plane_operations)
    done = engine_ensure(
        plan,
        world.control,
        world.clock,
        listener=listener,
        stopped=stopped,
        tables_at_once=at_once,
        wait_seconds=wait_seconds,
    )
    failures = dict(done.failures)
    for failure in plan.failures:
        failures[failure.table] = Recorded(failure.code, failure.message, failure.hint)
    return replace(done, failures=failures)


def create(
    world: World,
    table: TableName,
    *,
    listener: Listener = silent,
    stopped: StopFlag | None = None,
    wait_seconds: float | None = None,
) -> TableDescription:
    """See `Project.create`."""
    (wanted,) = world.tables([table])
    if exists(world, wanted):
        raise TableExists(wanted.name)
    done = ensure(world, [wanted], listener=listener, stopped=stopped, wait_seconds=wait_seconds)
    for error in done.failures.values():
        raise error
    return world.control.describe(wanted.name)


def delete(
    world: World,
    tables: Sequence[TableName],
    *,
    missing_ok: bool = False,
    consent: Consent | None = None,
    stopped: StopFlag | None = None,
    wait_seconds: float | None = None,
) -> tuple[str, ...]:
    """See `Project.delete_tables`."""
    there: dict[str, TableDescription] = {}
    for name in dict.fromkeys(map(world.name_of, tables)):
        with suppress(*([TableNotFound] if missing_ok else [])):
            there[name] = world.control.describe(name, ("replicas",))
    for description in there.values():
        refuse_protected(description)
    if there:
        needs = (named(_question(name, description), name) for name, description in there.items())
        world.granted(consent, tuple(there), *needs)
    gone: list[str] = []
    failures: dict[str, DynasmithError] = {}
    budget, stop = WaitBudget(world.clock, wait_seconds), stopped or StopFlag()
    for name, description in there.items():
        try:
            _delete(world, description, budget, stop)
        except Interrupted:
            raise
        except DynasmithError as error:
            if not (missing_ok and isinstance(error, TableNotFound)):
                failures[name] = error
        else:
            gone.append(name)
    if failures and len(there) == 1:
        raise next(iter(failures.values()))
    if failures:
        raise SeveralFailed(failures, done=len(gone))
    return tuple(gone)


def _delete(world: World, description: TableDescription, budget: WaitBudget, stop: StopFlag) -> None:
    """Replicas, then the table. What is not over at the end of a limited budget goes on in the service."""
    try:
        remove_replicas(description, world.control, world.clock, stop, budget)
        delete_table(description.table.name, world.control, world.clock, stop, budget)
    except WaitTimeout:
        if not budget.is_limited:
            raise


def _question(name: str, description: TableDescription) -> str:
    regions = ", ".join(replica.region for replica in description.replicas)
    replicas = f", and its replicas in {regions}" if regions else ""
    return f"Delete table {name} and all its items in {{where}}{replicas}?"
