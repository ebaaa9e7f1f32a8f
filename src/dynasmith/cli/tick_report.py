"""Where a detached apply is, for people and for programs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from dynasmith.cli.job_json import job_json
from dynasmith.cli.shared_options import Invocation, print_json
from dynasmith.jobs.spec import Apply

if TYPE_CHECKING:
    from dynasmith import TickReport
    from dynasmith.jobs.job import Job


def tick_json(invocation: Invocation, report: TickReport) -> dict[str, Any]:
    """The job, with where it is and when to look again. Stable keys."""
    return job_json(invocation, report.job) | {
        "done": report.done,
        "step": report.step,
        "steps": report.steps,
        "next_look_at": time_json(report.next_look),
        "eta_at": time_json(report.eta),
        "seen": report.seen,
        "failed": report.failed,
    }


def time_json(time: datetime | None) -> str | None:
    """A time in RFC 3339 UTC."""
    return None if time is None else time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def show_tick(invocation: Invocation, report: TickReport) -> int:
    """Say where the job is; 1 where it failed or was cancelled, else 0."""
    if invocation.as_json:
        print_json(tick_json(invocation, report))
    else:
        for line in tick_lines(report):
            invocation.say(line)
    return 1 if report.job.state in ("failed", "cancelled") else 0


def tick_lines(report: TickReport) -> list[str]:
    """A line for the job, one a table that is waited for or does not go on, and what to do next."""
    job = report.job
    lines = [f"{job.id} is {job.state}: {report.step} of {_steps(report.steps)} done."]
    lines += [f"  {table}: {seen}" for table, seen in report.seen.items()]
    lines += [f"  {table} failed: {why}" for table, why in report.failed.items()]
    if report.next_look is not None:
        lines.append(f"Next look: {_clock(report.next_look)}, or later. Run: dynasmith jobs resume {job.id}")
        lines.append(f"Expected end of this step: {_clock(report.eta)}." if report.eta else "Expected end: unknown.")
    elif job.state == "failed":
        lines.append(f"To try again: dynasmith jobs resume {job.id}")
    return lines


def _steps(count: int) -> str:
    return f"{count} step" if count == 1 else f"{count} steps"


def _clock(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def where_text(job: Job) -> str:
    """``being changed by apply-..., step 3 of 11``; what `check` says of a table."""
    spec = job.spec
    assert isinstance(spec, Apply)
    return f"being changed by {job.id}, {spec.step} of {_steps(spec.steps)} done"
