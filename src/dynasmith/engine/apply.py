"""`apply`: does a plan, several tables at once; one failing table never stops the others.

Interrupted at any point, the same command continues: what is done is no longer a difference, and what the service
still works at is waited for.
"""

import logging
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from msgspec import Struct

from dynasmith.engine.call_retry import send
from dynasmith.engine.identity import is_another
from dynasmith.engine.planner import read
from dynasmith.engine.waiter import StopFlag, WaitBudget, deadline_of, wait_for
from dynasmith.errors import (
    ChangeConflict,
    DynasmithError,
    NoEffect,
    Postponed,
    ReplacementRequired,
    RunError,
    StalePlan,
    TableBusy,
    WaitTimeout,
)
from dynasmith.plans.change import Change, PutItem
from dynasmith.plans.diff import diff
from dynasmith.plans.make import without
from dynasmith.plans.own_arns import own_arns
from dynasmith.plans.paths import path_of
from dynasmith.plans.plan import Plan, TablePlan, fingerprint_of
from dynasmith.plans.refusal import refusals
from dynasmith.plans.step import Step, Wait
from dynasmith.ports.clock import Clock
from dynasmith.ports.listener import (
    Listener,
    StepDone,
    StepStarted,
    StepWaiting,
    TableDone,
    TableFailed,
    TablePostponed,
    TableStarted,
    TableUnfinished,
    silent,
)
from dynasmith.ports.tables import Tables
from dynasmith.tables.settings.time_to_live import SetTimeToLive, WaitTimeToLive

CONCURRENT_TABLES = 10
# TTL takes up to an hour, and the service takes one change an hour: longer than this nobody should sit and watch.
TTL_WAIT_SECONDS_MAX = 30.0


class Applied(Struct, frozen=True, kw_only=True):
    """What became of one table: the changes made, the steps done, and where the rest is postponed, why.

    ``unfinished`` says what is not there yet, where the caller did not wait for it: applying again continues.
    """

    table: str
    changes: tuple[Change, ...]
    steps_done: int
    seconds: float
    postponed: str = ""
    unfinished: str = ""


class ApplyReport(Struct, frozen=True, kw_only=True):
    """What became of a plan. ``failures`` maps a table to its error; the others are in ``applied``."""

    applied: tuple[Applied, ...]
    failures: dict[str, DynasmithError] = {}


def refuse_stale(plan: Plan, tables: Tables) -> None:
    """Raises `StalePlan` where account, Region, endpoint or a table's managed state is another; reads only."""
    if elsewhere := other_place(plan, tables):
        raise StalePlan(
            f"The plan was made for {elsewhere}.", hint="use the environment that it was made for, or plan again"
        )
    with tables.sharing(), ThreadPoolExecutor(CONCURRENT_TABLES, thread_name_prefix="dynasmith-stale") as pool:
        found = pool.map(lambda table: read(table.desired, tables), plan.tables)
        for table, description in zip(plan.tables, found, strict=True):
            current = None if description is None else description.table
            if fingerprint_of(table.desired, current) != table.fingerprint:
                raise StalePlan(f"Table {table.table} has changed since the plan was made.", hint="dynasmith plan")
            if description is not None and is_another(table.table_id, description.table_id):
                raise StalePlan(
                    f"Table {table.table} was deleted and recreated since the plan was made.", hint="dynasmith plan"
                )


def other_place(plan: Plan, tables: Tables) -> str:
    """In words the account, Region or endpoint of a plan that is not the one of these calls; empty where all are."""
    here = tables.identity()
    for name, planned, live in (
        ("account", plan.account, here.account),
        ("Region", plan.region, here.region),
        ("endpoint", plan.endpoint, here.endpoint),
    ):
        if planned != live:
            return f"{name} {planned or 'none'}, and this is {live or 'none'}"
    return ""


def apply_plan(
    plan: Plan,
    tables: Tables,
    clock: Clock,
    *,
    listener: Listener = silent,
    stopped: StopFlag | None = None,
    tables_at_once: int = CONCURRENT_TABLES,
    wait_seconds: float | None = None,
) -> ApplyReport:
    """Do ``plan``, ten tables at a time, or as many as ``tables_at_once`` says. The caller has the consent, and has
    checked that it is not stale (`refuse_stale`).

    ``wait_seconds`` limits how long it waits in all, 0 does not wait: what is not there then is said as ``unfinished``
    of its table, and its other steps are not sent.

    A table that fails, or that cannot be changed as its definition says, is one of the report's ``failures``; the
    others go on. On `Interrupted` the steps that were sent stay; running it again continues.
    """
    stop = stopped or StopFlag()
    budget = WaitBudget(clock, wait_seconds)
    busy = [table for table in plan.tables if table.steps or table.changes]
    outcomes: dict[str, Applied | DynasmithError] = {}
    with ThreadPoolExecutor(max_workers=tables_at_once, thread_name_prefix="dynasmith-apply") as pool:
        running = {pool.submit(_guarded, table, tables, clock, listener, stop, budget): table.table for table in busy}
        try:
            for future in _as_completed(set(running)):
                outcomes[running[future]] = future.result()
        except KeyboardInterrupt:
            stop.stop()
            raise
    stop.check()
    return ApplyReport(
        applied=tuple(o for o in (outcomes[t.table] for t in busy) if isinstance(o, Applied)),
        failures={name: o for name, o in outcomes.items() if isinstance(o, DynasmithError)},
    )


def _as_completed(
    futures: set[Future[Applied | DynasmithError]],
) -> Iterator[Future[Applied | DynasmithError]]:
    """As they end; wakes up twice a second so that a signal is heard on every platform."""
    while futures:
        done, futures = wait(futures, timeout=0.5, return_when=FIRST_COMPLETED)
        yield from done


def _guarded(
    plan: TablePlan, tables: Tables, clock: Clock, listener: Listener, stop: StopFlag, budget: WaitBudget
) -> Applied | DynasmithError:
    begun = clock.monotonic()
    listener(TableStarted(table=plan.table, steps=len(plan.steps)))
    try:
        applied = _apply_table(plan, tables, clock, listener, stop, budget)
    except DynasmithError as error:
        listener(TableFailed(table=plan.table, message=error.message, hint=error.hint))
        return error
    except Exception as cause:
        # A fault of ours in one table must not take the report of the others with it.
        fault = RunError(f"Table {plan.table}: unexpected {type(cause).__name__}: {cause}", hint="--debug shows where")
        logging.getLogger("dynasmith").exception("apply of table %s", plan.table)
        fault.__cause__ = cause
        listener(TableFailed(table=plan.table, message=fault.message, hint=fault.hint))
        return fault
    if applied.unfinished:
        listener(TableUnfinished(table=plan.table, reason=applied.unfinished))
    elif applied.postponed:
        listener(TablePostponed(table=plan.table, reason=applied.postponed))
    else:
        listener(TableDone(table=plan.table, seconds=clock.monotonic() - begun))
    return applied


def _apply_table(
    plan: TablePlan, tables: Tables, clock: Clock, listener: Listener, stop: StopFlag, budget: WaitBudget
) -> Applied:
    begun = clock.monotonic()
    refuse_impossible(plan)
    if plan.table_id and plan.steps:
        _check_id(plan, tables, "since the plan was made; nothing was done")
    done, postponed, unfinished = 0, "", ""
    for number, step in enumerate(plan.steps, start=1):
        stop.check()
        listener(StepStarted(table=plan.table, number=number, step=step))
        at = clock.monotonic()
        try:
            _do(step, number, plan, tables, clock, listener, stop, budget)
        except Postponed as reason:
            postponed = f"{reason.message} {reason.hint}".strip()
            break
        except (WaitTimeout, TableBusy) as reason:
            if not budget.is_limited:
                raise
            state = reason.state if isinstance(reason, WaitTimeout) else "another change of the table is under way"
            unfinished = _unfinished(state, len(plan.steps) - number)
            break
        listener(StepDone(table=plan.table, number=number, step=step, seconds=clock.monotonic() - at))
        done = number
    if not unfinished:
        check_result(plan, tables, postponed=bool(postponed))
    return Applied(
        table=plan.table,
        changes=plan.changes,
        steps_done=done,
        seconds=clock.monotonic() - begun,
        postponed=postponed,
        unfinished=unfinished,
    )


def refuse_impossible(plan: TablePlan) -> None:
    """Raise ReplacementRequired or ChangeConflict where the table cannot become what its definition says."""
    for refusal in refusals(plan):
        kind = ReplacementRequired if refusal.needs_replacement else ChangeConflict
        raise kind(f"Table {plan.table} cannot become this: {refusal.message}.", hint=refusal.way_out)


def _unfinished(state: str, steps: int) -> str:
    left = "" if not steps else f"; {steps} {'step was' if steps == 1 else 'steps were'} not begun"
    return f"Not there yet: {state}{left}. Run the same command again to continue."


def _do(
    step: Step,
    number: int,
    plan: TablePlan,
    tables: Tables,
    clock: Clock,
    listener: Listener,
    stop: StopFlag,
    budget: WaitBudget,
) -> None:
    if not isinstance(step, Wait):
        send(step, plan.table, tables, clock, stop, budget)
        return

    def seen(state: str, waited: float) -> None:
        listener(StepWaiting(table=plan.table, number=number, step=step, state=state, waited_seconds=waited))

    if not isinstance(step, WaitTimeToLive):
        wait_for(step, plan.table, tables, clock, stop, seen, budget.limit(deadline_of(step)))
        return
    try:
        wait_for(step, plan.table, tables, clock, stop, seen, budget.limit(TTL_WAIT_SECONDS_MAX))
    except WaitTimeout as slow:
        raise Postponed(
            f"Table {plan.table}: TTL is still being turned off, which takes up to an hour.",
            hint=f"run it again after {_in_an_hour(clock)}",
        ) from slow


def _in_an_hour(clock: Clock) -> str:
    later = clock.now().timestamp() + 3_600
    return clock.now().fromtimestamp(later, tz=clock.now().tzinfo).strftime("%H:%M UTC")


def _check_id(plan: TablePlan, tables: Tables, what: str) -> None:
    """Raise StalePlan where another table has the name now; ``what`` ends the sentence. One DescribeTable."""
    if is_another(plan.table_id, tables.describe(plan.table, ()).table_id):
        raise StalePlan(f"Table {plan.table} was deleted and recreated {what}.", hint="dynasmith plan")


def check_result(plan: TablePlan, tables: Tables, *, postponed: bool) -> None:
    """Read the table again: a 200 is not a proof. Raises `NoEffect` naming what is not as requested."""
    if plan.table_id and plan.steps:
        _check_id(plan, tables, "while the plan was applied: what was done is not in this one")
    if not plan.steps or all(isinstance(change, PutItem) for change in plan.changes):
        return
    description = read(plan.desired, tables)
    if description is None:
        raise NoEffect(f"Table {plan.table} was created and is not described.", hint="run it again")
    wish = own_arns(without(plan.desired, description.unread), description)
    left = diff(wish, description.table, prune=plan.prune)
    if postponed:
        left = tuple(change for change in left if not isinstance(change, SetTimeToLive))
    if left:
        paths = list(dict.fromkeys(path_of(change) or "the table" for change in left))
        raise NoEffect(
            f"Table {plan.table}: every call was accepted, and {', '.join(paths)} {'is' if len(paths) == 1 else 'are'} "
            "not as requested.",
            hint="the engine ignores this setting, or another process changed the table: dynasmith plan shows it",
        )
