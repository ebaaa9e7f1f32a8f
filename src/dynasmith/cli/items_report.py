"""A few items on the command line: keys and items as people say them, items as people look at them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click
from msgspec import Struct

from dynasmith.cli.counts import counted
from dynasmith.cli.cursor import encode_cursor
from dynasmith.cli.items_format import FORMATS, columns_of, csv_lines, item_line, items_grid
from dynasmith.cli.shared_options import Invocation
from dynasmith.errors import UsageError
from dynasmith.items.condition.condition_words import parse_attributes
from dynasmith.items.condition.tree import Path
from dynasmith.items.key import KeyPart, KeySchema, key_item
from dynasmith.items.read_path import keys_of
from dynasmith.items.text_values import parse_item, parse_key
from dynasmith.items.wire import encode_item_tree
from dynasmith.project.redaction import HIDDEN
from dynasmith.tables.table import Key

if TYPE_CHECKING:
    from dynasmith.items.read_path import ReadPath
    from dynasmith.ports.tables import SomeItems
    from dynasmith.project.project import Project
    from dynasmith.tables.table import Table

F = TypeVar("F", bound=Callable[..., Any])


def schema_of(key: Key) -> KeySchema:
    """The key of a table or an index as the items' floor has it."""
    parts = [tuple(KeyPart(a.name, a.type) for a in attributes) for attributes in (key.partition, key.sort)]
    return KeySchema(parts[0], parts[1])


def parse_key_of(project: Project, table: str, said: tuple[str, ...]) -> dict[str, Any]:
    """The key that a person said, as DynamoDB JSON; typed by the live table's key."""
    schema = schema_of(_live(project, table).key)
    return encode_item_tree(key_item(parse_key(said, schema), schema))


def parse_item_of(project: Project, table: str, said: tuple[str, ...]) -> dict[str, Any]:
    """The item that a person said, as DynamoDB JSON; typed by the keys of the live table and of its indexes."""
    types = {attribute.name: attribute.type for key in keys_of(_live(project, table)) for attribute in key.key}
    return encode_item_tree(parse_item(said, types))


def _live(project: Project, table: str) -> Table:
    """The table with its keys and indexes. One call."""
    from dynasmith.project.project import world_of

    return world_of(project).control.describe(project.physical(table), ()).table


def show_item(invocation: Invocation, item: dict[str, Any], *, wire: bool) -> None:
    """One item as a JSON object: plain, or DynamoDB JSON with ``wire``."""
    click.echo(item_line(item, wire=wire, redact=invocation.redact))


def show_items(invocation: Invocation, found: SomeItems, read: ReadPath, options: ShownItems) -> None:
    """Items in the format that was asked for, what was read for them, and how to see more where there are more.

    With ``--json`` one document: how they were read (``operation``, ``index``, ``filtered``), ``items``, ``cursor``
    (null where there are no more), ``scanned`` and ``read_units``.
    """
    cursor = None if found.next is None else HIDDEN if invocation.redact else encode_cursor(found.next)
    if invocation.as_json:
        _show_document(invocation, found, read, cursor, wire=options.wire)
        return
    _show_rows(invocation, found.items, read, options)
    stopped = read.filters and options.read_limit is not None and found.scanned >= options.read_limit and cursor
    if read.filters:
        where = f", where --read-limit {options.read_limit} stopped it" if stopped else ""
        invocation.say(
            f"{counted(found.scanned, 'item')} read to find {len(found.items):,}; "
            f"{counted(found.read_units, 'read unit')}{where}."
        )
    if cursor is not None:
        way = (
            "Its cursor is a key, which --redact hides."
            if invocation.redact
            else f"To see them, add: --cursor {cursor}"
        )
        more = "there may be more" if stopped else "there are more"
        invocation.say(f"{counted(len(found.items), 'item')} shown, and {more}. {way}")
    elif not found.items:
        invocation.say("No more items." if click.get_current_context().params.get("cursor") else "No items.")


def _show_rows(invocation: Invocation, items: list[dict[str, Any]], read: ReadPath, options: ShownItems) -> None:
    if options.format == "lines":
        for item in items:
            click.echo(item_line(item, wire=options.wire, redact=invocation.redact))
        return
    tops = [str(path.parts[0]) for path in options.attributes]
    columns = list(dict.fromkeys(tops)) or columns_of(items, read.key_names)
    if options.format == "csv":
        click.echo(csv_lines(items, columns, redact=invocation.redact) if columns else "", nl=False)
    elif items:
        page = invocation.page()
        page.print(items_grid(items, columns, redact=invocation.redact, whole=not page.is_terminal))


def _show_document(invocation: Invocation, found: SomeItems, read: ReadPath, cursor: str | None, *, wire: bool) -> None:
    # The lines as they are: a number of 38 digits stays one.
    inner = ",".join(f"\n    {item_line(item, wire=wire, redact=invocation.redact)}" for item in found.items)
    about = {
        "operation": "Query" if read.is_query else "Scan",
        "index": read.index,
        "filtered": list(read.filtered),
        "scanned": found.scanned,
        "read_units": found.read_units,
    }
    head = "".join(f"  {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)},\n" for name, value in about.items())
    click.echo(f'{{\n{head}  "items": [{inner}],\n  "cursor": {json.dumps(cursor)}\n}}')


CURSOR = click.option("--cursor", metavar="CURSOR", help="Go on where an earlier call ended; it prints the cursor.")
LIMIT = click.option(
    "--limit", default=5, show_default=True, type=click.IntRange(1, 10_000), help="Maximum number of items to show."
)
READ_LIMIT = click.option(
    "--read-limit",
    metavar="ITEMS",
    type=click.IntRange(1),
    help="With a filter: stop after reading this many items, though fewer are found. The cursor goes on from there.",
)
FILTER = click.option(
    "--filter", metavar="CONDITION", help='Only items that meet this condition, such as "total > 10".'
)


def shown_options(function: F) -> F:
    """The options of what is shown: which attributes, in which format."""
    for option in (
        click.option("--wire", is_flag=True, help="Print DynamoDB JSON, with types."),
        click.option(
            "--format",
            type=click.Choice(FORMATS),
            default="lines",
            show_default=True,
            help="Print JSON lines, a table, or CSV.",
        ),
        click.option("--attributes", metavar="NAMES", help="Show only these attributes: name,address.city,lines[0]."),
    ):
        function = option(function)
    return function


class ShownItems(Struct, frozen=True, kw_only=True):
    """What is shown of items, and how."""

    format: str = "lines"
    wire: bool = False
    attributes: tuple[Path, ...] = ()
    read_limit: int | None = None


def shown_of(invocation: Invocation, options: Mapping[str, Any]) -> ShownItems:
    """What the options ask for. Raises UsageError for two that contradict each other."""
    form, wire = options["format"], options["wire"]
    if form != "lines" and (invocation.as_json or wire):
        other = "--json" if invocation.as_json else "--wire"
        raise UsageError(f"{other} prints JSON, and --format {form} does not.", hint="remove one of them")
    attributes = parse_attributes(options["attributes"])
    return ShownItems(format=form, wire=wire, attributes=attributes, read_limit=options["read_limit"])
