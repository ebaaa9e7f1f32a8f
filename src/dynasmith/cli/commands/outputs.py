"""`dynasmith outputs`."""

import json

import click

from dynasmith.cli.shared_options import Invocation, print_json, verb


@verb("outputs", example="dynasmith outputs orders --json")
@click.argument("tables", nargs=-1, metavar="[TABLE...]")
def command(invocation: Invocation, tables: tuple[str, ...]) -> int:
    """Print ARNs, keys and streams of tables, for programs. Without TABLE: of all defined tables."""
    found = invocation.project().outputs(tables)
    if invocation.as_json:
        print_json(list(found))
        return 0
    for outputs in found:
        for setting, reason in outputs.pop("unread").items():
            invocation.say(f"{outputs['name']}: {setting} could not be read: {reason}.")
        for name, value in outputs.items():
            if value not in (None, [], {}):
                shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
                click.echo(f"{outputs['name']}.{name} = {shown}")
    return 0
