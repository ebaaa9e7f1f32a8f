"""`dynasmith erase`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from dynasmith.cli.flow_options import UNITS, PositiveNumber
from dynasmith.cli.shared_options import Invocation, verb
from dynasmith.errors import UsageError


@verb("erase", example="dynasmith erase customer --value-file - --dry-run")
@click.argument("recipe")
@click.option("--value", metavar="TEXT", help="The person's value; a shell keeps it, so prefer --value-file.")
@click.option("--value-file", metavar="FILE", help="Read the value from this file; - is standard input.")
@click.option("--max-read-units", type=UNITS, help="Limit in read units a second, of each table.")
@click.option("--max-write-units", type=UNITS, help="Limit in write units a second, of each table.")
@click.option("--share", type=PositiveNumber(min=0, min_open=True, max=1), default=0.5, show_default=True,
              help="Share of provisioned capacity to use if no limit is given.")  # fmt: skip
def command(invocation: Invocation, recipe: str, value: str | None, value_file: str | None, **pace: Any) -> int:
    """Delete everything about one person, by a recipe, and read again that it is gone. You type the recipe's name to
    confirm."""
    from dynasmith.cli.erasure_report import show_erased, show_erasure_rehearsed
    from dynasmith.cli.flow_report import FlowProgressView

    found = _value(value, value_file)
    project = invocation.project()
    if invocation.dry_run:
        return show_erasure_rehearsed(invocation, project.dry_run.erase(recipe, found, **pace))
    with FlowProgressView(invocation.words(), redact=invocation.redact) as shown:
        report = project.erase(recipe, found, consent=invocation.consent(), listener=shown, **pace)
    return show_erased(invocation, report)


def _value(value: str | None, file: str | None) -> str:
    """The value, from the one option that was given; asked for, unseen, on a terminal without one."""
    if value is not None and file is not None:
        raise UsageError("--value and --value-file are two values.", hint="remove one")
    if value is not None:
        return value
    if file is None:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise UsageError("No value was given.", hint="--value-file FILE, or --value-file - for standard input")
        return str(click.prompt("Value", hide_input=True, err=True))
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"The file {file} cannot be read: {why}.", hint="name another file") from None
    return text.removesuffix("\n").removesuffix("\r")
