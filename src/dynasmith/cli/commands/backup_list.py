"""`dynasmith backup list`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import click

from dynasmith.cli.shared_options import Invocation, print_json, verb
from dynasmith.errors import UsageError

if TYPE_CHECKING:
    from dynasmith.ports.scheduled_backups import ScheduledBackups


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
@click.option("--scheduled", is_flag=True, help="Show backup plans: rules with their next run, and what they made.")
def list_(
    invocation: Invocation,
    table: str | None,
    kind: Literal["user", "system", "aws", "all"],
    since: str | None,
    scheduled: bool,
) -> int:
    """List backups, oldest first: of one table, also of a deleted one, or of all."""
    from dynasmith.cli.backup_report import backups_table
    from dynasmith.cli.time_values import time_or_age

    project = invocation.project()
    if scheduled:
        if since is not None or kind != "all":
            raise UsageError("--scheduled shows plans, and takes no --type or --since.", hint="remove the others")
        return _scheduled(invocation, project.backups.scheduled(table))
    earliest = None if since is None else time_or_age(since, invocation.world().clock.now(), "--since")
    found = project.backups.list(table, kind=kind, since=earliest, told=invocation.say)
    if invocation.as_json:
        print_json([each.to_json() for each in found])
        return 0
    if not found:
        invocation.say("No backups.")
        return 0
    invocation.page().print(backups_table(found))
    return 0


def _scheduled(invocation: Invocation, plans: Sequence[ScheduledBackups]) -> int:
    """One plan after the other."""
    from dynasmith.cli.backup_report import backups_table, rules_table

    if invocation.as_json:
        print_json([each.to_json() for each in plans])
        return 0
    if not plans:
        invocation.say("No backup plans.")
        return 0
    for each in plans:
        selected = ", ".join(name for one in each.selections for name in one.resources) or "nothing"
        click.echo(f"Plan {each.plan} ({each.plan_id}) selects {selected}.")
        invocation.page().print(rules_table(each.rules))
        if each.recovery_points:
            invocation.page().print(backups_table(each.recovery_points))
    return 0
