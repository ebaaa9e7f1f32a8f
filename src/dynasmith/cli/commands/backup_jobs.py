"""`dynasmith backup jobs`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from dynasmith.cli.shared_options import Invocation, print_json, verb

if TYPE_CHECKING:
    from rich.table import Table as Grid

    from dynasmith.ports.backup_jobs import BackupJob


@verb("jobs", example="dynasmith backup jobs --table orders")
@click.argument("job", required=False, metavar="[ID]")
@click.option("--table", metavar="TABLE", help="Only jobs of this table.")
@click.option("--limit", type=click.IntRange(1), default=10, show_default=True, metavar="N", help="The newest N.")
@click.option("--state", metavar="STATE", help="Only jobs in this state: COMPLETED, FAILED, RUNNING, CREATED ...")
@click.option(
    "--check", is_flag=True, help="Exit 3 if the newest job of a table did not make a backup, or none is there."
)
def jobs(invocation: Invocation, job: str | None, table: str | None, limit: int, state: str | None, check: bool) -> int:
    """List the backup jobs of AWS Backup, oldest first, with the reason of those that failed."""
    found = invocation.project().backups.jobs(job, table=table, limit=limit, state=state)
    if invocation.as_json:
        print_json([each.to_json() for each in found])
    elif not found:
        invocation.say("No backup jobs.")
    else:
        invocation.page().print(_grid(found))
    newest = {each.table: each for each in found}
    return 3 if check and (not newest or any(each.is_bad for each in newest.values())) else 0


def _grid(found: Sequence[BackupJob]) -> Grid:
    """One job a line."""
    from rich.table import Table as Grid

    grid = Grid(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("ID", "TABLE", "STATE", "STARTED", "COMPLETED", "REASON"):
        grid.add_column(title, no_wrap=title != "REASON")
    for each in found:
        times = (f"{time:%Y-%m-%d %H:%M:%S}" if time else "-" for time in (each.started_at, each.completed_at))
        grid.add_row(each.id, each.table, each.state, *times, each.reason or "-")
    return grid
