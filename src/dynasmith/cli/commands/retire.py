"""`dynasmith retire`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dynasmith.cli.shared_options import Invocation, print_json, verb
from dynasmith.errors import UsageError

if TYPE_CHECKING:
    from dynasmith.project import Project


@verb("retire", example="dynasmith retire orders --export retired/orders --confirm orders")
@click.argument("tables", nargs=-1, metavar="[TABLE...]")
@click.option("--all", "everything", is_flag=True, help="Retire every defined table that exists.")
@click.option(
    "--export", "folder", metavar="FOLDER", help="Export each table to FOLDER/TABLE first, and verify the export."
)
@click.option("--backup", is_flag=False, flag_value="", default=None, metavar="[NAME]",
              help="Make a last backup of each table, and wait for it; default <table>-YYYYmmdd-HHMMSS.")  # fmt: skip
@click.option("--no-export", is_flag=True, help="Do not export: without --backup too, the items are lost.")
def command(
    invocation: Invocation,
    tables: tuple[str, ...],
    everything: bool,
    folder: str | None,
    backup: str | None,
    no_export: bool,
) -> int:
    """Export or back up tables a last time, turn off autoscaling and deletion protection, then delete them. You type
    each name to confirm."""
    from dynasmith.cli.flow_report import FlowProgressView

    if no_export is bool(folder) and (folder or backup is None):
        raise UsageError(
            "retire needs --export FOLDER, --backup or --no-export.",
            hint="--export FOLDER keeps the items in files, --backup with the service; --no-export deletes them",
        )
    if bool(tables) == everything:
        raise UsageError("retire needs table names or --all, not both.", hint="dynasmith retire TABLE... | --all")
    project = invocation.project()
    names = _defined(project) if everything else [project.describe(table).table.name for table in tables]
    where = project.where
    exports = {name: f"{folder}/{name}" if folder else None for name in names}
    invocation.say(f"In {where}:")
    if invocation.dry_run:
        for name in names:
            first = [f"export {name} into {folder}/{name}"] if folder else []
            first += [f"back up {name}"] if backup is not None else []
            invocation.say(f"Would {' and '.join(first)}, then delete it." if first else f"Would delete {name}.")
        if invocation.as_json:
            print_json([{"table": name, "export": exports[name]} | where.to_json() for name in names])
        return 0
    done = []
    with FlowProgressView(invocation.words(), redact=invocation.redact) as shown:
        for retired in project.retire_tables(exports, backup=backup is not None and (backup or True), listener=shown):
            done.append(retired)
            name = retired["table"]
            kept = [each for each in (f"{folder}/{name}" if folder else "", retired["backup"]) if each]
            invocation.say(f"Retired {name}" + (f"; its items are in {' and '.join(kept)}." if kept else "."))
    if invocation.as_json:
        print_json([each | where.to_json() for each in done])
    return 0


def _defined(project: Project) -> list[str]:
    """The tables of the definitions that are there. Raises UsageError where there is none."""
    names = [table.name for table in project.tables() if project.exists(table)]
    if not names:
        raise UsageError("None of the defined tables exists.", hint="dynasmith list")
    return names
