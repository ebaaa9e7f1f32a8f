"""`dynasmith count`."""

import click

from dynasmith.cli.counts import counted
from dynasmith.cli.items_report import parse_condition_of
from dynasmith.cli.shared_options import Invocation, print_json, verb


@verb("count", example="dynasmith count orders customer_id=c1")
@click.argument("table")
@click.argument("key", nargs=-1, metavar="[KEY...]")
@click.option("--index", metavar="NAME", help="Count the items of this index instead of the table.")
@click.option("--estimate", is_flag=True, help="Print DynamoDB's own count, which is up to six hours old. Free.")
def command(invocation: Invocation, table: str, key: tuple[str, ...], index: str | None, estimate: bool) -> int:
    """Count the items of a table, or those with a key, by reading them all: half a read unit for each 4 KB."""
    project = invocation.project()
    name = project.physical(table)
    if estimate:
        if key or index is not None:
            raise click.UsageError("--estimate counts the whole table; remove it, or the key and --index.")
        count, units = project.describe(table).item_count_estimate, 0.0
        said = f"About {counted(count, 'item')} in {name}, as DynamoDB counted them in the last six hours."
    else:
        conditions = parse_condition_of(project, table, index, key) if key else None
        count, units = invocation.world().few_items.count(name, conditions=conditions, index=index)
        said = f"{counted(count, 'item')} in {name}; {counted(units, 'read unit')}."
    if invocation.as_json:
        print_json({"table": name, "index": index, "count": count, "estimate": estimate, "read_units": units})
        return 0
    click.echo(count)
    invocation.say(said)
    return 0
