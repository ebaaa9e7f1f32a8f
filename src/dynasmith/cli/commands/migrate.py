"""`dynasmith migrate status | list | outstanding | up | down | to | all | repeat | rollback | run | ...`."""

from __future__ import annotations

from typing import Any

import click

from dynasmith.cli.remote_options import CONTINUE, remote_of, remote_options
from dynasmith.cli.shared_options import Invocation, print_json, verb
from dynasmith.cli.suggestions import VerbGroup


class MigrateGroup(VerbGroup):
    """A version in place of a verb means `to` that version."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command of the first argument; `to` for a version."""
        from dynasmith.migrations.version import parse_version

        if args and parse_version(args[0]) is not None:
            args = ["to", *args]
        return super().resolve_command(ctx, args)


@click.group("migrate", cls=MigrateGroup, epilog="Example: dynasmith migrate up")
def command() -> None:
    """Run versioned migrations, and show which are applied."""


LOCK_WAIT = click.option(
    "--lock-wait", type=click.FloatRange(0), default=60.0, metavar="SECONDS", help="Wait so long for another run."
)
RESTART_STEP = click.option(
    "--restart-step",
    type=click.IntRange(1),
    default=None,
    metavar="N",
    help="Start step N again; its function has changed.",
)
ACCEPT_CHANGED = click.option(
    "--accept-changed",
    multiple=True,
    metavar="VERSION",
    help="Take back an applied migration by its file as it is now; repeatable.",
)
ROLLBACK_ON_FAILURE = click.option(
    "--rollback-on-failure", is_flag=True, help="Where one fails, take back all that this run did."
)
OUT_OF_ORDER = click.option(
    "--out-of-order", is_flag=True, help="Let a migration run that is below the current version."
)


@verb("status", example="dynasmith migrate status")
@remote_options
def status(invocation: Invocation, **options: Any) -> int:
    """Print the current version (0.0.0 if none is applied). What needs a look goes to stderr."""
    from dynasmith.cli.migration_report import status_json

    found = invocation.shown(_migrations(invocation, options).status())
    if invocation.as_json:
        print_json(status_json(found))
        return 0
    click.echo(found.current)
    for row in found.open:
        reason = f": {row.last.error}" if row.last is not None and row.last.error else ""
        invocation.say(f"{row.key} is {row.state}{reason}")
    if found.outstanding:
        invocation.say(f"{len(found.outstanding)} outstanding: {', '.join(found.outstanding)}")
    for key in found.changed:
        invocation.say(f"Warning: {key} was changed after it was applied.")
    for key in found.missing:
        invocation.say(f"Warning: {key} is applied, and its file is not here.")
    for key in found.out_of_order:
        invocation.say(f"Warning: {key} comes before {found.current} and is not applied.")
    for note in found.notes:
        invocation.say(f"Note: {note}")
    if found.lock.state != "free":
        invocation.say(f"{found.lock.who} runs `migrate {found.lock.command}` (run {found.lock.run}).")
    return 0


@verb("list", example="dynasmith migrate list")
@click.option("--named", is_flag=True, help="List migrations without a version.")
@remote_options
def list_(invocation: Invocation, named: bool, **options: Any) -> int:
    """List migrations in their order, with state and time. With --quiet only the versions that are applied, one a line;
    what failed, was interrupted or changed goes to stderr."""
    from dynasmith.cli.migration_report import attention_line, row_json, row_line

    rows = invocation.shown(_migrations(invocation, options).list(named=named))
    if invocation.as_json:
        print_json([row_json(row) for row in rows])
    elif invocation.quiet:
        for row in rows:
            if row.state in ("applied", "marked"):
                click.echo(row.key)
            if line := attention_line(row):
                click.echo(line, err=True)
    elif not rows:
        invocation.say("No migrations.")
    else:
        for row in rows:
            click.echo(row_line(row))
    return 0


@verb("outstanding", example="dynasmith migrate outstanding")
@click.option("--named", is_flag=True, help="Migrations without a version that never ran.")
@remote_options
def outstanding(invocation: Invocation, named: bool, **options: Any) -> int:
    """Print what is not applied, one version a line, or `none`."""
    found = _migrations(invocation, options).outstanding(named=named)
    if invocation.as_json:
        print_json(list(found))
        return 0
    for key in found or ("none",):
        click.echo(key)
    return 0


@verb("up", example="dynasmith migrate up")
@click.argument("count", type=click.IntRange(1), default=1)
@OUT_OF_ORDER
@RESTART_STEP
@ROLLBACK_ON_FAILURE
@LOCK_WAIT
@remote_options
@CONTINUE
def up(invocation: Invocation, count: int, **options: Any) -> int:
    """Apply the next migration, or the next COUNT. One that was stopped goes on first."""
    return _run(invocation, "up", str(count), options)


@verb("down", example="dynasmith migrate down")
@click.argument("count", type=click.IntRange(1), default=1)
@ACCEPT_CHANGED
@RESTART_STEP
@LOCK_WAIT
@remote_options
@CONTINUE
def down(invocation: Invocation, count: int, **options: Any) -> int:
    """Take back the migration that was applied last, or the last COUNT."""
    return _run(invocation, "down", str(count), options)


@verb("to", example="dynasmith migrate to 0.1.3")
@click.argument("version")
@OUT_OF_ORDER
@ACCEPT_CHANGED
@RESTART_STEP
@ROLLBACK_ON_FAILURE
@LOCK_WAIT
@remote_options
@CONTINUE
def to(invocation: Invocation, version: str, **options: Any) -> int:
    """Apply or take back migrations until VERSION is the current one. 0.0.0 takes all back."""
    return _run(invocation, "to", version, options)


@verb("all", example="dynasmith migrate all")
@OUT_OF_ORDER
@RESTART_STEP
@ROLLBACK_ON_FAILURE
@LOCK_WAIT
@remote_options
@CONTINUE
def all_(invocation: Invocation, **options: Any) -> int:
    """Apply every outstanding migration."""
    return _run(invocation, "all", "", options)


@verb("repeat", example="dynasmith migrate repeat")
@ACCEPT_CHANGED
@LOCK_WAIT
@remote_options
@CONTINUE
def repeat(invocation: Invocation, **options: Any) -> int:
    """Take back the last migration and apply it again."""
    return _run(invocation, "repeat", "", options)


@verb("rollback", example="dynasmith migrate rollback")
@click.option("--run", "run_id", default="", metavar="RUN", help="Another run than the last.")
@ACCEPT_CHANGED
@LOCK_WAIT
@remote_options
@CONTINUE
def rollback(invocation: Invocation, run_id: str, **options: Any) -> int:
    """Take back all that the last run applied, the newest first."""
    return _run(invocation, "rollback", run_id, options)


@verb("run", example="dynasmith migrate run stamp")
@click.argument("name")
@RESTART_STEP
@LOCK_WAIT
@remote_options
@CONTINUE
def run(invocation: Invocation, name: str, **options: Any) -> int:
    """Run a migration without a version; it may run again and again."""
    return _run(invocation, "run", name, options)


@verb("reset", example="dynasmith migrate reset")
@LOCK_WAIT
@remote_options
@CONTINUE
def reset(invocation: Invocation, **options: Any) -> int:
    """Run latest.py, which makes the tables as after the last migration. Refused in a protected environment."""
    return _run(invocation, "reset", "", options)


PREFLIGHT_CODES = ("rehearsal", "way-back", "alarms", "traffic", "people", "backup", "staging")


@verb("preflight", example="dynasmith migrate preflight --env prod --accept traffic")
@click.option(
    "--accept",
    multiple=True,
    type=click.Choice(PREFLIGHT_CODES),
    help="A question of which a no is accepted (repeatable).",
)
@remote_options
def preflight(invocation: Invocation, accept: tuple[str, ...], **options: Any) -> int:
    """Answer seven questions before a migration of production: yes, no, or only you know. Exits 3 where an answer is no
    that --accept does not name."""
    from dynasmith.cli.migration_report import as_json

    answers = _migrations(invocation, options).preflight()
    refused = [each.code for each in answers if each.answer == "no" and each.code not in accept]
    if invocation.as_json:
        print_json(as_json(answers))
        return 3 if refused else 0
    for each in answers:
        click.echo(f"{each.answer:<14} {each.point}{f' ({each.why})' if each.why else ''}")
    if not answers:
        invocation.say("Nothing is outstanding.")
    if refused:
        flags = " ".join(f"--accept {code}" for code in refused)
        invocation.say(f"Not ready: {_counted(refused)}. To go on anyway: {flags}")
    return 3 if refused else 0


def _counted(refused: list[str]) -> str:
    return f"the answer to {len(refused)} question{'s' * (len(refused) > 1)} is no"


@verb("generate", example='dynasmith migrate generate "Split the name"')
@click.argument("message", default="")
@click.option("--bump", default="patch", metavar="PART", help="major, minor, patch or a version.")
@click.option("--from-plan", is_flag=True, help="Write what differs between definitions and live tables into it.")
def generate(invocation: Invocation, message: str, bump: str, from_plan: bool) -> int:
    """Write the file of a new migration."""
    path = invocation.project().migrations.generate(message, bump=bump, from_plan=from_plan)
    if invocation.as_json:
        print_json(str(path))
    else:
        click.echo(str(path))
    return 0


@verb("mark", example="dynasmith migrate mark 0.1.3 --through")
@click.argument("version", required=False)
@click.option("--through", is_flag=True, help="And every version before it.")
@click.option("--undo", is_flag=True, help="Mark it as not applied.")
@click.option("--from-onetable", metavar="TABLE", help="Mark what OneTable Migrate applied, by its history in TABLE.")
def mark(invocation: Invocation, version: str | None, through: bool, undo: bool, from_onetable: str | None) -> int:
    """Write into the history that VERSION is applied, without running it."""
    from dynasmith.cli.migration_report import as_json, event_line
    from dynasmith.cli.onetable_marks_report import mark_from_onetable, refuse_both

    refuse_both(version, from_onetable, more=through or undo)
    if version is None:
        return mark_from_onetable(invocation, str(from_onetable))
    events = invocation.shown(invocation.project().migrations.mark(version, through=through, undo=undo))
    if invocation.as_json:
        print_json(as_json(events))
        return 0
    for event in events:
        invocation.say(event_line(event))
    if not events:
        invocation.say("Nothing to mark.")
    return 0


@verb("show", example="dynasmith migrate show 0.1.3")
@click.argument("migration", metavar="VERSION|NAME")
@remote_options
def show(invocation: Invocation, migration: str, **options: Any) -> int:
    """Show what happened to one migration: its runs, jobs, units, and what it said."""
    from dynasmith.cli.migration_report import as_json, event_details

    events = invocation.shown(_migrations(invocation, options).show(migration))
    if invocation.as_json:
        print_json(as_json(events))
        return 0
    for event in events:
        for line in event_details(event):
            click.echo(line)
    return 0


@verb("verify", example="dynasmith migrate verify")
@remote_options
def verify(invocation: Invocation, **options: Any) -> int:
    """Compare files and history; exit 3 where they do not agree."""
    found = _migrations(invocation, options).verify()
    if invocation.as_json:
        print_json(list(found))
    else:
        for line in found:
            click.echo(line)
        if not found:
            invocation.say("Files and history agree.")
    return 3 if found else 0


@verb("unlock", example="dynasmith migrate unlock --yes")
def unlock(invocation: Invocation) -> int:
    """Take the lock from a run that holds it; what it still writes does not count."""
    from dynasmith.cli.migration_report import as_json

    lock = invocation.project().migrations.unlock()
    if invocation.as_json:
        print_json(as_json(lock))
    else:
        invocation.say(f"Took the lock from {lock.who} (run {lock.run}).")
    return 0


def _run(invocation: Invocation, name: Any, argument: str, options: dict[str, Any]) -> int:
    """Show the path, ask, and run it; or show what it would do."""
    from dynasmith.cli.flow_report import FlowProgressView
    from dynasmith.cli.migration_question import before_question, is_asked
    from dynasmith.cli.migration_report import as_json, event_line, path_lines
    from dynasmith.project.redaction import HIDDEN

    remote = remote_of(invocation, options)
    if remote is not None:
        return _run_remote(invocation, remote, name, argument, options)
    migrations = invocation.project().migrations
    chosen = {
        "accept_changed": options.get("accept_changed", ()),
        "out_of_order": options.get("out_of_order", False),
    }
    path = migrations.path(name, argument, **chosen)
    if not path:
        return _nothing(invocation, migrations.status().current)
    if invocation.dry_run:
        return _rehearsed(invocation, invocation.shown(migrations.rehearse(name, argument, **chosen)))
    rehearsal = None
    if is_asked(invocation):
        rehearsal = before_question(invocation, lambda: migrations.rehearse(name, argument, **chosen))
    if rehearsal is None:
        for line in path_lines(path):
            invocation.say(line)

    def line_of(said: Any) -> str:
        """An event as a sentence, or a line of the migration's own, which may repeat values."""
        if not isinstance(said, str):
            return event_line(said)
        return HIDDEN if invocation.redact else said

    with FlowProgressView(invocation.words(), redact=invocation.redact) as shown:
        events = migrations.run(
            name,
            argument,
            **chosen,
            rollback_on_failure=options.get("rollback_on_failure", False),
            restart_step=options.get("restart_step") or 0,
            lock_wait=options["lock_wait"],
            rehearsed=rehearsal,
            listener=shown,
            told=lambda said: invocation.say(line_of(said)),
        )
    current = migrations.status().current
    if invocation.as_json:
        print_json({"events": as_json(invocation.shown(events)), "current": current})
    else:
        invocation.say(f"Current version: {current}")
    return 3 if any(event.counts.dead for event in events) else 0


def _run_remote(invocation: Invocation, remote: Any, name: Any, argument: str, options: dict[str, Any]) -> int:
    """The same in a function."""
    from dynasmith.cli.migration_report import as_json
    from dynasmith.cli.remote_report import ask_lines, progress_line, result_line

    migrations = remote.migrations
    chosen = {
        "accept_changed": options.get("accept_changed", ()),
        "out_of_order": options.get("out_of_order", False),
    }
    if invocation.dry_run:
        return _rehearsed(invocation, invocation.shown(migrations.rehearse(name, argument, **chosen)))
    results = migrations.run(
        name,
        argument,
        **chosen,
        rollback_on_failure=options.get("rollback_on_failure", False),
        restart_step=options.get("restart_step") or 0,
        lock_wait=options["lock_wait"],
        continue_run=options["continue_run"],
        asked=lambda ask: invocation.say("\n".join(ask_lines(invocation.shown(ask)))),
        told=lambda said: invocation.say(progress_line(invocation, said)),
    )
    current = migrations.status().current
    if not results:
        return _nothing(invocation, current)
    if invocation.as_json:
        print_json({"events": as_json(results), "current": current})
    else:
        for result in results:
            invocation.say(result_line(result))
        invocation.say(f"Current version: {current}")
    return 3 if any(result.counts.dead for result in results) else 0


def _migrations(invocation: Invocation, options: dict[str, Any]) -> Any:
    """Migrations, here or in a function."""
    remote = remote_of(invocation, options)
    return invocation.project().migrations if remote is None else remote.migrations


def _nothing(invocation: Invocation, current: str) -> int:
    if invocation.as_json:
        print_json({"events": [], "current": current})
    else:
        invocation.say(f"Nothing to do. Current version: {current}")
    return 0


def _rehearsed(invocation: Invocation, rehearsal: Any) -> int:
    from dynasmith.cli.migration_report import estimate_line, rehearsal_json, rehearsal_lines

    if invocation.as_json:
        print_json(rehearsal_json(rehearsal))
        return 0
    for line in rehearsal_lines(rehearsal):
        click.echo(line)
    if estimate := estimate_line(rehearsal):
        click.echo(estimate)
    for called in rehearsal.called:
        invocation.say(f"Warning: {called}.")
    if rehearsal.destroys:
        names = " ".join(f"--confirm {name}" for name in rehearsal.destroys)
        invocation.say(f"Items are deleted: the run needs {names}.")
    for note in rehearsal.notes:
        invocation.say(f"Note: {note}.")
    invocation.say(f"Dry run: {rehearsal.closing}.")
    return 0


for each in (
    status, list_, outstanding, up, down, to, all_, repeat, rollback, run, reset, preflight, generate, mark, show,
    verify, unlock,
):  # fmt: skip
    command.add_command(each)
