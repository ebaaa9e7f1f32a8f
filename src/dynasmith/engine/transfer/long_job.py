"""A job of few, long steps: its state is kept whatever ends it, and what a person wants of it is done between steps."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from msgspec.structs import replace

from dynasmith.engine.transfer.permit import RunPermit
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.engine.waiter import POLL_SECONDS_FIRST, StopFlag, rest
from dynasmith.errors import DynasmithError, Interrupted
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.job import State, counted, failure_reason, moved
from dynasmith.jobs.plain_error import is_plain
from dynasmith.ports.checkpoints import Claim
from dynasmith.ports.clock import Clock


class JobCancelled(Exception):
    """Somebody cancelled the job."""


@dataclass(slots=True)
class JobEnd:
    """How a run ends: ``done``, unless it says otherwise before its end. ``plain`` that its reason repeats
    nothing of an item. ``counts`` are those of the job."""

    state: State = "done"
    reason: str = ""
    plain: bool = False
    counts: Counts | None = None


def check_wish(claim: Claim, permit: RunPermit, clock: Clock, stopped: StopFlag) -> None:
    """Raise where the run must not go on: JobCancelled, or LeaseLost where its lease may have ended. Waits while
    paused."""
    while (wish := claim.control().wish) == "pause":
        rest(POLL_SECONDS_FIRST, clock, stopped)
    if wish == "cancel":
        raise JobCancelled
    permit.check_lease()


@contextmanager
def kept_state(claim: Claim, context: RunContext, interrupted: str) -> Iterator[JobEnd]:
    """Keep the job's state true, whatever ends the run; ``interrupted`` is the sentence of one that was stopped.

    A run that was cancelled ends without an error. Raises Interrupted, and every other error of the run.
    """
    began = context.monotonic()
    if claim.job.state != "running":
        claim.change(moved(claim.job, "running", context.now()))
    end = JobEnd()
    state: State = "failed"
    reason, plain = "", False
    try:
        yield end
        state, reason, plain = end.state, end.reason, end.plain
    except JobCancelled:
        state = "cancelled"
    except (KeyboardInterrupt, Interrupted) as error:
        state = "interrupted"
        raise Interrupted(interrupted, hint=f"dynasmith jobs resume {claim.job.id}") from error
    except DynasmithError as error:
        reason, plain = context.masked(failure_reason(error)), is_plain(error)
        if not error.hint:
            error.hint = f"dynasmith jobs resume {claim.job.id}"
        raise
    except Exception as error:
        reason = context.masked(f"{type(error).__name__}: {error}")
        raise
    finally:
        ended = moved(claim.job, state, context.now(), reason=reason, plain=plain)
        ended = ended if end.counts is None else counted(ended, end.counts)
        claim.change(replace(ended, ran_seconds=ended.ran_seconds + context.monotonic() - began))
