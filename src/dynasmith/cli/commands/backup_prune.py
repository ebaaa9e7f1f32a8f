"""`dynasmith backup prune`."""

from __future__ import annotations

from datetime import timedelta

import click

from dynasmith.cli.shared_options import Invocation, print_json, verb
from dynasmith.cli.wait_options import Duration


@verb("prune", example="dynasmith backup prune orders --keep 7")
@click.argument("table")
@click.option("--keep", type=click.IntRange(1), metavar="N", help="Keep the newest N.")
@click.option("--older-than", type=Duration(), metavar="AGE", help="Delete those older than this: 12h, 30d, 2w.")
def prune(invocation: Invocation, table: str, keep: int | None, older_than: timedelta | None) -> int:
    """Delete old backups of a table. Only those that a person or program made; the newest always stays."""
    backups = invocation.project().backups
    verb_of = backups.rehearse_prune if invocation.dry_run else backups.prune
    found = verb_of(table, keep=keep, older_than=older_than)
    done = "Would delete" if invocation.dry_run else "Deleted"
    for each in found.deleted:
        invocation.say(f"{done} {each.name} ({each.created_at:%Y-%m-%d %H:%M:%S} UTC).")
    invocation.say(f"{done} {len(found.deleted)} backups of {found.table}; {len(found.kept)} stay.")
    if invocation.as_json:
        print_json(
            {
                "table": found.table,
                "deleted": [each.to_json() for each in found.deleted],
                "kept": [each.to_json() for each in found.kept],
            }
        )
    return 0
