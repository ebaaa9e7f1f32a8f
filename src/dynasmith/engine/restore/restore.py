"""restore: a job of few, long steps. Each is safe to do again: what the service has done already is found and not asked
for twice, so that a run that was killed anywhere is gone on with.

The call that begins a restore has no token. What makes it safe is the name: the service makes no second table of it,
and says of a table what it was restored from (RestoreSummary), so that the one of this job is known again.
"""

from __future__ import annotations

from dataclasses import replace as changed
from datetime import timedelta

from msgspec.structs import replace

from dynasmith.engine.restore.proof import prove
from dynasmith.engine.restore.settings import restore_settings
from dynasmith.engine.restore.verified_tag import tag_verified
from dynasmith.engine.transfer.job_world import JobWorld
from dynasmith.engine.transfer.long_job import check_wish, kept_state
from dynasmith.engine.transfer.permit import RunPermit
from dynasmith.engine.transfer.restore_world import RestoreWorld
from dynasmith.engine.waiter import POLL_SECONDS_FIRST, POLL_SECONDS_MAX, StopFlag, rest
from dynasmith.errors import (
    CheckpointError,
    LimitExceeded,
    RunError,
    TableBusy,
    TableExists,
    TableNotFound,
    Throttled,
    WaitTimeout,
)
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.restore_report import RestoreReport
from dynasmith.jobs.spec import Restore
from dynasmith.jobs.table_identity import TableIdentities
from dynasmith.ports.backups import RestoreCall, rfc_3339
from dynasmith.ports.checkpoints import Claim
from dynasmith.ports.listener import RestoreStep, RestoreWaiting

RESTORE_SECONDS_MAX = 86_400.0
"""How long one run waits for a restore: those of large tables take hours ("Restoring a table from a backup")."""
BUSY_SECONDS_MAX = 3_600.0
"""How long the call that begins a restore is sent again: the quota is fifty restores at once."""
_CLOCKS_APART = timedelta(minutes=5)
_SAME_TIME = timedelta(seconds=1)


class _Run:
    """One run: the job, its environment, who listens."""

    def __init__(self, spec: Restore, claim: Claim, world: JobWorld) -> None:
        self.spec, self.claim, self.context = spec, claim, world.context
        self.at: RestoreWorld = world.restoration(spec)
        self.stopped = StopFlag()
        self.permit = RunPermit(claim.job.id, claim.lease)

    @property
    def table(self) -> str:
        """The physical name of the new table."""
        return self.spec.target.table

    def say(self, sentence: str) -> None:
        """Tell the listener."""
        self.context.listener(RestoreStep(table=self.table, job=self.claim.job.id, sentence=sentence))

    def check(self) -> None:
        """Raise where the run must not go on: it was cancelled, or its lease may have ended. Waits while paused."""
        check_wish(self.claim, self.permit, self.at.clock, self.stopped)


def restore(spec: Restore, claim: Claim, world: JobWorld) -> RestoreReport:
    """Make the table, wait until it is there, verify its items, apply its settings; the report says what is as before.

    Raises RunError where another table has the name of the target.
    """
    run = _Run(spec, claim, world)
    report = RestoreReport(
        claim.job,
        Counts(),
        0.0,
        source=spec.backup or spec.table or spec.file,
        at="" if spec.at is None else rfc_3339(spec.at),
        table=run.table,
    )
    interrupted = f"Job {claim.job.id} was interrupted; the service goes on with the restore of {run.table}."
    with kept_state(claim, run.context, interrupted):
        if spec.file:
            run.check()
            run.at.fill(spec, claim.job.id)
        else:
            _begin(run)
            _wait(run)
        _remember(run)
        proof = prove(spec, run.at, claim.job.id, run.check)
        run.say(f"Items: {proof.verified}{f', {proof.why}' if proof.why else ''}.")
        run.check()
        settings = restore_settings(spec, run.at, run.say)
        tag_verified(spec, run.at, proof, run.say)
        report = changed(report, proof=proof, settings=settings)
    return changed(report, job=claim.job, seconds=claim.job.ran_seconds)


def _begin(run: _Run) -> None:
    """Send the call that begins the restore, unless the service has done it for this job already."""
    spec, clock = run.spec, run.at.clock
    if not spec.role and _is_begun(run):
        return
    call = RestoreCall(
        target=run.table,
        backup=spec.backup,
        table=spec.table,
        at=spec.at,
        billing=spec.billing,
        encryption=spec.encryption,
        without_indexes=spec.without_indexes,
        token=run.claim.job.id,
    )
    begun, pause = clock.monotonic(), POLL_SECONDS_FIRST
    while True:
        run.check()
        try:
            run.at.backups.restore(call)
        except TableExists:  # a call whose reply was lost, or somebody else's
            if _is_begun(run):
                return
            raise
        except (TableBusy, LimitExceeded, Throttled):
            if clock.monotonic() - begun >= BUSY_SECONDS_MAX:
                raise
            rest(pause, clock, run.stopped)
            pause = min(pause * 1.6, POLL_SECONDS_MAX)
        else:
            run.say(f"The service restores {spec.backup or spec.table} as {run.table}.")
            return


def _is_begun(run: _Run) -> bool:
    """Whether the target is a table that this job made. Raises RunError where it is another's."""
    spec, job = run.spec, run.claim.job
    try:
        found = run.at.backups.restored_from(run.table)
    except TableNotFound:
        return False
    is_time = spec.at is None or (found.at is not None and abs(found.at - spec.at) <= _SAME_TIME)
    same = found.backup == spec.backup if spec.backup else is_time and _name(found.table_arn) == _name(spec.table)
    if same and found.created_at >= job.started_at - _CLOCKS_APART:
        return True
    raise RunError(
        f"Table {run.table} exists, and job {job.id} did not make it.",
        hint=f"dynasmith jobs cancel {job.id}, then restore to another name",
    )


def _name(table: str) -> str:
    return table.rpartition("/")[2]


def _wait(run: _Run) -> None:
    """Poll until the table and its indexes are there. Two DescribeTable a poll."""
    clock = run.at.clock
    begun, pause = clock.monotonic(), POLL_SECONDS_FIRST
    while True:
        run.check()
        state = _seen(run)
        if not state:
            return
        waited = clock.monotonic() - begun
        if waited >= RESTORE_SECONDS_MAX:
            raise WaitTimeout(
                f"Table {run.table}: {state} after {waited:,.0f} seconds.",
                hint=f"the service goes on: dynasmith jobs resume {run.claim.job.id}",
                state=state,
            )
        run.context.listener(RestoreWaiting(table=run.table, job=run.claim.job.id, state=state, waited_seconds=waited))
        rest(pause, clock, run.stopped)
        pause = min(pause * 1.6, POLL_SECONDS_MAX)


def _seen(run: _Run) -> str:
    """What the table is waited for; empty where it is there."""
    if state := run.at.backups.under_way():
        return state
    try:
        found = run.at.tables.describe(run.table, ())
        source = run.at.backups.restored_from(run.table)
    except TableNotFound:
        return "the table is not described yet"
    if found.status != "ACTIVE":
        return f"the table is {found.status}"
    if source.in_progress:
        return "the restore is in progress"
    building = [index.name for index in found.indexes if index.status != "ACTIVE"]
    return f"the index {building[0]} is built" if building else ""


def _remember(run: _Run) -> None:
    """Keep which table it is, once it is there; a resumed run must meet the same."""
    now, before = run.at.identity(run.spec), run.spec.tables.target
    if before is not None and before.table_id and now.table_id and before.table_id != now.table_id:
        raise CheckpointError(
            f"Table {run.table} was deleted and recreated since job {run.claim.job.id} made it.",
            hint=f"dynasmith jobs cancel {run.claim.job.id}, then restore again",
        )
    if before is None:
        run.spec = replace(run.spec, tables=TableIdentities(target=now))
        run.claim.change(replace(run.claim.job, spec=run.spec))
