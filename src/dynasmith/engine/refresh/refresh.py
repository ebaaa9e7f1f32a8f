"""refresh: each part is kept as begun, with the id of its job, before it begins, and as done after.

A run that was killed goes on with the part that was begun: by its job where that is in the ledger, else from its
beginning. A part that fails stops the parts that need it, and no other.
"""

from msgspec.structs import replace

from dynasmith.engine.transfer.events import FlowNote
from dynasmith.engine.transfer.job_world import JobWorld
from dynasmith.engine.transfer.long_job import JobEnd, check_wish, kept_state
from dynasmith.engine.transfer.new_job import new_job
from dynasmith.engine.transfer.permit import RunPermit
from dynasmith.engine.waiter import StopFlag
from dynasmith.errors import DynasmithError, Interrupted, LeaseLost, Locked
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.job import failure_reason, moved
from dynasmith.jobs.plain_error import is_plain
from dynasmith.jobs.refresh_recipe import RefreshPart, blocked
from dynasmith.jobs.refresh_report import RefreshReport
from dynasmith.jobs.spec import Refresh
from dynasmith.ports.checkpoints import Claim


def begin_refresh(spec: Refresh, world: JobWorld) -> Claim:
    """Enter a refresh in the ledger. Raises Locked where another one of the same environment runs, or was interrupted.

    It is entered first and looks then, so that of two that begin at once never both go on.
    """
    claim = world.ledger.begin(new_job(spec, world.context, 1))
    try:
        refuse_second(claim, world)
    except BaseException:
        claim.change(moved(claim.job, "cancelled", world.context.now(), reason="another refresh is not over"))
        claim.release()
        world.ledger.prune(claim.job.id)
        raise
    return claim


def refuse_second(claim: Claim, world: JobWorld) -> None:
    """Raise Locked where another refresh of the same environment runs, or was interrupted: resumed after this one it
    would write what it began with."""
    own = claim.job
    assert isinstance(own.spec, Refresh)
    for job in world.ledger.jobs():
        same = isinstance(job.spec, Refresh) and job.spec.environment == own.spec.environment
        if not same or job.id == own.id:
            continue
        if job.state == "interrupted":
            raise Locked(
                f"Job {job.id} refreshes {own.spec.environment}, and was interrupted.",
                hint=f"dynasmith jobs resume {job.id}, or dynasmith jobs cancel {job.id}",
            )
        if job.state in ("running", "paused"):
            raise Locked(
                f"Job {job.id} refreshes {own.spec.environment} now.",
                hint=f"wait for it, or dynasmith jobs cancel {job.id}",
            )


def refresh(spec: Refresh, claim: Claim, world: JobWorld) -> RefreshReport:
    """Do the parts that are not done; give the report. The job is failed where a part is: a resume does that again.

    Raises Interrupted, LeaseLost, and Locked where a job of a part is run by somebody else.
    """
    run = _Run(spec, claim, world)
    with kept_state(claim, world.context, f"Job {claim.job.id} was interrupted; what was done stays.") as end:
        run.do_all(end)
    job = claim.job
    return RefreshReport(
        job, job.counts, job.ran_seconds, source_env=spec.source.env, environment=spec.environment, parts=run.spec.parts
    )


class _Run:
    """One run: the job and its parts."""

    def __init__(self, spec: Refresh, claim: Claim, world: JobWorld) -> None:
        self.spec, self.claim, self.context = spec, claim, world.context
        self.at = world.refreshing(spec)
        self.permit = RunPermit(claim.job.id, claim.lease)

    def do_all(self, end: JobEnd) -> None:
        """Every part that is not done, in order."""
        for number in range(len(self.spec.parts)):
            if self.spec.parts[number].state == "done":
                continue
            check_wish(self.claim, self.permit, self.at.clock, StopFlag())
            self.do(number)
            end.counts = sum((part.counts for part in self.spec.parts), Counts())
        check_wish(self.claim, self.permit, self.at.clock, StopFlag())
        failed = [part for part in self.spec.parts if part.state == "failed"]
        if failed:
            end.state = "failed"
            end.plain = all(part.plain_reason for part in failed)
            end.reason = "; ".join(f"{part}: {part.reason}" for part in failed)

    def do(self, number: int) -> None:
        """One part, kept before and after."""
        part = self.spec.parts[number]
        if why := blocked(part, self.spec.parts[:number]):
            self.keep(number, replace(part, state="skipped", reason=why, plain_reason=True))
            return
        part = replace(part, state="running", reason="", plain_reason=False, job=self.at.job_of(part))
        self.keep(number, part)
        try:
            outcome = self.at.do(self.spec, part, self.claim)
        except (Interrupted, LeaseLost, Locked):
            raise
        except DynasmithError as error:
            reason = self.context.masked(failure_reason(error))
            self.keep(number, replace(part, state="failed", reason=reason, plain_reason=is_plain(error)))
        else:
            self.keep(number, replace(part, state="done", counts=outcome.counts, found=outcome.found))

    def keep(self, number: int, part: RefreshPart) -> None:
        """Keep a part as it is now, and say so."""
        parts = (*self.spec.parts[:number], part, *self.spec.parts[number + 1 :])
        self.spec = replace(self.spec, parts=parts)
        self.claim.change(replace(self.claim.job, spec=self.spec))
        words = f"{part}: {part.state}"  # the reason may repeat what a transform said of an item: the report decides
        self.context.listener(FlowNote(table=part.table, sentence=f"{words[0].upper()}{words[1:]}."))
