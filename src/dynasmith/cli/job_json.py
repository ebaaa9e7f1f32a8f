"""Jobs and their ends as programs read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dynasmith.cli.redaction import hidden_job
from dynasmith.cli.shared_options import Invocation
from dynasmith.jobs.job import Job, describe_job

if TYPE_CHECKING:
    from dynasmith.jobs.report import Report


def job_json(invocation: Invocation, job: Job) -> dict[str, Any]:
    """A job, without what may repeat values of items under ``--redact``."""
    return hidden_job(describe_job(job)) if invocation.redact else describe_job(job)


def report_json(invocation: Invocation, report: Report) -> dict[str, Any]:
    """The end of a job, likewise."""
    return hidden_job(report.to_json()) if invocation.redact else report.to_json()
