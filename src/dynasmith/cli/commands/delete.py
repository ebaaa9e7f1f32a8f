"""`dynasmith delete`."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import click

from dynasmith.cli.shared_options import Invocation, print_json, verb
from dynasmith.cli.wait_options import NOT_THERE_YET, wait_options, waiting


@verb("delete", example="dynasmith delete orders --confirm orders")
@click.argument("tables", nargs=-1, metavar="TABLE...", required=True)
@click.option("--missing-ok", is_flag=True, help="Do not fail if a table does not exist.")
@wait_options
def command(
    invocation: Invocation, tables: tuple[str, ...], missing_ok: bool, no_wait: bool, wait_timeout: timedelta | None
) -> int:
    """Delete tables with their items, and wait until they are gone. You type each name to confirm."""
    project, waits = invocation.project(), waiting(no_wait, wait_timeout)
    where = project.where
    invocation.say(f"In {where}:")
    if invocation.dry_run:
        for name in _there(invocation, tables, missing_ok=missing_ok):
            invocation.say(f"Would delete {name}.")
        if invocation.as_json:
            print_json({"deleted": []} | where.to_json())
        return 0
    gone = project.delete_tables(tables, missing_ok=missing_ok, **waits)
    left = [name for name in gone if (no_wait or wait_timeout is not None) and project.exists(name)]
    for name in (each for each in map(project.physical, tables) if each not in gone):
        invocation.say(f"{name} does not exist.")
    for name in gone:
        invocation.say(f"{name} is being deleted." if name in left else f"Deleted {name}.")
    if invocation.as_json:
        print_json({"deleted": [name for name in gone if name not in left], "unfinished": left} | where.to_json())
    return NOT_THERE_YET if left else 0


def _there(invocation: Invocation, tables: Sequence[str], *, missing_ok: bool) -> Iterator[str]:
    """The physical names of those that exist. Raises TableNotFound unless ``missing_ok``."""
    project = invocation.project()
    for name in map(project.physical, tables):
        if missing_ok and not project.exists(name):
            invocation.say(f"{name} does not exist.")
        else:
            yield project.describe(name).table.name
