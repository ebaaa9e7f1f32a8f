"""Jobs and their ends as programs read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dynasmith.cli.shared_options import Invocation
from dynasmith.jobs.job import Job, describe_job
from dynasmith.jobs.spec import Refresh
from dynasmith.project.redaction import hidden_job

if TYPE_CHECKING:
    from dynasmith.jobs.report import Report


def job_json(invocation: Invocation, job: Job) -> dict[str, Any]:
    """A job, without what may repeat values of items under ``--redact``."""
    return hidden_job(describe_job(job), _plain(invocation, job)) if invocation.hides(job) else describe_job(job)


def report_json(invocation: Invocation, report: Report) -> dict[str, Any]:
    """The end of a job, likewise."""
    if not invocation.hides(report.job):
        return report.to_json()
    return hidden_job(report.to_json(), _plain(invocation, report.job))


def _plain(invocation: Invocation, job: Job) -> set[str]:
    """The reasons of a job that repeat nothing of an item; none of them is shown where it was asked to hide."""
    if invocation.values.get("redact"):
        return set()
    parts = job.spec.parts if isinstance(job.spec, Refresh) else ()
    return {part.reason for part in parts if part.plain_reason} | ({job.reason} if job.plain_reason else set())
