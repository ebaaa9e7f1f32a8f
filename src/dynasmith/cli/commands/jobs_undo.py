"""`dynasmith jobs undo`."""

from typing import Any

import click

from dynasmith.cli.flow_options import MOVED_BY, UNITS, cluster_of, placed_by
from dynasmith.cli.shared_options import Invocation, verb


@verb("undo", example="dynasmith jobs undo backfill-20261120T101500-1a2b3c")
@click.argument("job")
@MOVED_BY
@placed_by
@click.option("--max-write-units", type=UNITS, help="Limit in write units a second.")
def undo(invocation: Invocation, job: str, processes: int | None, max_write_units: float | None, **given: Any) -> int:
    """Undo a backfill. Attributes that others have changed since stay and are listed; the exit code is then 3."""
    from dynasmith.cli.backfill_report import show_undo_rehearsed, show_undone
    from dynasmith.cli.flow_report import FlowProgressView

    cluster = cluster_of(given)
    project = invocation.project()
    job = project.jobs.find(job)
    if invocation.dry_run:
        return show_undo_rehearsed(invocation, project.dry_run.undo(job, max_write_units=max_write_units))
    with FlowProgressView(invocation.words(), redact=invocation.redact) as shown:
        report = project.jobs.undo(
            job, processes=processes, on=cluster, max_write_units=max_write_units, listener=shown
        )
    return show_undone(invocation, report)
