"""The methods of `Jobs` for an apply that no process stays for: tick, wait, plan again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from dynasmith.engine.waiter import StopFlag, rest
from dynasmith.jobs.job import Job
from dynasmith.plans.consent import Consent
from dynasmith.plans.plan import Plan
from dynasmith.ports.listener import Listener, silent
from dynasmith.project.verbs.arguments import checked
from dynasmith.project.verbs.job_lookup import JobLookup

if TYPE_CHECKING:
    from dynasmith.engine.ticks.tick import TickReport

WAIT_POLL_SECONDS = 5.0


class JobTicks(JobLookup):
    """Jobs of ``apply`` with ``detach``; see `Jobs`."""

    @checked()
    def tick(
        self, job: str, *, seconds: float = 30.0, listener: Listener = silent, stopped: StopFlag | None = None
    ) -> TickReport:
        """Go on with a detached apply: send what may be sent now, and say when to look again.

        It works for ``seconds`` and ends earlier where nothing is to be expected within them. Any machine that reads
        the ledger and has the rights of ``apply`` may do it; of two at once one gets Locked. A tick that is killed
        loses nothing: the next one finds the place from the live table. A table that fails is in ``failed`` of the
        report, and the others go on.

        Raises UsageError for a job that applies nothing, JobNotFound, RunError for one that is over or whose consent
        has ended, CheckpointError for one that this version cannot read, StalePlan in another account, Region or
        endpoint, and Unreachable. Costs one description of each table and one a wait, and a read of CloudWatch for an
        index that is built.
        """
        from dynasmith.project.verbs.apply_job import tick_job

        return tick_job(self._items, self.find(job), seconds=seconds, listener=listener, stopped=stopped)

    @checked()
    def progress(self, job: str) -> TickReport:
        """Where a detached apply was when its last tick ended; costs a read of the ledger, and changes nothing.

        Raises UsageError for a job that applies nothing, JobNotFound where there is no such job, CheckpointError for
        one that this version cannot read.
        """
        from dynasmith.project.verbs.apply_job import job_progress

        return job_progress(self._items, self.find(job))

    @checked()
    def wait(self, job: str, *, wait_timeout: timedelta | None = None, stopped: StopFlag | None = None) -> Job:
        """Look at a job until it is done, failed or cancelled, for ``wait_timeout`` at most; the job as it is then.

        It does nothing for the job: somebody else runs it, or ticks. Costs one read of the ledger every 5 seconds.
        Raises JobNotFound where there is no such job, UsageError where several begin so, and Interrupted.
        """
        job_id, clock, stop = self.find(job), self._items.world.clock, stopped or StopFlag()
        began = clock.monotonic()
        while True:
            kept = self._items.ledger.show(job_id)
            left = None if wait_timeout is None else wait_timeout.total_seconds() - (clock.monotonic() - began)
            if kept.over or kept.state == "failed" or (left is not None and left <= 0):
                return kept
            rest(WAIT_POLL_SECONDS if left is None else min(WAIT_POLL_SECONDS, left), clock, stop)

    @checked()
    def changing(self, tables: Sequence[str]) -> dict[str, Job]:
        """Which of these tables (physical names) a detached apply changes, in this environment, with its job.

        Costs one read of the list of jobs, and none of the service. Raises UsageError where ``tables`` is no list of
        names.
        """
        from dynasmith.project.verbs.apply_job import changing_jobs

        found = changing_jobs(self._items.world)
        return {table: found[table] for table in tables if table in found}

    @checked()
    def replan(self, job: str) -> Plan:
        """The plan of the tables of a detached apply that are not done, made from what is live now. Reads only.

        Raises UsageError for a job that applies nothing, JobNotFound where there is no such job, CheckpointError and
        FileFormatError for one that cannot be read.
        """
        from dynasmith.project.verbs.apply_job import planned_again

        return planned_again(self._items.world, self._items.ledger.show(self.find(job)))

    @checked()
    def accept_plan(self, job: str, plan: Plan, *, consent: Consent | None = None) -> Job:
        """Put another plan, of `replan`, in place of that of a detached apply, under its id; `tick` goes on with it.

        Raises ConsentRequired and UsageError as `Project.apply` does, StalePlan where a table has changed meanwhile,
        TableBusy where one is being deleted, Locked where a process works on the job, RunError where it is over,
        JobNotFound.
        """
        from dynasmith.project.verbs.apply_job import replan

        return replan(self._items.world, self.find(job), plan, consent=consent)
