"""`dynasmith lambda`: bundle and policy of a function that runs verbs; what other functions have to do with tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from msgspec import to_builtins

from dynasmith.cli.commands.lambda_access import grant, revoke
from dynasmith.cli.commands.lambda_list import listed
from dynasmith.cli.commands.lambda_triggers import attach, detach, logs
from dynasmith.cli.counts import counted
from dynasmith.cli.drawings import size_text
from dynasmith.cli.shared_options import Invocation, print_json, verb
from dynasmith.cli.suggestions import VerbGroup

if TYPE_CHECKING:
    from dynasmith.project.verbs.lambda_bundle import Bundle


@click.group("lambda", cls=VerbGroup, epilog="Example: dynasmith lambda bundle bundle.zip")
def command() -> None:
    """Put a project into a Lambda function; let functions use a table, and changes of tables call functions."""


@verb("bundle", example="dynasmith lambda bundle bundle.zip --platform arm64 --python 3.13")
@click.argument("out", metavar="OUT.zip")
@click.option("--platform", metavar="NAME", default="x86_64", show_default=True, help="Architecture: x86_64 or arm64.")
@click.option(
    "--python",
    metavar="VERSION",
    help="Runtime: 3.11 to 3.14. The Python of this process by default, as the embedded engine needs it.",
)
@click.option("--wheels", metavar="DIR", help="Take packages from the wheels in DIR alone; no index is asked.")
@click.option(
    "--service", "services", multiple=True, metavar="NAME", help="A further service that the code calls; repeatable."
)
def bundle(
    invocation: Invocation,
    out: str,
    *,
    platform: str,
    python: str | None,
    wheels: str | None,
    services: tuple[str, ...],
) -> int:
    """Write the project with its packages to OUT.zip, for a Lambda function; an older OUT.zip is replaced.

    What git ignores, secrets and records of jobs stay out. Packages are those that dynasmith and requirements.txt
    need, in the versions installed here. The same input makes the same bytes. Nothing is sent to AWS.
    """
    made = invocation.project().lambdas.bundle(out, platform=platform, python=python, wheels=wheels, services=services)
    if invocation.as_json:
        print_json(to_builtins(made))
    for sentence in _sentences(made):
        invocation.say(sentence)
    return 0


def _sentences(made: Bundle) -> list[str]:
    packages = ", ".join(f"{name} {version}" for name, version in made.packages.items())
    size, unzipped = size_text(made.size_bytes), size_text(made.unzipped_bytes)
    return [
        f"Wrote {made.path}: {size}, unzipped {unzipped} (Lambda takes 50 MB and 250 MB).",
        f"Inside: {counted(len(made.files), 'file')} of the project; {packages}.",
        f"botocore's data of: {', '.join(made.services)}; for others repeat --service NAME.",
        *(f"Left out: {each.name}, since {each.reason}." for each in made.left_out),
        *(f"Note: {note}" for note in made.notes),
        f"Function: handler {made.handler}, runtime python{made.python}, architecture {made.platform}.",
    ]


@verb("policy", example="dynasmith lambda policy migrate --env prod --account 111122223333 > policy.json")
@click.argument("verbs", nargs=-1, metavar="[VERB...]")
@click.option("--account", metavar="ID", default="", help="Account of the tables; that of the environment by default.")
def policy(invocation: Invocation, verbs: tuple[str, ...], *, account: str) -> int:
    """Print the IAM policy for the role of a function that runs VERB: migrate (the default), ensure, backfill, copy,
    populate.

    It has the actions of the calls that are made, on the tables of the environment, the history, the ledger and the
    journal. What migrations need is read from the names of the steps in their source. Nothing is sent to AWS.
    """
    made = invocation.project().lambdas.policy(verbs, account=account)
    print_json(made.document)
    for note in made.notes:
        invocation.say(f"Note: {note}")
    return 0


command.add_command(attach)
command.add_command(detach)
command.add_command(listed)
command.add_command(logs)
command.add_command(bundle)
command.add_command(policy)
command.add_command(grant)
command.add_command(revoke)
