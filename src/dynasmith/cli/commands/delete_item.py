"""`dynasmith delete-item`."""

import click

from dynasmith.cli.items_report import parse_key_of
from dynasmith.cli.shared_options import Invocation, print_json, verb


@verb("delete-item", example="dynasmith delete-item orders customer_id=c1 order_id=o1")
@click.argument("table")
@click.argument("key", nargs=-1, required=True, metavar="KEY...")
def command(invocation: Invocation, table: str, key: tuple[str, ...]) -> int:
    """Delete one item. KEY is name=value pairs, the values alone in the order of the key, or JSON (plain or DynamoDB
    JSON)."""
    project = invocation.project()
    name = project.physical(table)
    item = parse_key_of(project, table, key)
    where = project.where
    if invocation.dry_run:
        there = invocation.world().few_items.get(name, item) is not None
        invocation.say(f"Would delete one item of {name}." if there else f"Table {name} has no item with that key.")
        if invocation.as_json:
            print_json({"table": name, "deleted": 0} | where.to_json())
        return 0
    project.delete_item(table, item)
    invocation.say(f"Deleted one item of {name} in {where}.")
    if invocation.as_json:
        print_json({"table": name, "deleted": 1} | where.to_json())
    return 0
