"""`dynasmith apply`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dynasmith.cli.commands.plan import refuse_without_prune, split_words
from dynasmith.cli.shared_options import Invocation, print_json, verb
from dynasmith.cli.wait_options import NOT_THERE_YET, Duration, wait_options, waiting
from dynasmith.errors import DynasmithError, FileFormatError, RunError, SeveralFailed, UsageError

if TYPE_CHECKING:
    from dynasmith import ApplyReport
    from dynasmith.plans.consent import Consent
    from dynasmith.plans.plan import Plan
    from dynasmith.project.project import Project


@verb("apply", example="dynasmith apply orders --yes")
@click.argument("tables", nargs=-1, metavar="[TABLE...]")
@click.option("--plan", "plan_file", metavar="FILE", help="Apply this plan. Refused if the tables have changed since.")
@click.option("--prune", is_flag=True, help="Also remove indexes, replicas and tags that are not in the definition.")
@click.option(
    "--rebuild-index", multiple=True, metavar="NAME", help="Delete this changed index and create it again; repeatable."
)
@click.option(
    "--allow-delete-items", is_flag=True, help="With --prune: also delete items that are not in the definition."
)
@click.option("--only", multiple=True, metavar="SETTING", help="Change only these settings, such as autoscaling,items.")
@click.option("--detach", is_flag=True, help="Make it a job that needs no process: jobs resume continues it.")
@click.option(
    "--for", "duration", type=Duration(), metavar="DURATION", help="With --detach: work this long, such as 25m."
)
@click.option("--outputs", metavar="FILE", help="Then write ARNs, keys and streams to FILE, as JSON.")
@wait_options
def command(
    invocation: Invocation,
    tables: tuple[str, ...],
    plan_file: str | None,
    outputs: str | None,
    detach: bool,
    duration: timedelta | None,
    no_wait: bool,
    wait_timeout: timedelta | None,
    **flags: Any,
) -> int:
    """Apply the planned changes, in an order that the service accepts. Works on several tables at once. Asks first."""
    if plan_file and tables:
        raise UsageError("apply takes tables or --plan, not both.", hint="the plan file names its tables")
    from dynasmith.cli.plan_json import plan_json

    project = invocation.project()
    prune, delete = bool(flags["prune"]), bool(flags["allow_delete_items"])
    if plan_file:
        if flags["only"]:
            raise UsageError(
                "apply takes --only or --plan, not both.", hint="the plan file holds the choices that it was made with"
            )
        plan = _read_plan(Path(plan_file))
        # The plan was made with --prune, and the file holds what it would remove.
        made = any(table.prune for table in plan.tables)
        if (prune or delete) and not made:
            raise UsageError("The plan was made without --prune.", hint=f"dynasmith plan --prune --out {plan_file}")
        prune = made
    else:
        refuse_without_prune(flags)
        invocation.warn()
        plan = project.plan(tables, prune=prune, allow_delete_items=delete, only=split_words(flags["only"]))
    consent = invocation.consent(
        prune=prune, rebuild_indexes=frozenset(flags["rebuild_index"]), allow_delete_items=delete
    )
    waits = waiting(no_wait, wait_timeout)
    if detach:
        _refuse_with_detach(no_wait=no_wait, wait_timeout=wait_timeout, outputs=outputs)
        return _detached(invocation, project, plan, consent, duration)
    if duration is not None:
        raise UsageError("--for is how long a detached apply works now.", hint="add --detach, or use --wait-timeout")
    report = _apply(invocation, project, plan, consent, fresh=not plan_file, **waits)
    failures = _failures(plan, report)
    exit_code = NOT_THERE_YET if report and any(each.unfinished for each in report.applied) else 0
    if outputs and not invocation.dry_run:
        _write_outputs(Path(outputs), project, [t.table for t in plan.tables if t.table not in failures])
        invocation.say(f"Outputs are in {outputs}.")
    if invocation.as_json:
        print_json(
            _json(invocation, plan, report, failures)
            | project.where.to_json()
            | ({"plan": plan_json(invocation.shown(plan), project.environment)} if invocation.dry_run else {})
        )
        return 1 if failures else exit_code
    if failures:
        raise SeveralFailed(failures, done=0 if report is None else len(report.applied))
    return exit_code


def _apply(
    invocation: Invocation, project: Project, plan: Plan, consent: Consent, *, fresh: bool, **waits: Any
) -> ApplyReport | None:
    """Show, ask, do. None where there was nothing to do, or under ``--dry-run``."""
    from dynasmith.cli.drawings import draw_plan
    from dynasmith.cli.progress import StepProgressView
    from dynasmith.plans.consent import refuse_unknown_indexes
    from dynasmith.plans.refusal import impossible

    if not invocation.as_json:
        # Who answers beforehand sees the steps as they are done.
        draw_plan(invocation.words(), invocation.shown(plan), project.environment, steps=not consent.yes)
    refused = impossible(plan)
    busy = any((table.steps or table.changes) and table not in refused for table in plan.tables)
    if invocation.dry_run or not (busy or refused):
        refuse_unknown_indexes(plan, consent.rebuild_indexes)
    if invocation.dry_run and busy:
        invocation.say("Dry run: nothing was changed.")
    if invocation.dry_run or not (busy or refused):
        return None
    with StepProgressView(invocation.words(), redact=invocation.redact) as shown:
        return project.apply(plan, consent=consent, listener=shown, fresh=fresh, **waits)


def _refuse_with_detach(**options: Any) -> None:
    for name, value in options.items():
        if value:
            raise UsageError(
                f"--detach waits for nothing, and --{name.replace('_', '-')} is for what is there at the end.",
                hint="use one of them; dynasmith jobs wait waits for a job",
            )


def _detached(
    invocation: Invocation, project: Project, plan: Plan, consent: Consent, duration: timedelta | None
) -> int:
    """Show, ask, begin the job; 0 where it has begun or there is nothing to do."""
    from dynasmith import Detached
    from dynasmith.cli.drawings import draw_plan
    from dynasmith.cli.plan_json import plan_json
    from dynasmith.cli.progress import StepProgressView
    from dynasmith.cli.tick_report import show_tick

    if failures := _failures(plan, None):
        raise SeveralFailed(failures, done=0)
    if not invocation.as_json:
        draw_plan(invocation.words(), invocation.shown(plan), project.environment, steps=not consent.yes)
    if invocation.dry_run or not any(table.steps or table.changes for table in plan.tables):
        if invocation.dry_run:
            invocation.say("Dry run: nothing was changed, and no job began.")
        if invocation.as_json:
            print_json(plan_json(invocation.shown(plan), project.environment))
        return 0
    how = Detached(seconds=0.0 if duration is None else duration.total_seconds())
    with StepProgressView(invocation.words(), redact=invocation.redact) as shown:
        job = project.apply(plan, detach=how, consent=consent, listener=shown)
    return show_tick(invocation, project.jobs.progress(job.id))


def _read_plan(path: Path) -> Plan:
    from dynasmith.plans.plan import decode_plan

    try:
        document = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"The plan {path} cannot be read: {error.strerror}.", hint="dynasmith plan --out FILE"
        ) from error
    try:
        return decode_plan(document, str(path))
    except FileFormatError as error:
        raise UsageError(error.message, hint=error.hint) from error


def _failures(plan: Plan, report: ApplyReport | None) -> dict[str, DynasmithError]:
    from dynasmith.errors import Recorded

    failures: dict[str, DynasmithError] = dict(report.failures) if report else {}
    for failure in plan.failures:
        failures[failure.table] = Recorded(failure.code, failure.message, failure.hint)
    return failures


def _write_outputs(path: Path, project: Project, names: list[str]) -> None:
    """The outputs of the tables that are there now; RunError where the place cannot be written."""
    import json

    found = project.outputs(names) if names else ()
    try:
        path.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        sentence = f"What was planned is done, and the outputs cannot be written to {path}: {error.strerror}."
        raise RunError(sentence, hint=f"dynasmith outputs {' '.join(names)} --json") from error


def _json(
    invocation: Invocation, plan: Plan, report: ApplyReport | None, failures: dict[str, DynasmithError]
) -> dict[str, Any]:
    from dynasmith.cli.error_report import error_json
    from dynasmith.cli.plan_json import changes_json

    done = {applied.table: applied for applied in report.applied} if report else {}
    tables = invocation.shown(plan).tables
    shown = {name: invocation.shown_error(error) for name, error in failures.items()}
    return {
        "applied": [
            {
                "table": name,
                "changes": [c for table in tables if table.table == name for c in changes_json(table)],
                "steps": applied.steps_done,
                "seconds": round(applied.seconds, 3),
                "postponed": applied.postponed or None,
                "unfinished": applied.unfinished or None,
            }
            for name, applied in done.items()
        ],
        "failures": {name: error_json(error, invocation.complete) for name, error in shown.items()},
    }
