"""The list of jobs as a table: when each began, how long it has taken, how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.table import Table as Grid

from dynasmith.cli.flow_figures import left_text, share_text
from dynasmith.jobs.estimate import remaining_seconds
from dynasmith.jobs.spec import Apply

if TYPE_CHECKING:
    from dynasmith.jobs.job import Job

COLUMNS = ("id", "verb", "state", "started (UTC)", "took", "read", "written", "dead")


def jobs_table(jobs: Sequence[Job], now: datetime) -> Grid:
    """A row a job; ``now`` is the end of one that runs."""
    grid = Grid(box=None, pad_edge=False, header_style="dim")
    for name in COLUMNS:
        grid.add_column(name, no_wrap=name != "read", justify="right" if name in ("written", "dead") else "left")
    for job in jobs:
        running = job.state == "running"
        took = ((now if running else job.changed_at) - job.started_at).total_seconds()
        grid.add_row(
            job.id,
            job.verb,
            job.state,
            f"{job.started_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
            left_text(max(0.0, took)),
            _progress(job, took),
            f"{job.counts.written:,}",
            f"{job.counts.dead:,}",
        )
    return grid


def _progress(job: Job, seconds: float) -> str:
    """How far a job is, with the time left where it runs; of an apply its steps."""
    if isinstance(job.spec, Apply):
        return f"step {job.spec.step} of {job.spec.steps}"
    if job.over:
        return f"{job.counts.read:,}"
    shown = share_text(job.counts.read, job.total_items)
    left = None if job.total_items is None else remaining_seconds(job.counts.read, job.total_items, seconds)
    return shown if left is None or job.state != "running" else f"{shown}, about {left_text(left)} left"
