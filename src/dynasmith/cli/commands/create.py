"""`dynasmith create`."""

from datetime import timedelta

import click

from dynasmith.cli.shared_options import Invocation, print_json, verb
from dynasmith.cli.wait_options import NOT_THERE_YET, wait_options, waiting
from dynasmith.errors import TableExists
from dynasmith.ports.listener import Event, TableUnfinished


@verb("create", example="dynasmith create orders")
@click.argument("tables", nargs=-1, metavar="TABLE...", required=True)
@wait_options
def command(invocation: Invocation, tables: tuple[str, ...], no_wait: bool, wait_timeout: timedelta | None) -> int:
    """Create tables from their definitions and wait until they are ACTIVE. Fails if a table exists (see ensure)."""
    from dynasmith.cli.drawings import draw_plan
    from dynasmith.cli.plan_json import plan_json
    from dynasmith.cli.progress import StepProgressView
    from dynasmith.cli.table_json import table_json

    project, waits = invocation.project(), waiting(no_wait, wait_timeout)
    wished = project.tables(tables)
    if invocation.dry_run:
        for table in wished:
            if project.exists(table):
                raise TableExists(table.name)
        plan = project.plan(tables)
        if invocation.as_json:
            print_json(plan_json(invocation.shown(plan), project.environment))
        else:
            draw_plan(invocation.page(), invocation.shown(plan), project.environment)
        return 0
    made, unfinished = [], set()
    with StepProgressView(invocation.words(), redact=invocation.redact) as shown:

        def listen(event: Event) -> None:
            if isinstance(event, TableUnfinished):
                unfinished.add(event.table)
            shown(event)

        for table in wished:
            made.append(project.create(table, listener=listen, **waits))
            if table.name not in unfinished:
                invocation.say(f"Created {table.name}.")
    if invocation.as_json:
        print_json([table_json(description, "defined") for description in made])
    return NOT_THERE_YET if unfinished else 0
