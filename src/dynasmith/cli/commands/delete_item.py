"""`dynasmith delete-item`."""

import click

from dynasmith.cli.items_report import parse_key_of
from dynasmith.cli.shared import Invocation, print_json, verb
from dynasmith.errors import ItemNotFound


@verb("delete-item", example="dynasmith delete-item orders customer_id=c1 order_id=o1")
@click.argument("table")
@click.argument("key", nargs=-1, required=True, metavar="KEY...")
def command(invocation: Invocation, table: str, key: tuple[str, ...]) -> int:
    """Delete one item. KEY is name=value pairs, or JSON (plain or DynamoDB JSON)."""
    project = invocation.project()
    name = project.physical(table)
    item = parse_key_of(project, table, key)
    if invocation.dry_run:
        there = project.few_items.get(name, item) is not None
        invocation.say(f"Would delete one item of {name}." if there else f"Table {name} has no item with that key.")
        if invocation.as_json:
            print_json({"table": name, "deleted": 0})
        return 0
    invocation.ask_environment()
    if not project.few_items.delete(name, item):
        raise ItemNotFound(
            f"Table {name} has no item with that key; nothing was deleted.", hint=f"dynasmith scan {table}"
        )
    invocation.say(f"Deleted one item of {name}.")
    if invocation.as_json:
        print_json({"table": name, "deleted": 1})
    return 0
