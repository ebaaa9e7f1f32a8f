"""`dynasmith lambda list`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dynasmith.cli.shared_options import Invocation, print_json, verb

if TYPE_CHECKING:
    from dynasmith import TableTrigger


@verb("list", example="dynasmith lambda list orders")
@click.argument("table")
def listed(invocation: Invocation, table: str) -> int:
    """List the Lambda functions that the changes of a table call: state, last result, whether they read the stream that
    is on, and how old changes were when they got them."""
    found = invocation.project().lambdas.list(table)
    if invocation.as_json:
        print_json([each.to_json() for each in found])
        return 0
    for each in found:
        click.echo(_line(each))
    if not found:
        invocation.say("No function is called with the changes of this table.")
    return 0


def _line(trigger: TableTrigger) -> str:
    parts = [trigger.function, trigger.state, trigger.last_result or "no result yet"]
    if not trigger.on_current_stream:
        parts.append("on an old stream, which calls nothing: lambda attach moves it")
    if trigger.iterator_age_ms is not None:
        parts.append(f"{trigger.iterator_age_ms:,} ms behind")
    if not trigger.declared:
        parts.append("not in the definition")
    return "  ".join([*parts, trigger.uuid])
