"""`dynasmith delete`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from dynasmith.cli.error_report import error_json
from dynasmith.cli.shared_options import Invocation, print_json, verb
from dynasmith.cli.wait_options import NOT_THERE_YET, wait_options, waiting
from dynasmith.errors import SeveralFailed, TableNotFound

if TYPE_CHECKING:
    from dynasmith.project.project import Project


@verb("delete", example="dynasmith delete orders --confirm orders")
@click.argument("tables", nargs=-1, metavar="TABLE...", required=True)
@click.option("--missing-ok", is_flag=True, help="Do not fail if a table does not exist.")
@wait_options
def command(
    invocation: Invocation, tables: tuple[str, ...], missing_ok: bool, no_wait: bool, wait_timeout: timedelta | None
) -> int:
    """Delete tables with their items and replicas, and wait until they are gone. You type each name to confirm."""
    project, waits = invocation.project(), waiting(no_wait, wait_timeout)
    where = project.where
    invocation.say(f"In {where}:")
    if invocation.dry_run:
        for name in _there(invocation, tables, missing_ok=missing_ok):
            regions = ", ".join(each.region for each in project.describe(name).replicas)
            invocation.say(f"Would delete {name}{f' and its replicas in {regions}' if regions else ''}.")
        if invocation.as_json:
            print_json({"deleted": []} | where.to_json())
        return 0
    failed: SeveralFailed | None = None
    try:
        gone = project.delete_tables(tables, missing_ok=missing_ok, **waits)
    except SeveralFailed as error:
        failed = error
        gone = tuple(name for name in dict.fromkeys(map(project.physical, tables)) if name not in error.failures)
    left = [name for name in gone if (no_wait or wait_timeout is not None) and project.exists(name)]
    failures = {} if failed is None else failed.failures
    for name in (each for each in map(project.physical, tables) if each not in gone and each not in failures):
        invocation.say(f"{name} does not exist.")
    for name in gone:
        invocation.say(_left(project, name) if name in left else f"Deleted {name}.")
    if invocation.as_json:
        print_json(
            {"deleted": [name for name in gone if name not in left], "unfinished": left}
            | ({"failures": {name: error_json(error) for name, error in failures.items()}} if failures else {})
            | where.to_json()
        )
        return 1 if failures else NOT_THERE_YET if left else 0
    if failed is not None:
        raise failed
    return NOT_THERE_YET if left else 0


def _left(project: Project, name: str) -> str:
    """What is under way of a table that was not waited for."""
    try:
        regions = ", ".join(each.region for each in project.describe(name).replicas)
    except TableNotFound:  # gone since it was looked at
        return f"Deleted {name}."
    if not regions:
        return f"{name} is being deleted."
    return f"The replicas of {name} in {regions} are being removed; run the command again to delete the table."


def _there(invocation: Invocation, tables: Sequence[str], *, missing_ok: bool) -> Iterator[str]:
    """The physical names of those that exist. Raises TableNotFound unless ``missing_ok``."""
    project = invocation.project()
    for name in map(project.physical, tables):
        if missing_ok and not project.exists(name):
            invocation.say(f"{name} does not exist.")
        else:
            yield project.describe(name).table.name
