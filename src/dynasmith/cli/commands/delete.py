"""`dynasmith delete`."""

import click

from dynasmith.cli.shared import Invocation, print_json, verb


@verb("delete", example="dynasmith delete orders --confirm orders")
@click.argument("tables", nargs=-1, metavar="TABLE...", required=True)
@click.option("--missing-ok", is_flag=True, help="Do not fail if a table does not exist.")
def command(invocation: Invocation, tables: tuple[str, ...], missing_ok: bool) -> int:
    """Delete tables with their items, and wait until they are gone. You type each name to confirm."""
    project = invocation.project()
    names = [project.physical(table) for table in tables]
    there = [name for name in names if _there(invocation, name, missing_ok=missing_ok)]
    if invocation.dry_run:
        for name in there:
            invocation.say(f"Would delete {name}.")
        if invocation.as_json:
            print_json({"deleted": []})
        return 0
    if there:
        invocation.ask_environment()
    for name in there:
        invocation.ask(f"Delete table {name} and all its items?", name=name)
    gone = [name for name in there if project.delete(name, missing_ok=missing_ok)]
    for name in gone:
        invocation.say(f"Deleted {name}.")
    if invocation.as_json:
        print_json({"deleted": gone})
    return 0


def _there(invocation: Invocation, name: str, *, missing_ok: bool) -> bool:
    if invocation.project().exists(name):
        return True
    if missing_ok:
        invocation.say(f"{name} does not exist.")
        return False
    invocation.project().describe(name)
    return True
