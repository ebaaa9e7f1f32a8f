"""`dynasmith populate`."""

from typing import Any

import click

from dynasmith.cli.flow_options import MODE, flow_options, flowing, side, side_options
from dynasmith.cli.shared import Invocation, verb
from dynasmith.errors import ItemInvalid, UsageError


@verb("populate", example="dynasmith populate users data/users.json")
@click.argument("table")
@click.argument("files", nargs=-1, metavar="[FILE...]")
@click.option("--item", "said", multiple=True, metavar="JSON", help="One item inline; repeatable.")
@click.option("--format", "file_format", default="auto", show_default=True,
              type=click.Choice(["auto", "lines", "array", "csv"]), help="What the files are.")  # fmt: skip
@click.option("--type", "types", multiple=True, metavar="NAME=S|N|B|BOOL|NULL|JSON", help="The type of a CSV field.")
@click.option("--transform", metavar="WHAT", help="module:function, or an operations file.")
@MODE
@flow_options
@side_options("target")
def command(invocation: Invocation, table: str, files: tuple[str, ...], **given: Any) -> int:
    """Fill a table from files: JSON array, JSON Lines, CSV, DynamoDB JSON or plain, gz, zst, - for stdin, or an
    export (ours, or the service's). Bad lines are rejected with their number and reason, the rest goes on.

    Without a FILE: the items of --item, else those that the table's definition lists."""
    from dynasmith.cli.flow_shown import FlowShown, show_rehearsal, show_report
    from dynasmith.project.sides import ReadAs

    if any(name.startswith("s3://") for name in files):
        raise UsageError("An import from S3 by the service is not offered by this version.", hint="name files")
    types = dict(_typed(text) for text in given.pop("types"))
    how = ReadAs(format=given.pop("file_format"), types=types)
    asked = flowing(given)
    target = side("target", table, given)
    if files and given["said"]:
        raise UsageError("Files and --item were both given.", hint="name one of them")
    project = invocation.project()
    wish = {"how": how, "transform": given["transform"], "asked": asked}
    source = files or _inline(given["said"]) or project.items.items_of(target)
    if invocation.dry_run:
        return show_rehearsal(invocation, project.items.rehearse_populate(target, source, **wish))
    invocation.ask_environment()
    invocation.ask(f"Write items into {table}?")
    with FlowShown(invocation.words()) as shown:
        report = project.items.populate(target, source, listener=shown, **wish)
    return show_report(invocation, report)


def _inline(said: tuple[str, ...]) -> list[dict[str, Any]]:
    from dynasmith.items.plain import item_from_json

    try:
        return [item_from_json(text) for text in said]
    except ItemInvalid as error:
        raise UsageError(error.message, hint=error.hint or """--item '{"pk": "a"}'""") from error


def _typed(text: str) -> tuple[str, str]:
    name, equals, kind = text.rpartition("=")
    if not equals or not name or not kind:
        raise UsageError(f"{text!r} is no type of a field.", hint="say --type total=N")
    return name, kind
