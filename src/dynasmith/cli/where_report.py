"""Where a job wrote: its environment, Region, and account or endpoint, in words and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dynasmith.cli.shared_options import Invocation

if TYPE_CHECKING:
    from dynasmith.jobs.report import Report


def say_where(invocation: Invocation, report: Report) -> None:
    """A sentence for a job that writes a table; nothing for one that writes files."""
    where = invocation.project().jobs.written_in(report.job)
    if where is not None:
        invocation.say(f"Written in {where}.")


def where_json(invocation: Invocation, report: Report) -> dict[str, Any]:
    """The same as keys of the report."""
    where = invocation.project().jobs.written_in(report.job)
    return {} if where is None else where.to_json()
