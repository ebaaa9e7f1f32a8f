"""jobs: what a person does with jobs that run, or ran: pause, go on, end, another pace."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from dynasmith.errors import Locked, RunError, UsageError
from dynasmith.jobs.job import Job, moved
from dynasmith.ports.checkpoints import Ledger


def cancel(ledger: Ledger, job_id: str, now: Callable[[], datetime]) -> Job:
    """End a job for good: one that runs stops after the pages that are on their way. What it wrote stays."""
    try:
        claim = ledger.claim(job_id)
    except Locked:
        return ask_to_cancel(ledger, job_id)
    try:
        claim.change(moved(claim.job, "cancelled", now()))
        return claim.job
    finally:
        claim.release()


def ask_to_cancel(ledger: Ledger, job_id: str) -> Job:
    """End a job that another process runs: it stops after the pages that are on their way. Raises UsageError for one
    that is over."""
    _shown(ledger, job_id)
    ledger.steer(job_id, msgspec.structs.replace(ledger.steered(job_id), wish="cancel"))
    return ledger.show(job_id)


def pause(ledger: Ledger, job_id: str) -> None:
    """Let a job that runs wait, within a second, until ``proceed``.

    Raises RunError for one that does not run, UsageError for one that is over.
    """
    _running(ledger, job_id)
    ledger.steer(job_id, msgspec.structs.replace(ledger.steered(job_id), wish="pause"))


def proceed(ledger: Ledger, job_id: str) -> None:
    """Let a paused job go on in the process that runs it. Raises RunError and UsageError as ``pause`` does."""
    _running(ledger, job_id)
    ledger.steer(job_id, msgspec.structs.replace(ledger.steered(job_id), wish="run"))


def pace(ledger: Ledger, job_id: str, *, read_units: float | None = None, write_units: float | None = None) -> None:
    """Another pace in units a second, at once where the job runs, else when it is resumed. None leaves a side alone.

    Raises UsageError for a job that is over.
    """
    _shown(ledger, job_id)
    for units in (read_units, write_units):
        if units is not None and not units > 0:
            raise RunError(
                f"A pace of {units:g} units a second is not valid.",
                hint=f"to stop a job for a while: dynasmith jobs pause {job_id}",
            )
    control = ledger.steered(job_id)
    ledger.steer(
        job_id,
        msgspec.structs.replace(
            control,
            read_units_per_second=control.read_units_per_second if read_units is None else read_units,
            write_units_per_second=control.write_units_per_second if write_units is None else write_units,
        ),
    )


def _running(ledger: Ledger, job_id: str) -> None:
    job = _shown(ledger, job_id)
    if job.state not in ("running", "paused"):
        raise RunError(f"Job {job_id} is {job.state}, not running.", hint=f"dynasmith jobs resume {job_id}")


def _shown(ledger: Ledger, job_id: str) -> Job:
    job = ledger.show(job_id)
    if job.over:
        raise UsageError(f"Job {job_id} is {job.state}; there is nothing left to do.", hint="dynasmith jobs list")
    return job
