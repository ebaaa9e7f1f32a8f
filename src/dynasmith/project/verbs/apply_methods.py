"""The methods of `Project` that plan and apply."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, overload

from dynasmith.engine.apply import ApplyReport
from dynasmith.engine.ticks.apply_job import Detached
from dynasmith.engine.waiter import StopFlag
from dynasmith.errors import UsageError
from dynasmith.plans.consent import Consent
from dynasmith.plans.plan import Plan
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs import tables as verbs
from dynasmith.project.verbs.apply_job import apply_detached, refuse_tables_changing
from dynasmith.project.verbs.arguments import checked, model
from dynasmith.project.verbs.plan import apply, make_plan
from dynasmith.project.world import World

if TYPE_CHECKING:
    from dynasmith.jobs.job import Job
    from dynasmith.models import Model


class ApplyMethods:
    """Verbs that bring tables to their definitions; see `TableMethods`."""

    _world: World

    @checked(models=model)
    def plan(
        self,
        names: Sequence[str | type[Model]] | type[Model] = (),
        *models: type[Model],
        prune: bool = False,
        allow_delete_items: bool = False,
        only: Sequence[str] = (),
    ) -> Plan:
        """What would change. Reads only: one DescribeTable a table, and a call for each managed setting that it lacks.

        ``only`` limits it to settings of the definition's vocabulary, ``prune`` also removes what a list lacks. Raises
        DefinitionError, and UsageError for a table or a setting that does not exist, before any call; a table that
        cannot be read is one of the plan's ``failures``.
        """
        tables = self._world.tables(chosen_tables(names, models))
        return make_plan(self._world, tables, prune=prune, allow_delete_items=allow_delete_items, only=only)

    @overload
    def apply(
        self,
        plan: Plan | type[Model],
        *models: type[Model],
        detach: None = None,
        wait: bool = True,
        wait_timeout: timedelta | None = None,
        consent: Consent | None = None,
        listener: Listener = silent,
        stopped: StopFlag | None = None,
        fresh: bool = False,
    ) -> ApplyReport: ...
    @overload
    def apply(
        self,
        plan: Plan | type[Model],
        *models: type[Model],
        detach: Detached,
        consent: Consent | None = None,
        listener: Listener = silent,
        stopped: StopFlag | None = None,
    ) -> Job: ...
    @checked(models=model)
    def apply(
        self,
        plan: Plan | type[Model],
        *models: type[Model],
        detach: Detached | None = None,
        wait: bool = True,
        wait_timeout: timedelta | None = None,
        consent: Consent | None = None,
        listener: Listener = silent,
        stopped: StopFlag | None = None,
        fresh: bool = False,
    ) -> ApplyReport | Job:
        """Do ``plan``: ten tables at a time, each in an order that the service accepts, each wait with a deadline.
        Classes in place of a plan are planned first.

        A plan that was made a while ago is compared with what is there first and refused where that changed
        (StalePlan); ``fresh`` says that it was made just now. Raises ConsentRequired before the first call of a plan
        that is not empty: it needs ``yes``, and what each hazard names. One failing table does not stop the others: see
        ``failures`` of the report. Raises TableBusy where a table of an older plan is being deleted, before anything is
        changed, Locked where a detached apply changes one of the tables, and UsageError, before any call, where
        ``wait_timeout`` is given with ``wait=False``, or ``consent`` names an index to rebuild that no table of the
        plan has. Stopped halfway, planning and applying again continues.

        With ``detach`` the plan becomes a job of the ledger, and no process has to stay: this one works for about
        ``detach.seconds``, and `Jobs.tick` goes on from any machine that reads the ledger, until `Job.state` is done.
        It is always compared with what is there. UsageError is raised for a plan that is empty or with ``wait``, and
        RunError where the ledger cannot be written.
        """
        if not isinstance(plan, Plan):
            plan, fresh = make_plan(self._world, self._world.tables((plan, *models))), True
        elif models:
            raise UsageError("A plan and classes contradict each other.", hint="give the plan, or classes")
        seconds = verbs.wait_seconds(wait, wait_timeout)
        if detach is not None:
            if seconds is not None:
                raise UsageError("A detached apply waits for nothing.", hint="use detach, or wait and wait_timeout")
            return apply_detached(self._world, plan, detach, consent=consent, listener=listener, stopped=stopped)
        refuse_tables_changing(self._world, plan)
        return apply(
            self._world,
            plan,
            consent=consent,
            listener=listener,
            stopped=stopped,
            fresh=fresh,
            wait_seconds=seconds,
        )


def chosen_tables(
    names: Sequence[str | type[Model]] | type[Model], models: Sequence[type[Model]]
) -> list[str | type[Model]]:
    """The tables that a verb was given, one after the other."""
    return [*(names if isinstance(names, Sequence) else (names,)), *models]
