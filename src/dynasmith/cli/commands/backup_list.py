"""`dynasmith backup list`."""

from __future__ import annotations

from typing import Literal

import click

from dynasmith.cli.shared_options import Invocation, print_json, verb


@verb("list", example="dynasmith backup list orders")
@click.argument("table", required=False, metavar="[TABLE]")
@click.option(
    "--type",
    "kind",
    type=click.Choice(["user", "system", "aws", "all"]),
    default="all",
    show_default=True,
    help="Made by a person or program, by the service when it deleted a table, or by AWS Backup.",
)
@click.option("--since", metavar="AGE|TIME", help="Only backups from this time on: 30d, or 2026-11-20T00:00:00Z.")
def list_(
    invocation: Invocation, table: str | None, kind: Literal["user", "system", "aws", "all"], since: str | None
) -> int:
    """List backups, oldest first: of one table, also of a deleted one, or of all."""
    from dynasmith.cli.backup_report import backups_table
    from dynasmith.cli.time_values import time_or_age

    project = invocation.project()
    earliest = None if since is None else time_or_age(since, invocation.world().clock.now(), "--since")
    found = project.backups.list(table, kind=kind, since=earliest)
    if invocation.as_json:
        print_json([each.to_json() for each in found])
        return 0
    if not found:
        invocation.say("No backups.")
        return 0
    invocation.page().print(backups_table(found))
    return 0
