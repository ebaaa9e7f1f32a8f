"""`dynasmith lambda list`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from msgspec import to_builtins

from dynasmith.cli.shared_options import Invocation, print_json, verb
from dynasmith.errors import AccessError, NotOffered

if TYPE_CHECKING:
    from dynasmith import GrantedAccess, Lambdas, TableTrigger


@verb("list", example="dynasmith lambda list orders")
@click.argument("table")
def listed(invocation: Invocation, table: str) -> int:
    """List the Lambda functions that the changes of a table call: state, last result, whether they read the stream that
    is on, and how old changes were when they got them; and who has access to it by lambda grant or the definition."""
    lambdas = invocation.project().lambdas
    found, access = lambdas.list(table), _access(invocation, lambdas, table)
    if invocation.as_json:
        rows = [{"kind": "trigger", **each.to_json()} for each in found]
        print_json([*rows, *({"kind": "access", **to_builtins(each)} for each in access)])
        return 0
    for each in found:
        click.echo(_line(each))
    for why in dict.fromkeys(each.age_unknown for each in found if each.age_unknown):
        invocation.say(f"How old changes were is unknown: {why}.")
    if not found:
        invocation.say("No function is called with the changes of this table.")
    for granted in access:
        click.echo(_access_line(granted))
    return 0


def _access(invocation: Invocation, lambdas: Lambdas, table: str) -> tuple[GrantedAccess, ...]:
    """Who has access; where IAM may not be read, or is not there, that is said and the rest is shown."""
    try:
        return lambdas.access(table)
    except (AccessError, NotOffered) as error:
        invocation.say(f"Access is not shown: {error.message}")
        return ()


def _access_line(granted: GrantedAccess) -> str:
    who = granted.function or f"role {granted.role}"
    indexes = granted.indexes if isinstance(granted.indexes, str) else ", ".join(granted.indexes) or "none"
    parts = [who, f"may {', '.join(granted.allowed)}", f"indexes {indexes}"]
    if granted.leading_keys:
        parts.append(f"keys {', '.join(granted.leading_keys)} only")
    if granted.why:
        parts.append(granted.why)
    if not granted.declared:
        parts.append("not in the definition")
    return "  ".join([*parts, f"{granted.policy} of {granted.role}"])


def _line(trigger: TableTrigger) -> str:
    parts = [trigger.function, trigger.state, trigger.last_result or "no result yet"]
    if not trigger.on_current_stream:
        parts.append("on an old stream, which calls nothing: lambda attach moves it")
    if trigger.iterator_age_ms is not None:
        parts.append(f"{trigger.iterator_age_ms:,} ms behind")
    if not trigger.declared:
        parts.append("not in the definition")
    return "  ".join([*parts, trigger.uuid])
