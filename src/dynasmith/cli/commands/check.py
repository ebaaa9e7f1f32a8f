"""`dynasmith check`."""

import click

from dynasmith.cli.shared_options import Invocation, print_json, verb


@verb("check", example="dynasmith check --env prod")
@click.argument("tables", nargs=-1, metavar="[TABLE...]")
@click.option("--prune", is_flag=True, help="Also report indexes, replicas and tags that are not in the definition.")
def command(invocation: Invocation, tables: tuple[str, ...], prune: bool) -> int:
    """Compare live tables with their definitions. Exits 0 if they match, 3 if they differ. Only reads."""
    from dynasmith.cli.drawings import draw_plan
    from dynasmith.cli.plan_json import plan_json

    invocation.warn()
    project = invocation.project()
    plan = project.plan(tables, prune=prune)
    if invocation.as_json:
        print_json(plan_json(invocation.shown(plan), project.environment))
    else:
        draw_plan(invocation.page(), invocation.shown(plan), project.environment, steps=False)
    if plan.failures:
        return 1
    return 0 if plan.is_empty else 3
