"""`dynasmith backup schedule` and `backup unschedule`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dynasmith.cli.shared_options import Invocation, print_json, verb

if TYPE_CHECKING:
    from dynasmith.project.verbs.backups.schedule import BackupSchedule


@verb("schedule", example="dynasmith backup schedule orders --daily")
@click.argument("table")
@click.option("--daily", is_flag=True, help="Every day at 02:00 UTC, kept 30 days.")
@click.option("--weekly", is_flag=True, help="Every Sunday at 02:00 UTC, kept 90 days.")
@click.option("--rule", "rules", multiple=True, metavar="NAME=CRON[:DAYS]",
              help='Your own rule: "hourly=cron(0 * * * ? *):7" is kept 7 days; without days, forever.')  # fmt: skip
def schedule(invocation: Invocation, table: str, daily: bool, weekly: bool, rules: tuple[str, ...]) -> int:
    """Let AWS Backup back up a table by the schedule of its definition's backup_plan, or by the rules that are given.
    Creates the vault and the role where they do not exist."""
    project = invocation.project()
    backups = project.backups
    if invocation.dry_run:
        found = backups.rehearse_schedule(table, daily=daily, weekly=weekly, rules=rules)
    else:
        found = backups.schedule(table, daily=daily, weekly=weekly, rules=rules)
    _show(invocation, found, f"AWS Backup backs up {found.table}")
    if not invocation.as_json and not invocation.dry_run:
        for rule in found.rules:
            kept = "forever" if rule.keep_days is None else f"{rule.keep_days} days"
            invocation.say(f"{rule.name}: {rule.schedule}, kept {kept}, in the vault {found.vault}")
    return 0


@verb("unschedule", example="dynasmith backup unschedule orders")
@click.argument("table")
def unschedule(invocation: Invocation, table: str) -> int:
    """End the scheduled backups of a table. The vault and the backups in it stay."""
    project = invocation.project()
    backups = project.backups
    found = backups.rehearse_unschedule(table) if invocation.dry_run else backups.unschedule(table)
    _show(invocation, found, f"No backup of {found.table} is scheduled by dynasmith; vaults and backups stay")
    return 0


def _show(invocation: Invocation, found: BackupSchedule, result: str) -> None:
    if invocation.as_json:
        print_json(found.to_json())
        return
    would = "Would " if invocation.dry_run else ""
    for line in found.changed:
        invocation.say(f"{would}{line}" if would else f"{line[:1].upper()}{line[1:]}: done.")
    if not found.changed:
        invocation.say(f"No changes: {result[:1].lower()}{result[1:]}.")
    elif not invocation.dry_run:
        invocation.say(f"{result}.")
