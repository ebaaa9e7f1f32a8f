"""`dynasmith scan`."""

import click

from dynasmith.cli.items_report import show_items
from dynasmith.cli.shared import Invocation, verb


@verb("scan", example="dynasmith scan orders --limit 3")
@click.argument("table")
@click.option(
    "--limit", default=5, show_default=True, type=click.IntRange(1, 10_000), help="Maximum number of items to show."
)
@click.option("--index", metavar="NAME", help="Read this index instead of the table.")
@click.option("--wire", is_flag=True, help="Print DynamoDB JSON, with types.")
def command(invocation: Invocation, table: str, limit: int, index: str | None, wire: bool) -> int:
    """Show a few items of a table. Never reads more than it shows."""
    project = invocation.project()
    items = project.few_items.scan(project.physical(table), index=index, limit=limit)
    show_items(invocation, items, wire=wire)
    return 0
