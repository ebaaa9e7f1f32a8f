"""`dynasmith query`."""

from typing import Any

import click

from dynasmith.cli.chosen_read import chosen_read
from dynasmith.cli.cursor import decode_cursor
from dynasmith.cli.items_report import CURSOR, FILTER, LIMIT, READ_LIMIT, show_items, shown_of, shown_options
from dynasmith.cli.shared_options import Invocation, verb


@verb("query", example="dynasmith query orders customer_id=c1 'order_id begins_with 2026' --limit 3")
@click.argument("table")
@click.argument("conditions", nargs=-1, required=True, metavar="CONDITION...")
@FILTER
@click.option("--index", metavar="NAME", help="Query this index; by default the key that serves most conditions.")
@LIMIT
@READ_LIMIT
@CURSOR
@click.option("--reverse", is_flag=True, help="Show items in descending order of the sort key.")
@shown_options
def command(invocation: Invocation, table: str, conditions: tuple[str, ...], **options: Any) -> int:
    """Show a few items that meet all conditions, and say whether there are more.

    CONDITION is name=text, name:=JSON, 'name>=text', 'name begins_with text', 'name between low and high', or a
    condition such as "contains(tags, 'new')". The table or index whose key serves most conditions is queried, and the
    rest filters what is read; which one is said on standard error. Where no key serves any, the table is scanned.
    """
    start = decode_cursor(options["cursor"])
    shown = shown_of(invocation, options)
    read = chosen_read(invocation, table, conditions, options, shown.attributes)
    found = invocation.world().few_items.read(
        invocation.project().physical(table),
        read,
        attributes=shown.attributes,
        limit=options["limit"],
        read_limit=shown.read_limit,
        forward=not options["reverse"],
        start=start,
    )
    show_items(invocation, found, read, shown)
    return 0
