"""A job that the service does: begun once, waited for, and looked at again after a kill. It moves no items here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from os import urandom
from secrets import token_hex
from time import monotonic
from typing import Any, Protocol, TypeVar

import msgspec

from dynasmith.engine.transfer.event_thread import StopRequest, run
from dynasmith.engine.transfer.events import FlowEnded, FlowNote, FlowStarted
from dynasmith.engine.transfer.permit import RunPermit
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.errors import DynasmithError, Interrupted, Locked
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.job import Job, State, failure_reason, job_id, moved
from dynasmith.jobs.plain_error import is_plain
from dynasmith.jobs.report import Report
from dynasmith.jobs.service_transfer import TOKEN_HOURS, ServiceResult
from dynasmith.jobs.spec import ServiceSpec
from dynasmith.ports.checkpoints import Claim, Ledger

POLL_SECONDS_FIRST = 0.1
POLL_SECONDS_MAX = 5.0
NOT_WAITED = "begun, and not waited for"
"""The reason of a job that was begun with ``--no-wait``."""
_MARGIN = timedelta(minutes=5)


class TransferState(Protocol):
    """What the service says of the work of a job."""

    @property
    def arn(self) -> str:
        """What it is called."""
        ...

    @property
    def status(self) -> str:
        """Its word."""
        ...

    @property
    def over(self) -> bool:
        """Whether nothing more comes."""
        ...


S = TypeVar("S", bound=TransferState)


@dataclass(frozen=True, slots=True)
class WaitLimit:
    """Whether the service is waited for, and how long at most; None sets no limit."""

    wait: bool = True
    seconds: float | None = None


NO_LIMIT = WaitLimit()


class JobCancellation(Exception):
    """A person cancelled the job while it waited."""


def same_job(spec: ServiceSpec, ledger: Ledger) -> Claim | None:
    """Hold the job that asked for the same and is not over, where there is one: nothing is begun twice.

    Raises Locked where another process runs it.
    """
    for job in reversed(ledger.jobs()):
        if not job.over and isinstance(job.spec, type(spec)) and _same(job.spec, spec):
            return ledger.claim(job.id)
    return None


def enter_service_job(spec: ServiceSpec, ledger: Ledger, context: RunContext) -> Claim:
    """Enter a new job in the ledger."""
    now = context.now()
    identity = context.job_id or job_id(spec.verb, now, urandom(3))
    return ledger.begin(
        Job(id=identity, spec=spec, started_at=now, changed_at=now, owner=context.owner, origin=context.origin)
    )


def _same(one: ServiceSpec, other: ServiceSpec) -> bool:
    """Whether two specs ask for the same: all but what a job learns while it runs."""
    return one.asked() == other.asked()


def begun_once(
    claim: Claim,
    context: RunContext,
    spec: ServiceSpec,
    *,
    describe: Callable[[str], S],
    with_token: Callable[[], S | None],
    start: Callable[[], S],
) -> S:
    """The work of the job: what it knows by its ARN, what has its token where the service may have forgotten that, or
    what ``start`` begins; never a second one. Raises LeaseLost where another run may have the job."""
    if spec.arn:
        return describe(spec.arn)
    found = with_token() if _token_may_be_over(claim.job, context) else None
    if found is None:
        check_held(claim)
        found = start()
    keep_arn(claim, spec, found.arn)
    return found


def _token_may_be_over(job: Job, context: RunContext) -> bool:
    """Whether the client token of a job may have lost its meaning, so that it would begin another one."""
    return context.now() - job.started_at > timedelta(hours=TOKEN_HOURS) - _MARGIN


def keep_arn(claim: Claim, spec: ServiceSpec, arn: str) -> None:
    """Remember what the service calls the work of a job."""
    claim.change(msgspec.structs.replace(claim.job, spec=msgspec.structs.replace(spec, arn=arn)))


def begin_anew(claim: Claim, spec: ServiceSpec) -> None:
    """What was begun came to nothing: the job that goes on begins another one."""
    claim.change(msgspec.structs.replace(claim.job, spec=msgspec.structs.replace(spec, arn="", token=token_hex(16))))


def check_held(claim: Claim) -> None:
    """Raise LeaseLost where another run may have the job: right before what it would begin a second time."""
    RunPermit(claim.job.id, claim.lease).check_lease()


def unfinished(fields: dict[str, Any], sentence: str, waiting: WaitLimit) -> ServiceResult:
    """What is not over: a note where nobody waits for it, a problem where the limit of waiting is reached."""
    if not waiting.wait:
        return ServiceResult(fields=fields, over=False, notes=(sentence,))
    return ServiceResult(fields=fields, over=False, problems=(f"Not there yet. {sentence}",))


def run_service_job(
    claim: Claim,
    context: RunContext,
    table: str,
    work: Callable[[StopRequest], ServiceResult],
    count: Callable[[], Counts],
) -> Report:
    """Do ``work`` under the claim and keep what became of it; ``count`` is what it moved, known at its end.

    Raises Interrupted where a signal came, and what ``work`` raises; in both cases the job can be resumed.
    """
    began, state, reason, plain = monotonic(), "failed", "", False
    resumed = claim.job.state != "running" or bool(getattr(claim.job.spec, "arn", ""))
    if claim.job.state != "running":
        claim.change(moved(claim.job, "running", context.now()))
    started = FlowStarted(
        table=table, job=claim.job.id, verb=claim.job.verb, segments=1, total_items=None, resumed=resumed
    )
    context.listener(started)
    result = ServiceResult(fields={})

    async def main(stop: StopRequest) -> ServiceResult:
        return await asyncio.to_thread(work, stop)

    try:
        result = run(main, loop_factory=context.loop_factory, stop=context.stop)
        state = "done" if result.over else "interrupted"
        reason, plain = "" if result.over else NOT_WAITED, True
    except JobCancellation:
        state = "cancelled"
    except Interrupted:
        state = "interrupted"
        raise
    except DynasmithError as error:
        reason, plain = context.masked(failure_reason(error)), is_plain(error)
        raise
    finally:
        counts = count() if state == "done" else Counts()
        ended = moved(claim.job, _STATES[state], context.now(), reason=reason, plain=plain)
        ran = monotonic() - began + ended.ran_seconds
        with suppress(Locked):
            claim.change(msgspec.structs.replace(ended, counts=counts, ran_seconds=ran))
        context.listener(FlowEnded(table=table, job=claim.job.id, state=state, counts=counts, seconds=ran))
    return Report(claim.job, counts, ran, service=result)


_STATES: dict[str, State] = {
    "done": "done", "failed": "failed", "interrupted": "interrupted", "cancelled": "cancelled",
}  # fmt: skip


def wait_until_over(
    claim: Claim,
    context: RunContext,
    table: str,
    what: str,
    look: Callable[[], S],
    stop: StopRequest,
    waiting: WaitLimit,
) -> S:
    """Look until the service is through, or the limit is reached: what it said last.

    Raises Interrupted where a signal came: the service goes on, and the job is resumed.
    """
    began, pause, said = monotonic(), POLL_SECONDS_FIRST, ""
    while True:
        found = look()
        if found.over or not waiting.wait:
            return found
        if waiting.seconds is not None and monotonic() - began >= waiting.seconds:
            return found
        if found.status != said:
            said = found.status
            context.listener(FlowNote(table=table, sentence=f"{what} is {said}."))
        _rest(pause, claim, stop)
        pause = min(pause * 1.6, POLL_SECONDS_MAX)


def _rest(seconds: float, claim: Claim, stop: StopRequest) -> None:
    """Wait, in slices short enough that a signal and a wish to cancel are obeyed at once."""
    ends = monotonic() + seconds
    if claim.control().wish == "cancel":  # once a wait: a ledger in S3 or a table costs a request
        raise JobCancellation
    while True:
        if stop.asked:
            raise Interrupted(
                f"Job {claim.job.id} was interrupted; the service goes on with what was begun.",
                hint=f"dynasmith jobs resume {claim.job.id}",
            )
        left = ends - monotonic()
        if left <= 0:
            return
        time.sleep(min(left, 0.2))
