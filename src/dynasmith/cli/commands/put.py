"""`dynasmith put`."""

import click

from dynasmith.cli.items_report import parse_item_of
from dynasmith.cli.shared_options import Invocation, print_json, verb


@verb("put", example="""dynasmith put orders '{"customer_id": "c1", "order_id": "o1", "total": 12.5}'""")
@click.argument("table")
@click.argument("item", nargs=-1, required=True, metavar="ITEM...")
@click.option("--new", is_flag=True, help="Fail if an item with that key exists.")
def command(invocation: Invocation, table: str, item: tuple[str, ...], new: bool) -> int:
    """Write one item. ITEM is JSON (plain or DynamoDB JSON), or pairs: name=text, name:=JSON."""
    project = invocation.project()
    name = project.physical(table)
    written = parse_item_of(project, table, item)
    where = project.where
    if invocation.dry_run:
        invocation.say(f"Would write one item to {name} in {where}.")
        if invocation.as_json:
            print_json({"table": name, "written": 0} | where.to_json())
        return 0
    project.put(table, written, new=new)
    invocation.say(f"Wrote one item to {name} in {where}.")
    if invocation.as_json:
        print_json({"table": name, "written": 1} | where.to_json())
    return 0
