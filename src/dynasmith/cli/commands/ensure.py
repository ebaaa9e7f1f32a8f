"""`dynasmith ensure`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from dynasmith.cli.remote_options import remote_of, remote_options
from dynasmith.cli.shared_options import Invocation, print_json, refuse_given, verb
from dynasmith.cli.wait_options import NOT_THERE_YET, wait_options, waiting
from dynasmith.errors import RemoteFailure, SeveralFailed

if TYPE_CHECKING:
    from dynasmith.plans.plan import Plan
    from dynasmith.project.verbs.remote.remote_project import RemoteProject


@verb("ensure", example="dynasmith ensure --env local --config tables_config.json")
@click.argument("tables", nargs=-1, metavar="[TABLE...]")
@wait_options
@remote_options
def command(
    invocation: Invocation, tables: tuple[str, ...], no_wait: bool, wait_timeout: timedelta | None, **options: Any
) -> int:
    """Create missing tables. Reports existing tables that differ, and changes none. Never asks; safe to run twice."""
    from dynasmith.cli.error_report import error_json
    from dynasmith.cli.progress import StepProgressView
    from dynasmith.plans.explain import explain

    waits, remote = waiting(no_wait, wait_timeout), remote_of(invocation, options)
    if remote is not None:
        refuse_given("--no-remote", ("no_wait", "wait_timeout"))
        return _remote(invocation, remote, tables)
    project = invocation.project()
    invocation.warn()
    if invocation.dry_run:
        return _dry_run(invocation, project.plan(tables), project.environment)
    with StepProgressView(invocation.words(), redact=invocation.redact) as shown:
        done = project.ensure(tables, listener=shown, **waits)
    if invocation.as_json:
        failed = {name: invocation.shown_error(error) for name, error in done.failures.items()}
        print_json(
            {
                "created": list(done.created),
                "existing": list(done.existing),
                "differing": {
                    table.table: [explain(change).path for change in table.changes] for table in done.differing
                },
                "unfinished": done.unfinished,
                "unread": done.unread,
                "failures": {name: error_json(error, invocation.complete) for name, error in failed.items()},
            }
        )
        return 1 if done.failures else NOT_THERE_YET if done.unfinished else 0
    for name in done.created:
        if name not in done.unfinished:
            invocation.say(f"Created {name}.")
    differing = {table.table: table for table in done.differing}
    for name in done.existing:
        unread = done.unread.get(name, {})
        if name in differing:
            paths = ", ".join(explain(change).path for change in differing[name].changes)
            invocation.say(f"{name} exists and differs ({paths}): dynasmith plan {name}")
        else:
            invocation.say(f"{name} exists and matches its definition{', but for:' if unread else '.'}")
        for text in unread.values():
            invocation.say(f"  {text}.")
    if done.failures:
        raise SeveralFailed(done.failures, done=len(done.created) + len(done.existing))
    return NOT_THERE_YET if done.unfinished else 0


def _remote(invocation: Invocation, remote: RemoteProject, tables: tuple[str, ...]) -> int:
    """The same in a function."""
    from dynasmith.cli.remote_report import progress_line

    if invocation.dry_run:
        return _dry_run(invocation, remote.rehearse_ensure(tables), invocation.project().environment)
    done = remote.ensure(tables, told=lambda said: invocation.say(progress_line(invocation, said)))
    failed = {
        name: RemoteFailure(each.code, each.message, each.hint, each.exit) for name, each in done.failures.items()
    }
    if invocation.as_json:
        from msgspec import to_builtins

        print_json(to_builtins(done))
        return 1 if failed else NOT_THERE_YET if done.unfinished else 0
    for name in done.created:
        invocation.say(f"Created {name}.")
    for name in done.existing:
        paths = ", ".join(done.differing.get(name, ()))
        invocation.say(f"{name} exists and " + (f"differs ({paths})." if paths else "matches its definition."))
    if failed:
        raise SeveralFailed(failed, done=len(done.created) + len(done.existing))
    return NOT_THERE_YET if done.unfinished else 0


def _dry_run(invocation: Invocation, plan: Plan, environment: str) -> int:
    """The creations only: what exists is never changed, so its differences are said and not planned."""
    from msgspec.structs import replace

    from dynasmith.cli.drawings import draw_plan
    from dynasmith.cli.plan_json import plan_json

    plan = invocation.shown(plan)
    absent = replace(plan, tables=tuple(table for table in plan.tables if not table.exists))
    if invocation.as_json:
        print_json(plan_json(absent, environment))
        return 0
    draw_plan(invocation.page(), absent, environment)
    for table in plan.tables:
        if table.exists:
            said = f"differs: dynasmith plan {table.table}" if table.changes else "matches its definition."
            invocation.say(f"{table.table} exists and {said}")
    return 0
