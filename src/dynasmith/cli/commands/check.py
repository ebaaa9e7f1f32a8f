"""`dynasmith check`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
from msgspec import to_builtins

from dynasmith.cli.named_values import named_values
from dynasmith.cli.shared_options import Invocation, print_json, verb
from dynasmith.errors import UsageError

if TYPE_CHECKING:
    from dynasmith import FormCheck, SideDifference


@verb("check", example="dynasmith check --env prod")
@click.argument("tables", nargs=-1, metavar="[TABLE...]")
@click.option("--prune", is_flag=True, help="Also report indexes, replicas and tags that are not in the definition.")
@click.option(
    "--from",
    "source",
    metavar="FILE",
    help="Compare FILE of CloudFormation, Terraform (show -json) or another tool too: do all three agree?",
)
@click.option(
    "--param",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="With --from: what a parameter or a reference of the file stands for. Repeatable.",
)
@click.option(
    "--table",
    "names",
    multiple=True,
    metavar="LOGICALID=NAME",
    help="With --from: the name of a table that the file does not name. Repeatable.",
)
def command(
    invocation: Invocation,
    tables: tuple[str, ...],
    prune: bool,
    source: str | None,
    parameters: tuple[str, ...],
    names: tuple[str, ...],
) -> int:
    """Compare live tables with their definitions. Exits 0 if they match, 3 if they differ. Only reads."""
    from dynasmith.cli.drawings import draw_plan
    from dynasmith.cli.plan_json import plan_json
    from dynasmith.cli.tick_report import where_text

    if source is None and (parameters or names):
        raise UsageError("--param and --table are for a file of another tool.", hint="add --from FILE")
    invocation.warn()
    project = invocation.project()
    if source is not None:
        found = project.check_from(
            source,
            tables,
            tables=named_values(names),
            parameters=named_values(parameters, "NAME"),
            prune=prune,
        )
        return _shown(invocation, found)
    plan = project.plan(tables, prune=prune)
    changing = project.jobs.changing([table.table for table in plan.tables])
    if invocation.as_json:
        by_table = {table: job.id for table, job in changing.items()}
        print_json(plan_json(invocation.shown(plan), project.environment) | {"being_changed_by": by_table})
    else:
        for table, job in changing.items():
            invocation.say(f"Table {table} is {where_text(job)}.")
        draw_plan(invocation.page(), invocation.shown(plan), project.environment, steps=False)
    if plan.failures:
        return 1
    return 0 if plan.is_empty else 3


def _shown(invocation: Invocation, found: FormCheck) -> int:
    found = invocation.shown(found)
    if invocation.as_json:
        print_json({"agrees": found.agrees, **to_builtins(found)})
    else:
        for note in found.notes:
            invocation.say(f"Note: {note}")
        for difference in found.differences:
            click.echo(difference_text(difference, found.source))
        for failure in found.failures:
            click.echo(f"{failure.table}: {failure.message}")
        if found.agrees:
            names = ", ".join(found.tables) or "no tables"
            click.echo(f"{found.source}, the definitions and the live tables agree: {names}.")
        for each in found.unresolved:
            if each.hint:
                invocation.say(f"Hint: {each.hint}")
    if found.failures:
        return 1
    return 0 if found.agrees else 3


def difference_text(difference: SideDifference, source: str) -> str:
    """A difference in a line: each side, and what it says."""
    names = {"file": source, "definition": "definition", "live": "live table"}
    parts, agreeing = [], [name for name in difference.sides if name in difference.agree]
    if agreeing:
        parts.append(f"{' and '.join(names[each] for each in agreeing)}: {_value(difference.sides[agreeing[0]])}")
    parts += [f"{names[each]}: {_value(said)}" for each, said in difference.sides.items() if each not in agreeing]
    where = f" {difference.path}" if difference.path else ""
    return f"{difference.table}{where}\n" + "\n".join(f"    {part}" for part in parts)


def _value(value: Any) -> str:
    if value is None:
        return "none"
    if value == {}:  # a setting that is on, and says no more
        return "on"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
