"""The exit code of a job that has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dynasmith.cli.shared_options import Invocation
    from dynasmith.jobs.report import Report


def exit_of(invocation: Invocation, report: Report) -> int:
    """1 for a job that was cancelled, and a sentence; 3 where there are dead letters or rejected lines, or the work of
    the service is not as it should be; else 0."""
    job = report.job
    if job.state == "cancelled":
        rest = "remove the files and export again" if job.verb == "export" else f"a new {job.verb} writes the rest"
        invocation.say(f"Job {job.id} was cancelled. Items that it wrote stay; {rest}.")
        return 1
    if report.service is not None and report.service.problems:
        return 3
    return 3 if report.counts.dead else 0
