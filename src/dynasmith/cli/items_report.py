"""A few items on the command line: keys and items as people say them, items as people look at them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from dynasmith.cli.cli_values import parse_item, parse_key
from dynasmith.cli.counts import counted
from dynasmith.cli.cursor import encode_cursor
from dynasmith.cli.redaction import HIDDEN, hidden_item
from dynasmith.cli.shared_options import Invocation
from dynasmith.errors import UsageError
from dynasmith.items.key import KeyPart, KeySchema, key_item
from dynasmith.items.plain import plain_from_item
from dynasmith.items.wire import decode_item_tree, encode_item_tree
from dynasmith.tables.table import Key, known

if TYPE_CHECKING:
    from dynasmith.ports.tables import SomeItems
    from dynasmith.project import Project
    from dynasmith.tables.table import Table


def schema_of(key: Key) -> KeySchema:
    """The key of a table or an index as the items' floor has it."""
    parts = [tuple(KeyPart(a.name, a.type) for a in attributes) for attributes in (key.partition, key.sort)]
    return KeySchema(parts[0], parts[1])


def parse_key_of(project: Project, table: str, said: tuple[str, ...]) -> dict[str, Any]:
    """The key that a person said, as DynamoDB JSON; typed by the live table's key."""
    schema = schema_of(_live(project, table).key)
    return encode_item_tree(key_item(parse_key(said, schema), schema))


def parse_item_of(project: Project, table: str, said: tuple[str, ...]) -> dict[str, Any]:
    """The item that a person said, as DynamoDB JSON."""
    schema = schema_of(_live(project, table).key)
    return encode_item_tree(parse_item(said, schema))


def _live(project: Project, table: str) -> Table:
    """The table with its keys and indexes. One call."""
    from dynasmith.project import world_of

    return world_of(project).control.describe(project.physical(table), ()).table


def parse_condition_of(project: Project, table: str, index: str | None, said: tuple[str, ...]) -> dict[str, Any]:
    """The equalities of a query, typed by the key of the table or of ``index``. Raises UsageError."""
    live = _live(project, table)
    key = live.key
    if index is not None:
        keys = {each.name: each.key for each in known(live.indexes, ())}
        keys |= {each.name: each.key for each in known(live.local_indexes, ())}
        if index not in keys:
            hint = f"its indexes: {', '.join(keys)}" if keys else "it has no indexes"
            raise UsageError(f"Table {live.name} has no index {index}.", hint=hint)
        key = keys[index]
    conditions = encode_item_tree(parse_item(said, schema_of(key)))
    partition = [attribute.name for attribute in key.partition]
    if any(name not in conditions for name in partition):
        raise UsageError(f"A query needs {' and '.join(partition)}.", hint=f"add {partition[0]}=VALUE")
    unknown = [name for name in conditions if name not in key.names]
    if unknown:
        raise UsageError(f"{', '.join(unknown)} is not part of the key.", hint=f"the key is {', '.join(key.names)}")
    return conditions


def show_item(invocation: Invocation, item: dict[str, Any], *, wire: bool) -> None:
    """One item as a JSON object: plain, or DynamoDB JSON with ``wire``."""
    click.echo(_line(item, wire=wire, redact=invocation.redact))


def show_items(invocation: Invocation, found: SomeItems, *, wire: bool) -> None:
    """Items, one JSON object a line, and how to see more where there are more.

    With ``--json`` one document: ``items``, and ``cursor`` (null where there are no more).
    """
    lines = [_line(item, wire=wire, redact=invocation.redact) for item in found.items]
    cursor = None if found.next is None else HIDDEN if invocation.redact else encode_cursor(found.next)
    if invocation.as_json:
        # The lines as they are: a number of 38 digits stays one.
        inner = ",".join(f"\n    {line}" for line in lines)
        click.echo(f'{{\n  "items": [{inner}],\n  "cursor": {json.dumps(cursor)}\n}}')
        return
    for line in lines:
        click.echo(line)
    if cursor is not None:
        way = (
            "Its cursor is a key, which --redact hides."
            if invocation.redact
            else f"To see them, add: --cursor {cursor}"
        )
        invocation.say(f"{counted(len(lines), 'item')} shown, and there are more. {way}")
    elif not lines:
        invocation.say("No more items." if click.get_current_context().params.get("cursor") else "No items.")


def _line(item: dict[str, Any], *, wire: bool, redact: bool) -> str:
    if redact:
        return json.dumps(hidden_item(item, wire=wire), ensure_ascii=False)
    return json.dumps(item, ensure_ascii=False) if wire else plain_from_item(decode_item_tree(item)).decode()


CURSOR = click.option("--cursor", metavar="CURSOR", help="Go on where an earlier call ended; it prints the cursor.")
LIMIT = click.option(
    "--limit", default=5, show_default=True, type=click.IntRange(1, 10_000), help="Maximum number of items to show."
)
