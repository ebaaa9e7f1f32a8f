"""`dynasmith backup delete`."""

from __future__ import annotations

import click

from dynasmith.cli.shared_options import Invocation, print_json, verb


@verb("delete", example="dynasmith backup delete orders-20261120-101500")
@click.argument("backup", metavar="ARN|NAME")
def delete(invocation: Invocation, backup: str) -> int:
    """Delete a backup and the definition that is kept beside it."""
    project = invocation.project()
    if invocation.dry_run:
        found = project.backups.show(backup)
        invocation.say(f"Would delete backup {found.name} of {found.table} in {project.where}.")
    else:
        found = project.backups.delete(backup)
        invocation.say(f"Deleted backup {found.name} of {found.table}.")
    if invocation.as_json:
        print_json(found.to_json())
    return 0
