"""`dynasmith replicas`."""

from __future__ import annotations

import click

from dynasmith.cli.shared_options import Invocation, print_json, verb


@verb("replicas", example="dynasmith replicas orders --probe")
@click.argument("table")
@click.option("--probe", is_flag=True, help="Write an item here, read it in each Region, and delete it. It asks first.")
def command(invocation: Invocation, table: str, probe: bool) -> int:
    """Show the replicas of a global table: state, replication lag, and the settings that differ from the table's. Exits
    3 where one is not ACTIVE, or the item of --probe does not arrive within a minute."""
    from dynasmith.cli.replicas_report import draw_replicas

    if probe and invocation.dry_run:
        invocation.say(f"Would write one item to {table}, read it in each other Region, and delete it.")
    found = invocation.project().replicas(table, probe=probe and not invocation.dry_run)
    if invocation.as_json:
        print_json([each.to_json() for each in found])
    elif found:
        draw_replicas(invocation.page(), found)
    else:
        invocation.say(f"Table {table} has no replicas.")
    return 0 if all(each.is_well for each in found) else 3
