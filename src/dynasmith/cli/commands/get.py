"""`dynasmith get`."""

import click

from dynasmith.cli.items_report import parse_key_of, show_item
from dynasmith.cli.shared_options import Invocation, verb


@verb("get", example="dynasmith get orders customer_id=c1 order_id=o1")
@click.argument("table")
@click.argument("key", nargs=-1, required=True, metavar="KEY...")
@click.option("--wire", is_flag=True, help="Print DynamoDB JSON, with types.")
def command(invocation: Invocation, table: str, key: tuple[str, ...], wire: bool) -> int:
    """Show one item, with a strongly consistent read. KEY is name=value pairs, the values alone in the order of the
    key, or JSON (plain or DynamoDB JSON)."""
    project = invocation.project()
    item = project.get(table, parse_key_of(project, table, key))
    show_item(invocation, item, wire=wire)
    return 0
