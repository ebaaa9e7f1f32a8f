"""`dynasmith diagnose TABLE [throttling|trigger|backup]`."""

from __future__ import annotations

from typing import Literal

import click

from dynasmith.cli.shared_options import Invocation, print_json, verb
from dynasmith.documentation import code_page

NOTHING = {
    None: "Nothing was found.",
    "throttling": "Nothing was throttled.",
    "trigger": "Nothing keeps the changes of this table from calling its functions.",
    "backup": "Nothing keeps the scheduled backups of this table from being made.",
}


@verb("diagnose", example="dynasmith diagnose orders throttling")
@click.argument("table")
@click.argument("part", type=click.Choice(["throttling", "trigger", "backup"]), required=False)
@click.argument("function", required=False)
@click.option("--since", metavar="AGE", help="How far back to look for throttling, such as 3h or 7d; 1d by default.")
@click.option(
    "--fix",
    is_flag=True,
    help="Fix what is safe: on-demand billing, a higher maximum, a trigger, its permissions, a backup now; asks first.",
)
def command(
    invocation: Invocation,
    table: str,
    part: Literal["throttling", "trigger", "backup"] | None,
    function: str | None,
    since: str | None,
    fix: bool,
) -> int:
    """Say why a table is throttled (a hot key, an index, capacity, a maximum, the account), why its changes do not call
    a function, or why its scheduled backups are not made; without a part all of it. Exit 3 if a cause is found."""
    from dynasmith.jobs.choice import age_of

    found = invocation.project().diagnose(
        table,
        part,
        function=function,
        since=None if since is None else age_of(since),
        fix=fix and not invocation.dry_run,
    )
    if invocation.as_json:
        print_json([{**each.to_json(), "docs": code_page(each.code)} for each in found.findings])
    for each in () if invocation.as_json else found.findings:
        fixed = " Fixed." if each.fixed else ""
        invocation.say(f"{each.code} {each.why}{fixed}\n  Seen: {each.evidence}\n  Fix: {each.fix}")
        invocation.say(f"  More: {code_page(each.code)}")
    for word, why in found.unknown.items():
        invocation.say(f"Not looked at: {word}. {why}")
    if not found.findings and not found.unknown and not invocation.as_json:
        invocation.say(NOTHING[part])
    if any(not each.fixed for each in found.findings):
        return 3
    return 1 if found.unknown else 0
