"""`dynasmith describe`."""

import click

from dynasmith.cli.shared_options import Invocation, print_json, verb


@verb("describe", example="dynasmith describe orders")
@click.argument("table")
def command(invocation: Invocation, table: str) -> int:
    """Show one live table: keys, indexes and every setting."""
    from dynasmith.cli.drawings import draw_description
    from dynasmith.cli.table_json import description_json

    project = invocation.project()
    description = project.describe(table)
    if invocation.as_json:
        names = project.defined_names()
        print_json(description_json(description, "defined" if description.table.name in names else "undefined"))
    else:
        draw_description(invocation.page(), description)
    return 0
