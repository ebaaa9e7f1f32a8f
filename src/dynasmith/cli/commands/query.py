"""`dynasmith query`."""

import click

from dynasmith.cli.items_report import parse_condition_of, show_items
from dynasmith.cli.shared import Invocation, verb


@verb("query", example="dynasmith query orders status=open --index by_status --limit 3")
@click.argument("table")
@click.argument("key", nargs=-1, required=True, metavar="KEY...")
@click.option("--index", metavar="NAME", help="Query this index instead of the table.")
@click.option(
    "--limit", default=5, show_default=True, type=click.IntRange(1, 10_000), help="Maximum number of items to show."
)
@click.option("--reverse", is_flag=True, help="Show items in descending order of the sort key.")
@click.option("--wire", is_flag=True, help="Print DynamoDB JSON, with types.")
def command(
    invocation: Invocation, table: str, key: tuple[str, ...], index: str | None, limit: int, reverse: bool, wire: bool
) -> int:
    """Show a few items with this key: the partition key, and optionally the sort key."""
    project = invocation.project()
    conditions = parse_condition_of(project, table, index, key)
    items = project.few_items.query(
        project.physical(table), conditions=conditions, index=index, limit=limit, forward=not reverse
    )
    show_items(invocation, items, wire=wire)
    return 0
