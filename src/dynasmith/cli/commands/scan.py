"""`dynasmith scan`."""

import click

from dynasmith.cli.cursor import decode_cursor
from dynasmith.cli.items_report import CURSOR, LIMIT, show_items
from dynasmith.cli.shared_options import Invocation, verb


@verb("scan", example="dynasmith scan orders --limit 3")
@click.argument("table")
@LIMIT
@CURSOR
@click.option("--index", metavar="NAME", help="Read this index instead of the table.")
@click.option("--wire", is_flag=True, help="Print DynamoDB JSON, with types.")
def command(invocation: Invocation, table: str, limit: int, cursor: str | None, index: str | None, wire: bool) -> int:
    """Show a few items of a table, and say whether there are more. Reads at most one item more than it shows."""
    start = decode_cursor(cursor)
    project = invocation.project()
    found = invocation.world().few_items.scan_page(project.physical(table), index=index, limit=limit, start=start)
    show_items(invocation, found, wire=wire)
    return 0
