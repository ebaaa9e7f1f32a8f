"""One tick of a detached apply: read, find the place, send what can be sent now, say when to look again, end.

Nothing of a tick is lost when it is killed: a call is recorded after it was acknowledged, and the next tick finds the
place from the live table. The plan is never made again: a table that is at no place of it was changed by somebody else.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from dynasmith.engine.apply import other_place
from dynasmith.engine.ticks.apply_job import before_of, plan_of
from dynasmith.engine.ticks.index_progress import IndexProgress
from dynasmith.engine.ticks.job_progress import Cancelled, JobProgress
from dynasmith.engine.ticks.table_tick import TableTick
from dynasmith.engine.waiter import StopFlag, rest
from dynasmith.errors import DynasmithError, Interrupted, RunError, StalePlan, Unreachable
from dynasmith.jobs.job import Job, State, failure_reason, moved
from dynasmith.jobs.plain_error import is_plain
from dynasmith.jobs.spec import Apply
from dynasmith.masking import Masks
from dynasmith.plans.plan import Plan
from dynasmith.ports.checkpoints import Claim
from dynasmith.ports.clock import Clock
from dynasmith.ports.listener import Listener, silent
from dynasmith.ports.tables import Tables

TICK_SECONDS: Final = 30.0
"""How long a tick stays for what takes seconds, so that each small step does not cost a tick."""
POLL_SECONDS_FIRST: Final = 0.5
POLL_SECONDS_MAX: Final = 10.0


class TickReport(Struct, frozen=True, kw_only=True):
    """Where a detached apply is after a tick.

    ``done`` says that every table is as planned. ``step`` of ``steps`` are done, of all tables. ``next_look`` is when
    to tick again and ``eta`` when what is waited for is there, about (UTC); None where that is not known, or nothing is
    waited for. ``seen`` is what was seen of each table that is waited for, ``failed`` why one does not go on.
    """

    job: Job
    done: bool
    step: int
    steps: int
    next_look: datetime | None = None
    eta: datetime | None = None
    seen: dict[str, str] = {}
    failed: dict[str, str] = {}


def report_of(job: Job) -> TickReport:
    """Where a detached apply is, as its job was last kept."""
    spec = job.spec
    assert isinstance(spec, Apply)
    waiting = {} if job.over else {table: each for table, each in spec.progress.items() if each.next_look is not None}
    return TickReport(
        job=job,
        done=job.state == "done",
        step=spec.step,
        steps=spec.steps,
        next_look=spec.next_look if waiting else None,
        eta=spec.eta if waiting else None,
        seen={table: each.seen for table, each in waiting.items()},
        failed={table: each.failed for table, each in spec.progress.items() if each.failed},
    )


def tick(
    claim: Claim,
    tables: Tables,
    clock: Clock,
    *,
    seconds: float = TICK_SECONDS,
    percent: IndexProgress | None = None,
    listener: Listener = silent,
    stopped: StopFlag | None = None,
    masks: Masks | None = None,
) -> TickReport:
    """Go on with a detached apply for about ``seconds``, and release its claim.

    A table that fails does not stop the others. Raises StalePlan where this is another account, Region or endpoint,
    FileFormatError for a plan that was edited, RunError where the consent has ended, and Unreachable where nothing
    answers: the job then waits as before. Costs a description a table and wait.
    """
    spec, stop, masked = claim.job.spec, stopped or StopFlag(), masks or Masks()
    assert isinstance(spec, Apply)
    try:
        plan, before = plan_of(spec), before_of(spec)
        _refuse_elsewhere(claim.job.id, plan, tables)
        job = JobProgress(spec, claim, stop)
        ticks = [
            TableTick(each, before[each.table], job, tables, clock, percent, listener, stop, masked)
            for each in plan.tables
            if each.table in spec.progress
        ]
        _run(job, ticks, clock, seconds, stop, masked)
        return report_of(job.job)
    finally:
        claim.release()


def _refuse_elsewhere(job_id: str, plan: Plan, tables: Tables) -> None:
    if elsewhere := other_place(plan, tables):
        raise StalePlan(
            f"Job {job_id} was begun for {elsewhere}.", hint="resume it in the environment that it was begun in: --env"
        )


def _run(job: JobProgress, ticks: list[TableTick], clock: Clock, seconds: float, stop: StopFlag, masks: Masks) -> None:
    """The tick, with the state of the job kept true whatever ends it."""
    began, reason, plain = clock.monotonic(), "", False
    state: State = "waiting"
    if job.job.state != "running":
        job.change(moved(job.job, "running", clock.now()))
    for table in job.failed:
        job.record(table, replace(job.at(table), failed=""))  # it was resumed: it is tried again
    try:
        _refuse_late(job, clock)
        _until(job, ticks, clock, began + seconds, stop)
        if not job.open:
            state, reason = ("failed", " ".join(job.failed.values())) if job.failed else ("done", "")
    except Cancelled:
        state = "cancelled"
    except (KeyboardInterrupt, Interrupted) as error:
        state = "interrupted"
        raise Interrupted(
            f"Job {job.job.id} was stopped between two steps; the service goes on with what was sent.",
            hint=f"dynasmith jobs resume {job.job.id}",
        ) from error
    except Unreachable as error:  # the next tick may reach it
        reason, plain = masks(error.message), is_plain(error)
        raise
    except DynasmithError as error:
        state, reason, plain = "failed", masks(failure_reason(error)), is_plain(error)
        raise
    except Exception as error:
        state, reason = "failed", masks(f"{type(error).__name__}: {error}")
        raise
    finally:
        ended = moved(job.job, state, clock.now(), reason=reason, plain=plain)
        job.change(replace(ended, ran_seconds=ended.ran_seconds + clock.monotonic() - began))


def _refuse_late(job: JobProgress, clock: Clock) -> None:
    if clock.now() > job.spec.deadline:
        raise RunError(
            f"The consent to job {job.job.id} ended at {job.spec.deadline:%Y-%m-%d %H:%M} UTC.",
            hint=f"dynasmith jobs resume {job.job.id} --replan asks for it again",
        )


def _until(job: JobProgress, ticks: list[TableTick], clock: Clock, ends_at: float, stop: StopFlag) -> None:
    """Go on with each table until none goes on, or nothing is to be expected before the end."""
    pause = POLL_SECONDS_FIRST
    while True:
        before = job.spec.step
        for each in ticks:
            if each.table in job.open:
                each.advance()
        waiting = [each for each in ticks if each.table in job.open]
        if not waiting:
            return
        pause = POLL_SECONDS_FIRST if job.spec.step > before else min(pause * 1.6, POLL_SECONDS_MAX)
        due = min(pause if each.is_short else _seconds_to_look(job, each.table, clock) for each in waiting)
        if clock.monotonic() + due > ends_at:
            return
        rest(due, clock, stop)


def _seconds_to_look(job: JobProgress, table: str, clock: Clock) -> float:
    look = job.at(table).next_look
    return POLL_SECONDS_FIRST if look is None else max(POLL_SECONDS_FIRST, (look - clock.now()).total_seconds())
