"""`dynasmith count`."""

from typing import Any

import click

from dynasmith.cli.chosen_read import chosen_read
from dynasmith.cli.counts import counted
from dynasmith.cli.items_report import FILTER
from dynasmith.cli.shared_options import Invocation, print_json, verb


@verb("count", example="dynasmith count orders customer_id=c1")
@click.argument("table")
@click.argument("conditions", nargs=-1, metavar="[CONDITION...]")
@FILTER
@click.option("--index", metavar="NAME", help="Count the items of this index; by default the key that serves most.")
@click.option("--estimate", is_flag=True, help="Print DynamoDB's own count, which is up to six hours old. Free.")
def command(invocation: Invocation, table: str, conditions: tuple[str, ...], **options: Any) -> int:
    """Count the items of a table, or those that meet all conditions (see query), by reading them: half a read unit for
    each 4 KB."""
    project = invocation.project()
    name = project.physical(table)
    index, estimate = options["index"], options["estimate"]
    if estimate:
        if conditions or index is not None or options["filter"] is not None:
            raise click.UsageError("--estimate counts the whole table; remove it, or the conditions and --index.")
        count, units = invocation.world().control.describe(name, ()).item_count_estimate, 0.0
        said = f"About {counted(count, 'item')} in {name}, as DynamoDB counted them in the last six hours."
    else:
        read = chosen_read(invocation, table, conditions, options, None)
        index = read.index
        count, scanned, units = invocation.world().few_items.count_found(name, read)
        filtered = f" of {scanned:,} that were read" if read.filters else ""
        said = f"{counted(count, 'item')}{filtered} in {name}; {counted(units, 'read unit')}."
    if invocation.as_json:
        print_json({"table": name, "index": index, "count": count, "estimate": estimate, "read_units": units})
        return 0
    click.echo(count)
    invocation.say(said)
    return 0
