"""`dynasmith lambda grant` and `lambda revoke`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from msgspec import to_builtins

from dynasmith.cli.shared_options import Invocation, print_json, verb
from dynasmith.errors import UsageError

if TYPE_CHECKING:
    from dynasmith.project.verbs.table_access import AccessChange

_ALLOW = "read, write, stream, describe, or single actions such as dynamodb:GetItem; with commas or repeated."


@verb("grant", example="dynasmith lambda grant orders order-api,order-report --allow read")
@click.argument("table")
@click.argument("functions", nargs=-1, metavar="FUNCTION[,FUNCTION...]")
@click.option("--role", "roles", multiple=True, metavar="ROLE", help="A role, by name or ARN; repeatable.")
@click.option("--allow", multiple=True, metavar="WORDS", help=f"What they may do: {_ALLOW}")
@click.option("--indexes", multiple=True, metavar="NAMES", help="Indexes that may be read: all (the default) or names.")
def grant(
    invocation: Invocation,
    table: str,
    functions: tuple[str, ...],
    *,
    roles: tuple[str, ...],
    allow: tuple[str, ...],
    indexes: tuple[str, ...],
) -> int:
    """Let functions use a table: exactly what --allow says, in place of an earlier grant. Without --allow what the
    definition says.

    Each gets statements of its own in the inline policy dynasmith-TABLE of its role. One that fails does not stop the
    others; running it again changes nothing.
    """
    lambdas = invocation.project().lambdas
    words = _words(functions), _words(roles), _words(allow) or None, _words(indexes) or None
    change = lambdas.rehearse_grant if invocation.dry_run else lambdas.grant
    return _show(invocation, change(table, words[0], roles=words[1], allow=words[2], indexes=words[3]))


@verb("revoke", example="dynasmith lambda revoke orders order-report")
@click.argument("table")
@click.argument("functions", nargs=-1, metavar="FUNCTION[,FUNCTION...]")
@click.option("--role", "roles", multiple=True, metavar="ROLE", help="A role, by name or ARN; repeatable.")
@click.option("--allow", multiple=True, metavar="WORDS", help=f"Take only this away: {_ALLOW}")
@click.option("--indexes", multiple=True, metavar="NAMES", help="Take only these indexes away: all or names.")
def revoke(
    invocation: Invocation,
    table: str,
    functions: tuple[str, ...],
    *,
    roles: tuple[str, ...],
    allow: tuple[str, ...],
    indexes: tuple[str, ...],
) -> int:
    """Take from functions the access to a table that they were granted; what other policies of their roles allow
    stays.

    One that fails does not stop the others; running it again changes nothing.
    """
    lambdas = invocation.project().lambdas
    words = _words(functions), _words(roles), _words(allow) or None, _words(indexes) or None
    change = lambdas.rehearse_revoke if invocation.dry_run else lambdas.revoke
    return _show(invocation, change(table, words[0], roles=words[1], allow=words[2], indexes=words[3]))


def _words(given: tuple[str, ...]) -> tuple[str, ...]:
    """The words between commas. Raises UsageError for an empty one."""
    found = [word.strip() for text in given for word in text.split(",")]
    if not all(found):
        raise UsageError(f"{','.join(given)} has an empty name.", hint="write names with one comma between them")
    return tuple(dict.fromkeys(found))


def _show(invocation: Invocation, changes: tuple[AccessChange, ...]) -> int:
    if invocation.as_json:
        print_json(to_builtins(changes))
    else:
        for change in changes:
            invocation.say(_sentence(change, would=invocation.dry_run))
    return 1 if any(change.state == "failed" for change in changes) else 0


def _sentence(change: AccessChange, *, would: bool) -> str:
    who = change.function or f"role {change.role}"
    state = f"would be {change.state}" if would and change.state in ("granted", "revoked") else change.state
    where = f" (role {change.role}, policy {change.policy})" if change.role else ""
    why = change.why.rstrip(".")
    return f"{who}: {state}{where}{f'; {why}' if why else ''}."
