"""`dynasmith retire`."""

import click

from dynasmith.cli.shared import Invocation, print_json, verb
from dynasmith.errors import UsageError


@verb("retire", example="dynasmith retire orders --export retired/orders --confirm orders")
@click.argument("tables", nargs=-1, metavar="TABLE...", required=True)
@click.option("--export", "folder", metavar="FOLDER", help="A last export, verified, into FOLDER/TABLE.")
@click.option("--no-export", is_flag=True, help="Without a last export: the items are gone then.")
def command(invocation: Invocation, tables: tuple[str, ...], folder: str | None, no_export: bool) -> int:
    """A last export, then autoscaling and protection off, then the table. Wants each name typed."""
    from dynasmith.cli.flow_shown import FlowShown

    if bool(folder) == no_export:
        raise UsageError(
            "Say where the last export goes, or that there is none.", hint="--export FOLDER or --no-export"
        )
    project = invocation.project()
    names = [project.describe(table).table.name for table in tables]
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
    with FlowShown(invocation.words()) as shown:
        for name in names:
            done.append(project.retire(name, export_to=f"{folder}/{name}" if folder else None, listener=shown))
            invocation.say(f"Retired {name}" + (f"; its items are in {folder}/{name}." if folder else "."))
    if invocation.as_json:
        print_json(done)
    return 0
