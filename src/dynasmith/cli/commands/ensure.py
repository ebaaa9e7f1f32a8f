"""`dynasmith ensure`."""

import click

from dynasmith.cli.shared import Invocation, print_json, verb
from dynasmith.errors import SeveralFailed


@verb("ensure", example="dynasmith ensure --env local --config tables_config.json")
@click.argument("tables", nargs=-1, metavar="[TABLE...]")
def command(invocation: Invocation, tables: tuple[str, ...]) -> int:
    """Create what is absent, change nothing that exists, and say where it differs. Never asks; safe to run twice."""
    from dynasmith.cli.drawing import draw_plan
    from dynasmith.cli.failing import error_json
    from dynasmith.cli.progress import StepsShown
    from dynasmith.plans.explain import explain

    project = invocation.project()
    invocation.warn()
    if invocation.dry_run:
        plan = project.plan(tables)
        draw_plan(invocation.page(), plan)
        return 0
    with StepsShown(invocation.words()) as shown:
        done = project.ensure(tables, listener=shown)
    if invocation.as_json:
        print_json(
            {
                "created": list(done.created),
                "existing": list(done.existing),
                "differing": {
                    table.table: [explain(change).path for change in table.changes] for table in done.differing
                },
                "failures": {name: error_json(error) for name, error in done.failures.items()},
            }
        )
        return 1 if done.failures else 0
    for name in done.created:
        invocation.say(f"Created {name}.")
    differing = {table.table: table for table in done.differing}
    for name in done.existing:
        if name not in differing:
            invocation.say(f"{name} exists, as defined.")
            continue
        paths = ", ".join(explain(change).path for change in differing[name].changes)
        invocation.say(f"{name} exists and differs ({paths}): dynasmith plan {name}")
    if done.failures:
        raise SeveralFailed(done.failures, done=len(done.created) + len(done.existing))
    return 0
