"""`dynasmith scan`."""

from typing import Any

import click

from dynasmith.cli.chosen_read import scan_of
from dynasmith.cli.cursor import decode_cursor
from dynasmith.cli.items_report import CURSOR, FILTER, LIMIT, READ_LIMIT, show_items, shown_of, shown_options
from dynasmith.cli.shared_options import Invocation, refuse_given, verb


@verb("scan", example="dynasmith scan orders --filter 'total BETWEEN 10 AND 20' --format table")
@click.argument("table")
@FILTER
@LIMIT
@READ_LIMIT
@CURSOR
@click.option("--index", metavar="NAME", help="Read this index instead of the table.")
@shown_options
def command(invocation: Invocation, table: str, **options: Any) -> int:
    """Show a few items of a table, and say whether there are more. With --filter it reads on, to --read-limit or to the
    end, until it has found as many as it shows; query reads less where a key serves the condition."""
    if options["filter"] is None:
        refuse_given("--filter", ("read_limit",))
    start = decode_cursor(options["cursor"])
    shown = shown_of(invocation, options)
    read = scan_of(invocation, table, options)
    name = invocation.project().physical(table)
    found = invocation.world().few_items.read(
        name, read, attributes=shown.attributes, limit=options["limit"], read_limit=shown.read_limit, start=start
    )
    show_items(invocation, found, read, shown)
    return 0
