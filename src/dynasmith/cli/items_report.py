"""A few items on the command line: keys and items as people say them, items as people look at them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from dynasmith.cli.cli_values import parse_item, parse_key
from dynasmith.cli.shared import Invocation, print_json
from dynasmith.errors import UsageError
from dynasmith.items.key import KeyPart, KeySchema, key_item
from dynasmith.items.plain import plain_from_item
from dynasmith.items.wire import decode_item_tree, encode_item_tree
from dynasmith.tables.table import Key, known

if TYPE_CHECKING:
    from dynasmith.project import Project


def schema_of(key: Key) -> KeySchema:
    """The key of a table or an index as the items' floor has it."""
    parts = [tuple(KeyPart(a.name, a.type) for a in attributes) for attributes in (key.partition, key.sort)]
    return KeySchema(parts[0], parts[1])


def parse_key_of(project: Project, table: str, said: tuple[str, ...]) -> dict[str, Any]:
    """The key that a person said, as DynamoDB JSON; typed by the live table's key."""
    schema = schema_of(project.control.describe(project.physical(table), ()).table.key)
    return encode_item_tree(key_item(parse_key(said, schema), schema))


def parse_item_of(project: Project, table: str, said: tuple[str, ...]) -> dict[str, Any]:
    """The item that a person said, as DynamoDB JSON."""
    schema = schema_of(project.control.describe(project.physical(table), ()).table.key)
    return encode_item_tree(parse_item(said, schema))


def parse_condition_of(project: Project, table: str, index: str | None, said: tuple[str, ...]) -> dict[str, Any]:
    """The equalities of a query, typed by the key of the table or of ``index``. Raises UsageError."""
    live = project.control.describe(project.physical(table), ()).table
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


def show_items(invocation: Invocation, items: list[dict[str, Any]], *, wire: bool, single: bool = False) -> None:
    """Items, one JSON object a line (all in one document with ``--json``); plain, or DynamoDB JSON with ``wire``."""
    shown = [item if wire else json.loads(plain_from_item(decode_item_tree(item))) for item in items]
    if invocation.as_json:
        print_json(shown[0] if single else shown)
        return
    for item, plain in zip(items, shown, strict=True):
        line = json.dumps(plain, ensure_ascii=False) if wire else plain_from_item(decode_item_tree(item)).decode()
        click.echo(line)
    if not items:
        invocation.say("No items.")
