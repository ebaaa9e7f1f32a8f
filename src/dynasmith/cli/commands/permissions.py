"""`dynasmith permissions`."""

from __future__ import annotations

import click

from dynasmith.cli.shared_options import Invocation, print_json, verb
from dynasmith.errors import UsageError


@verb("permissions", example="dynasmith permissions plan apply --table orders --account 111122223333 > policy.json")
@click.argument("verbs", nargs=-1, metavar="[VERB...]")
@click.option("--role", default="", metavar="ROLE", help="The verbs of a role: reader, deployer or mover.")
@click.option("--table", "tables", multiple=True, metavar="TABLE", help="For this table; repeatable. All defined ones.")
@click.option("--account", metavar="ID", default="", help="Account of the tables; that of the environment by default.")
def command(invocation: Invocation, verbs: tuple[str, ...], *, role: str, tables: tuple[str, ...], account: str) -> int:
    """Print the IAM policy of who runs VERB, such as plan, apply or backup create, as JSON.

    It has exactly the actions of these verbs, on the tables of the environment. Nothing is sent to AWS.
    """
    if not verbs and not role:
        raise UsageError("permissions needs a verb or --role.", hint="--role reader, or: permissions plan apply")
    made = invocation.project().permissions(_whole(verbs), role=role or None, tables=tables, account=account or None)
    print_json(made.document)
    for note in made.notes:
        invocation.say(f"Note: {note}")
    return 0


def _whole(words: tuple[str, ...]) -> tuple[str, ...]:
    """The verbs that words name: ``replace cutover`` is one, in quotes or without."""
    context = click.get_current_context().find_root()
    verbs: list[str] = []
    for word in words:
        group = context.command.get_command(context, verbs[-1]) if verbs else None  # type: ignore[attr-defined]
        if isinstance(group, click.Group) and word in group.commands:
            verbs[-1] += f" {word}"
        else:
            verbs.append(word)
    return tuple(verbs)
