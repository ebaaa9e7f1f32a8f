"""`dynasmith render models`."""

from __future__ import annotations

import click

from dynasmith.cli.commands.import_ import imported_json
from dynasmith.cli.new_file import write_or_print
from dynasmith.cli.shared_options import Invocation, print_json, verb
from dynasmith.cli.suggestions import VerbGroup


@click.group("render", cls=VerbGroup, epilog="Example: dynasmith render models orders --out models.py")
def command() -> None:
    """Write live tables in another form."""


@verb("models", example="dynasmith render models orders --env prod --out shop/models.py")
@click.argument("tables", nargs=-1, metavar="[TABLE...]")
@click.option("--sample", type=int, default=100, show_default=True, help="Items of a table to learn types from.")
@click.option("--minimal", is_flag=True, help="Leave out what a new table has by itself.")
@click.option("--out", metavar="FILE", help="Write to FILE instead of stdout; its folder is created.")
def models(invocation: Invocation, tables: tuple[str, ...], *, sample: int, minimal: bool, out: str | None) -> int:
    """Write model classes (Python) for live tables; for all of the environment without TABLE. Never overwrites a file.

    Keys, indexes and settings are those of the table, the types of other attributes those of a sample of items. TABLE
    is a name or a pattern in quotes, such as 'orders-*'.
    """
    rendered = invocation.project().render.models(tables, sample=sample, minimal=minimal)
    for note in rendered.notes:
        invocation.say(f"Note: {note}")
    if invocation.as_json:
        print_json(imported_json(rendered))
        if out is None:
            return 0
    write_or_print(out, rendered.text)
    if out is not None:
        invocation.say(f"Wrote the model classes to {out}.")
    return 0


command.add_command(models)
