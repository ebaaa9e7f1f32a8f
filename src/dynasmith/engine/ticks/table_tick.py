"""One table in a tick: its place is found from what is live, then each step is done that can be done now."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from msgspec.structs import replace

from dynasmith.engine.apply import check_result, refuse_impossible
from dynasmith.engine.call_retry import send
from dynasmith.engine.identity import is_another
from dynasmith.engine.planner import read
from dynasmith.engine.ticks.index_progress import IndexProgress
from dynasmith.engine.ticks.job_progress import JobProgress
from dynasmith.engine.waiter import StopFlag, WaitBudget, read_for, refuse_hopeless, rest
from dynasmith.errors import (
    DynasmithError,
    Interrupted,
    LeaseLost,
    LimitExceeded,
    Postponed,
    ServiceUnavailable,
    StalePlan,
    TableBusy,
    TableNotFound,
    Throttled,
    Unreachable,
)
from dynasmith.jobs.job import failure_reason
from dynasmith.jobs.spec import TableProgress
from dynasmith.masking import Masks
from dynasmith.plans.diff import diff
from dynasmith.plans.make import without
from dynasmith.plans.next_look import LOOK_SECONDS_MAX, LOOK_SECONDS_MIN, is_long, look_seconds, remaining_seconds
from dynasmith.plans.own_arns import own_arns
from dynasmith.plans.paths import path_of
from dynasmith.plans.place import next_place, places
from dynasmith.plans.plan import TablePlan
from dynasmith.plans.step import Wait, WaitIndex
from dynasmith.plans.waits import look
from dynasmith.ports.clock import Clock
from dynasmith.ports.listener import Listener, StepDone, StepStarted, StepWaiting, TableDone, TableFailed
from dynasmith.ports.tables import Tables
from dynasmith.tables.description import TableDescription
from dynasmith.tables.settings.base import WaitState
from dynasmith.tables.table import Table

OLD_READING_SECONDS: Final = (1.0, 2.0, 4.0)
"""Describes are eventually consistent: before a table counts as changed it is read again after these pauses."""
_CLEARS = (TableBusy, LimitExceeded, Throttled, ServiceUnavailable)


class TableTick:
    """The plan of one table, from ``before``, in one tick."""

    def __init__(
        self,
        plan: TablePlan,
        before: Table | None,
        job: JobProgress,
        tables: Tables,
        clock: Clock,
        percent: IndexProgress | None,
        listener: Listener,
        stopped: StopFlag,
        masks: Masks,
    ) -> None:
        self._plan, self._before, self._job = plan, before, job
        self._tables, self._clock, self._percent = tables, clock, percent
        self._listener, self._stopped, self._masks = listener, stopped, masks
        self._is_found = False
        self.is_short = False
        """Whether what is waited for takes seconds: it is polled while the tick lasts."""

    @property
    def table(self) -> str:
        """The physical name."""
        return self._plan.table

    @property
    def _at(self) -> TableProgress:
        return self._job.at(self.table)

    def advance(self) -> None:
        """Take the table as far as it goes now. What stops it is recorded, and does not stop the others.

        Raises Interrupted, and Unreachable where nothing answers at all.
        """
        try:
            if not self._is_found:
                refuse_impossible(self._plan)
                self._find()
                self._is_found = True
            while self._step():
                pass
        except (Interrupted, Unreachable, LeaseLost):
            raise
        except Postponed as later:
            self._wait(f"{later.message} {later.hint}".strip(), LOOK_SECONDS_MAX)
        except _CLEARS as busy:
            self._wait(busy.message, LOOK_SECONDS_MIN, is_short=True)
        except DynasmithError as error:
            self._listener(TableFailed(table=self.table, message=error.message, hint=error.hint))
            self._job.record(
                self.table, replace(self._moved(self._at.place), failed=self._masks(failure_reason(error)))
            )

    # --- the place

    def _find(self) -> None:
        """Find the place from the live table, and record it where it is further than what was recorded."""
        for pause in (*OLD_READING_SECONDS, 0.0):
            description = read(self._plan.desired, self._tables)
            self._same(description)
            wish, live = self._plan.desired, None
            if description is not None:
                wish, live = own_arns(without(wish, description.unread), description), description.table
            place = next_place(places(self._plan, self._before, wish, live), self._at.place)
            if place is not None:
                if place > self._at.place:
                    self._job.record(self.table, self._moved(place))
                return
            rest(pause, self._clock, self._stopped)
        paths = list(dict.fromkeys(path_of(each) or "the table" for each in diff(wish, live, prune=self._plan.prune)))
        differing = f": what differs now is {', '.join(paths)}" if paths else ""
        raise StalePlan(
            f"Table {self.table} was changed by somebody else after step {self._at.place} of "
            f"{len(self._plan.steps)}{differing}.",
            hint=f"dynasmith jobs resume {self._job.job.id} --replan plans again and asks",
        )

    def _same(self, description: TableDescription | None) -> None:
        """Raise StalePlan where another table has the name now; remember which one it is."""
        found = "" if description is None else description.table_id
        if is_another(self._at.table_id, found) or (self._at.table_id and description is None):
            raise StalePlan(
                f"Table {self.table} was deleted{'' if description is None else ' and recreated'} since job "
                f"{self._job.job.id} began.",
                hint=f"dynasmith jobs resume {self._job.job.id} --replan plans again and asks",
            )
        if found:
            self._job.record(self.table, replace(self._at, table_id=found))

    # --- a step

    def _step(self) -> bool:
        """Do the next step; whether there may be another one now."""
        at, steps = self._at, self._plan.steps
        if at.place == len(steps):
            check_result(self._plan, self._tables, postponed=False)
            self._job.record(self.table, replace(self._moved(at.place), done=True))
            self._listener(TableDone(table=self.table, seconds=0.0))
            return False
        self._job.check()
        step, number, begun = steps[at.place], at.place + 1, self._clock.monotonic()
        if at.since is None:
            self._listener(StepStarted(table=self.table, number=number, step=step))
        if isinstance(step, Wait):
            if not self._is_over(step, number):
                return False
        else:
            send(step, self.table, self._tables, self._clock, self._stopped, WaitBudget(self._clock, 0.0))
        self._job.record(self.table, self._moved(number))
        self._listener(StepDone(table=self.table, number=number, step=step, seconds=self._clock.monotonic() - begun))
        return True

    def _moved(self, place: int) -> TableProgress:
        """At another step: nothing is waited for there yet."""
        self.is_short = False
        return TableProgress(steps=self._at.steps, place=place, table_id=self._at.table_id)

    def _is_over(self, wait: Wait, number: int) -> bool:
        state = self._look(wait)
        if state.over:
            return True
        waited = 0.0 if self._at.since is None else (self._clock.now() - self._at.since).total_seconds()
        refuse_hopeless(state, self.table, waited)
        self._listener(StepWaiting(table=self.table, number=number, step=wait, state=state.seen, waited_seconds=waited))
        if not is_long(wait):
            self._wait(state.seen, LOOK_SECONDS_MIN, is_short=True)
            return False
        percent = None
        if isinstance(wait, WaitIndex) and self._percent is not None:
            percent = self._percent(self.table, wait.name, self._clock.now())
        remaining = remaining_seconds(percent, waited)
        seen = state.seen if percent is None else f"{state.seen}, {percent:.0f} %"
        self._wait(seen, look_seconds(remaining, waited), percent=percent, remaining=remaining)
        return False

    def _look(self, wait: Wait) -> WaitState:
        try:
            described = self._tables.describe(self.table, read_for(wait))
        except TableNotFound:
            if self._at.table_id:
                raise
            return WaitState(over=False, seen="the table is not described yet")
        self._same(described)
        return look(wait, described)

    def _wait(
        self,
        seen: str,
        seconds: float,
        *,
        is_short: bool = False,
        percent: float | None = None,
        remaining: float | None = None,
    ) -> None:
        """Record what is waited for, since when, and when to look again; what takes seconds only when it changes."""
        now, at, seen = self._clock.now(), self._at, self._masks(seen)
        self.is_short = is_short
        if is_short and at.seen == seen:
            return
        waiting = replace(
            at,
            since=at.since or now,
            seen=seen,
            percent=percent,
            eta=None if remaining is None else now + timedelta(seconds=remaining),
            next_look=now + timedelta(seconds=seconds),
        )
        self._job.record(self.table, waiting)
