"""`dynasmith backup create`."""

from __future__ import annotations

from datetime import timedelta

import click

from dynasmith.cli.mask_options import ALLOW_PERSONAL
from dynasmith.cli.shared_options import Invocation, print_json, verb
from dynasmith.cli.wait_options import Duration, waiting
from dynasmith.errors import UsageError


@verb("create", example="dynasmith backup create orders customers")
@click.argument("tables", nargs=-1, required=True, metavar="TABLE...")
@click.option("--name", metavar="NAME", help="Name of the backup; default <table>-YYYYmmdd-HHMMSS (UTC).")
@click.option("--to", metavar="FILE", help="Export to this file or folder instead, and compare; on every engine.")
@ALLOW_PERSONAL
@click.option("--wait-timeout", type=Duration(), metavar="DURATION", help="Wait at most this long; default 60m.")
@click.option("--no-wait", is_flag=True, help="Begin the backups and do not wait until they are available.")
def create(
    invocation: Invocation,
    tables: tuple[str, ...],
    name: str | None,
    to: str | None,
    allow_personal: tuple[str, ...],
    wait_timeout: timedelta | None,
    no_wait: bool,
) -> int:
    """Back up tables, and keep their definitions beside the backups. Never asks."""
    from dynasmith.cli.backup_report import BackupProgress
    from dynasmith.cli.error_report import error_json
    from dynasmith.errors import SeveralFailed

    if not all(tables):
        raise UsageError("'' is not the name of a table.", hint="dynasmith list shows the tables")
    for option, value in (("--name", name), ("--to", to)):
        if value == "":
            raise UsageError(f"{option} is empty.", hint=f"give it a value, or remove {option}")
    waits = waiting(no_wait, wait_timeout)
    if to and (name or no_wait or wait_timeout):
        raise UsageError("--to makes an export, which has no name and no wait.", hint="remove the other options")
    if allow_personal and not to:
        raise UsageError(
            "--allow-personal is for --to: a backup of the service stays in the account.", hint="remove it"
        )
    project = invocation.project()
    if invocation.dry_run:
        names = [project.describe(table).table.name for table in tables]
        for name_of in names:
            invocation.say(f"Would back up {name_of} in {project.where}.")
        if invocation.as_json:
            print_json([{"table": name_of} | project.where.to_json() for name_of in names])
        return 0
    consent = invocation.consent(allow_personal=frozenset(allow_personal))
    shown = BackupProgress(invocation)
    made = project.backups.create(tables, name=name, to=to, consent=consent, listener=shown, **waits)
    for each in made.created:
        backup = each.backup
        done = "Began backup" if backup.state == "CREATING" else "Created backup"
        invocation.say(f"{done} {backup.name} of {backup.table}{f': {backup.arn}' if backup.arn else ''}.")
        for setting, reason in each.unread.items():
            invocation.say(f"Warning: {setting} of {backup.table} could not be read and is not kept: {reason}")
    if len(made.failures) == 1 and not made.created:
        raise next(iter(made.failures.values()))
    if invocation.as_json:
        failed = [{"table": each, "error": error_json(error)} for each, error in made.failures.items()]
        print_json([*(each.to_json() for each in made.created), *failed])
        return 1 if failed else 0
    if made.failures:
        raise SeveralFailed(made.failures, done=len(made.created))
    return 0
