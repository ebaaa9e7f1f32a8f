"""`dynasmith diagnose TABLE backup`."""

from __future__ import annotations

import click

from dynasmith.cli.shared_options import Invocation, print_json, verb


@verb("diagnose", example="dynasmith diagnose orders backup")
@click.argument("table")
@click.argument("what", type=click.Choice(["backup"]))
@click.option("--fix", is_flag=True, help="Make a backup now where the newest job made none; asks first.")
def command(invocation: Invocation, table: str, what: str, fix: bool) -> int:  # noqa: ARG001 - one thing so far
    """Say why scheduled backups of a table are not made: its plan, vault, key, role and jobs, and the Region. Exit 3 if
    a cause is found."""
    found = invocation.project().backups.diagnose(table, fix=fix and not invocation.dry_run)
    if invocation.as_json:
        print_json([each.to_json() for each in found])
    for each in () if invocation.as_json else found:
        fixed = " Fixed." if each.fixed else ""
        invocation.say(f"{each.code} {each.why}{fixed}\n  Seen: {each.evidence}\n  Fix: {each.fix}")
    if not found and not invocation.as_json:
        invocation.say("Nothing keeps the scheduled backups of this table from being made.")
    return 3 if any(not each.fixed for each in found) else 0
