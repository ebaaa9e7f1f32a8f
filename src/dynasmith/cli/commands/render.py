"""`dynasmith render models|terraform|cloudformation|create-table`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import click
import msgspec

from dynasmith.cli.commands.import_ import imported_json
from dynasmith.cli.new_file import check_new, write_new, write_or_print
from dynasmith.cli.shared_options import Invocation, print_json, verb
from dynasmith.cli.suggestions import VerbGroup

if TYPE_CHECKING:
    from dynasmith import RenderedFiles


@click.group("render", cls=VerbGroup, epilog="Example: dynasmith render terraform --out infrastructure")
def command() -> None:
    """Write tables in another form."""


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


@verb("terraform", example="dynasmith render terraform orders --env prod --out infrastructure")
@click.argument("tables", nargs=-1, metavar="[TABLE...]")
@click.option(
    "--provider", type=click.Choice(["5", "6"]), default="5", show_default=True, help="Version of the provider."
)
@click.option("--no-import", is_flag=True, help="Without import blocks; calls no service.")
@click.option("--complete", is_flag=True, help="Exit 3 where Terraform cannot say all of a table.")
@click.option("--out", metavar="FOLDER", help="Write files into FOLDER instead of stdout; it is created.")
def terraform(
    invocation: Invocation, tables: tuple[str, ...], *, provider: str, no_import: bool, complete: bool, out: str | None
) -> int:
    """Write defined tables as Terraform, with import blocks for what is there; all without TABLE.

    What the definition does not mention is left alone (`ignore_changes`). Never overwrites a file.
    """
    rendered = invocation.project().render.terraform(
        tables, provider=cast(Literal[5, 6], int(provider)), imports=not no_import
    )
    return written(invocation, rendered, out, complete=complete)


@verb("cloudformation", example="dynasmith render cloudformation orders --env prod --out infrastructure")
@click.argument("tables", nargs=-1, metavar="[TABLE...]")
@click.option("--no-import", is_flag=True, help="Without the list for an import; calls no service.")
@click.option("--complete", is_flag=True, help="Exit 3 where CloudFormation cannot say all of a table.")
@click.option("--out", metavar="FOLDER", help="Write files into FOLDER instead of stdout; it is created.")
def cloudformation(
    invocation: Invocation, tables: tuple[str, ...], *, no_import: bool, complete: bool, out: str | None
) -> int:
    """Write defined tables as a template of CloudFormation; all without TABLE.

    With --out also the list of resources that an import takes over. Never overwrites a file.
    """
    rendered = invocation.project().render.cloudformation(tables, imports=not no_import)
    return written(invocation, rendered, out, complete=complete)


@verb("create-table", example="dynasmith render create-table orders --env prod --out requests")
@click.argument("tables", nargs=-1, metavar="[TABLE...]")
@click.option("--complete", is_flag=True, help="Exit 3 where no request can say all of a table.")
@click.option("--out", metavar="FOLDER", help="Write files into FOLDER instead of stdout; it is created.")
def create_table(invocation: Invocation, tables: tuple[str, ...], *, complete: bool, out: str | None) -> int:
    """Write defined tables as requests for the AWS CLI; all without TABLE.

    CreateTable and what follows it, each as a document for --cli-input-json with the command that sends it. Never
    overwrites a file.
    """
    return written(invocation, invocation.project().render.create_table(tables), out, complete=complete)


command.add_command(models)
command.add_command(terraform)
command.add_command(cloudformation)
command.add_command(create_table)


def written(invocation: Invocation, rendered: RenderedFiles, out: str | None, *, complete: bool) -> int:
    """Print the text, or write its files into a folder; 3 where it must be complete and is not."""
    for note in rendered.notes:
        invocation.say(f"Note: {note}")
    for each in rendered.unsaid:
        invocation.say(f"Not said: {each.path} of {each.table}: {each.why}.")
    if invocation.as_json:
        print_json(msgspec.to_builtins(rendered))
    elif out is None:
        click.echo(rendered.text, nl=False)
    if out is not None:
        paths = {str(Path(out) / name): text for name, text in rendered.files.items()}
        for path in paths:
            check_new(path)
        for path, text in paths.items():
            write_new(path, text)
        invocation.say(f"Wrote {', '.join(rendered.files)} to {out}.")
    return 3 if complete and rendered.unsaid else 0
