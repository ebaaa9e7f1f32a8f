"""What `jobs cancel` does with a replacement, which has changed the table that it replaces."""

from __future__ import annotations

from dynasmith.engine.transfer import jobs as engine_jobs
from dynasmith.errors import Locked, RunError
from dynasmith.jobs.job import Job, moved
from dynasmith.jobs.replacement_progress import STATES
from dynasmith.jobs.spec import Replace
from dynasmith.project.verbs.item_world import ItemWorld
from dynasmith.project.verbs.replacements.replace import replacement_of


def cancel_replacement(items: ItemWorld, job_id: str) -> Job:
    """Ask the process that runs a replacement to end it, as `Replacements.abort` does: writes go on, and the stream is
    as it was. Without such a process it is cancelled only where nothing has to be taken back, since that changes a
    table and needs a consent.

    Raises RunError where something has to be, naming it, and after the switch; UsageError for a job that is over.
    """
    try:
        claim = items.ledger.claim(job_id)
    except Locked:
        _refuse_switched(job_id, replacement_of(items, job_id)[1])
        return engine_jobs.ask_to_cancel(items.ledger, job_id)
    try:
        spec, cancelled = claim.job.spec, moved(claim.job, "cancelled", items.now())
        assert isinstance(spec, Replace)
        _refuse_switched(job_id, spec)
        if spec.progress.streams or spec.progress.fences:
            raise RunError(
                f"Job {job_id} cannot be cancelled as it is: {_left(spec)}.",
                hint=f"dynasmith replace abort {job_id} takes that back and ends it; both tables stay",
            )
        claim.change(cancelled)
        return claim.job
    finally:
        claim.release()


def _left(spec: Replace) -> str:
    """What would be left of it."""
    streams = f"it has turned on the stream of {' and '.join(spec.progress.streams)}" if spec.progress.streams else ""
    fence = f"writes of {' and '.join(spec.progress.fences)} are stopped" if spec.progress.fences else ""
    return ", and ".join(each for each in (fence, streams) if each)


def _refuse_switched(job_id: str, spec: Replace) -> None:
    state = spec.progress.state
    if spec.progress.switches or STATES.index("cutover") < STATES.index(state) < STATES.index("finished"):
        raise RunError(
            f"{spec.target.table} is in use in place of {spec.source.table}, or about to be: job {job_id} goes on.",
            hint=f"dynasmith jobs resume {job_id} goes on with a cut-over, dynasmith replace finish {job_id} ends it",
        )
