"""`dynasmith retire`."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import click

from dynasmith.cli.shared import Invocation, print_json, verb
from dynasmith.errors import TableNotFound, UsageError

if TYPE_CHECKING:
    from dynasmith.project import Project


@verb("retire", example="dynasmith retire orders --export retired/orders --confirm orders")
@click.argument("tables", nargs=-1, metavar="[TABLE...]")
@click.option("--all", "everything", is_flag=True, help="Every table of the definitions that is there.")
@click.option("--export", "folder", metavar="FOLDER", help="A last export, verified, into FOLDER/TABLE.")
@click.option("--no-export", is_flag=True, help="Without a last export: the items are gone then.")
def command(
    invocation: Invocation, tables: tuple[str, ...], everything: bool, folder: str | None, no_export: bool
) -> int:
    """A last export, then autoscaling and protection off, then the table. Wants each name typed."""
    from dynasmith.cli.flow_report import FlowProgressView

    if bool(folder) == no_export:
        raise UsageError(
            "Say where the last export goes, or that there is none.", hint="--export FOLDER or --no-export"
        )
    if bool(tables) == everything:
        raise UsageError("Name the tables, or say --all.", hint="dynasmith retire TABLE... | --all")
    project = invocation.project()
    names = _defined(project) if everything else [project.describe(table).table.name for table in tables]
    if invocation.dry_run:
        for name in names:
            invocation.say(
                f"Would export {name} into {folder}/{name}, then delete it." if folder else f"Would delete {name}."
            )
        if invocation.as_json:
            print_json([{"table": name, "export": f"{folder}/{name}" if folder else None} for name in names])
        return 0
    invocation.ask_environment()
    for name in names:
        invocation.ask(f"Table {name} is retired with all its items.", name=name)
    done = []
    with FlowProgressView(invocation.words()) as shown:
        for name in names:
            done.append(project.retire(name, export_to=f"{folder}/{name}" if folder else None, listener=shown))
            invocation.say(f"Retired {name}" + (f"; its items are in {folder}/{name}." if folder else "."))
    if invocation.as_json:
        print_json(done)
    return 0


def _defined(project: Project) -> list[str]:
    """The tables of the definitions that are there. Raises UsageError where there is none."""
    names = []
    for table in project.tables():
        with suppress(TableNotFound):
            names.append(project.control.describe(table.name).table.name)
    if not names:
        raise UsageError("No table of the definitions is there.", hint="dynasmith list")
    return names
