"""`dynasmith query`."""

from typing import Any

import click

from dynasmith.cli.cursor import decode_cursor
from dynasmith.cli.items_report import CURSOR, LIMIT, parse_condition_of, show_items
from dynasmith.cli.shared_options import Invocation, verb


@verb("query", example="dynasmith query orders status=open --index by_status --limit 3")
@click.argument("table")
@click.argument("key", nargs=-1, required=True, metavar="KEY...")
@click.option("--index", metavar="NAME", help="Query this index instead of the table.")
@LIMIT
@CURSOR
@click.option("--reverse", is_flag=True, help="Show items in descending order of the sort key.")
@click.option("--wire", is_flag=True, help="Print DynamoDB JSON, with types.")
def command(invocation: Invocation, table: str, key: tuple[str, ...], *, index: str | None, **asked: Any) -> int:
    """Show a few items with this key: the partition key, and optionally the sort key. Say whether there are more."""
    start = decode_cursor(asked["cursor"])
    project = invocation.project()
    conditions = parse_condition_of(project, table, index, key)
    found = invocation.world().few_items.query_page(
        project.physical(table),
        conditions=conditions,
        index=index,
        limit=asked["limit"],
        forward=not asked["reverse"],
        start=start,
    )
    show_items(invocation, found, wire=asked["wire"])
    return 0
