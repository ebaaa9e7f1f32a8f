"""`dynasmith retire`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from dynasmith.cli.shared_options import Invocation, print_json, verb
from dynasmith.errors import SeveralFailed, UsageError

if TYPE_CHECKING:
    from dynasmith.plans.retirement import RetirementStep
    from dynasmith.ports.listener import Event, Listener
    from dynasmith.project.project import Project


@verb("retire", example="dynasmith retire orders --export retired/orders --confirm orders")
@click.argument("tables", nargs=-1, metavar="[TABLE...]")
@click.option("--all", "everything", is_flag=True, help="Retire every defined table.")
@click.option(
    "--export", "folder", metavar="FOLDER", help="Export each table to FOLDER/TABLE first, and verify the export."
)
@click.option("--backup", is_flag=False, flag_value="", default=None, metavar="[NAME]",
              help="Make a last backup of each table, and wait for it; default <table>-YYYYmmdd-HHMMSS.")  # fmt: skip
@click.option("--no-export", is_flag=True, help="Do not export: without --backup too, the items are lost.")
def command(
    invocation: Invocation,
    tables: tuple[str, ...],
    everything: bool,
    folder: str | None,
    backup: str | None,
    no_export: bool,
) -> int:
    """Export or back up tables a last time, remove what dynasmith made around them in every Region, then delete them.
    You type each name to confirm. Stopped halfway, run it again."""
    from dynasmith.cli.flow_report import FlowProgressView

    _check(tables, everything, folder, backup, no_export)
    project = invocation.project()
    names = _defined(project) if everything else list(dict.fromkeys(map(project.physical, tables)))
    exports = {name: f"{folder}/{name}" if folder else None for name in names}
    invocation.say(f"In {project.where}:")
    saved: bool | str = backup is not None and (backup or True)
    if invocation.dry_run:
        found = project.retirements(exports, backup=saved)
        for each in found:
            _list(invocation, each.table, each.steps)
        if invocation.as_json:
            print_json([each.to_json() | {"export": exports[each.table]} | project.where.to_json() for each in found])
        return 0
    with FlowProgressView(invocation.words(), redact=invocation.redact) as shown:
        report = _Report(invocation, shown)
        failed = report.take(project, exports, saved)
    if invocation.as_json:
        print_json([each | project.where.to_json() for each in report.entries(failed)])
        return 1 if failed else 0
    if failed is not None:
        raise failed
    return 0


def _check(tables: Sequence[str], everything: bool, folder: str | None, backup: str | None, no_export: bool) -> None:
    if no_export is bool(folder) and (folder or backup is None):
        raise UsageError(
            "retire needs --export FOLDER, --backup or --no-export.",
            hint="--export FOLDER keeps the items in files, --backup with the service; --no-export deletes them",
        )
    if bool(tables) == everything:
        raise UsageError("retire needs table names or --all, not both.", hint="dynasmith retire TABLE... | --all")
    if everything and backup:
        raise UsageError(
            f"--backup {backup} names the backup of one table, and --all retires every one.",
            hint="--backup without a name calls each backup after its table and the time",
        )


class _Report:
    """A listener that shows what will be done before it is asked for, and each step as it is done."""

    def __init__(self, invocation: Invocation, shown: Listener) -> None:
        self._invocation = invocation
        self._shown = shown
        self._steps: dict[str, list[dict[str, Any]]] = {}
        self._done: dict[str, dict[str, Any]] = {}

    def __call__(self, event: Event) -> None:
        from dynasmith.ports.listener import RetirementFound, RetirementStepDone

        if isinstance(event, RetirementFound):
            _list(self._invocation, event.table, event.steps)
        elif isinstance(event, RetirementStepDone):
            self._steps.setdefault(event.table, []).append(event.step.to_json())
            if event.step.state == "done":
                self._invocation.say(f"Done: {event.step.what} ({event.step.region}).")
        else:
            self._shown(event)

    def take(self, project: Project, exports: dict[str, str | None], backup: bool | str) -> SeveralFailed | None:
        """Retire the tables; what failed of several, if any."""
        try:
            for retired in project.retire_tables(exports, backup=backup, listener=self):
                name = retired["table"]
                self._done[name] = retired
                kept = [each for each in (retired["export"], retired["backup"]) if each]
                if any(step["state"] == "done" for step in retired["steps"]):
                    self._invocation.say(
                        f"Retired {name}" + (f"; its items are in {' and '.join(kept)}." if kept else ".")
                    )
        except SeveralFailed as error:
            return error
        return None

    def entries(self, failed: SeveralFailed | None) -> list[dict[str, Any]]:
        """One object a table: what was done, and for one that failed the error and the steps that were done."""
        from dynasmith.cli.error_report import error_json

        failures = {} if failed is None else failed.failures
        return [
            *self._done.values(),
            *(
                {
                    "table": name,
                    "steps": self._steps.get(name, []),
                    "error": error_json(self._invocation.shown_error(error), self._invocation.complete),
                }
                for name, error in failures.items()
            ),
        ]


def _list(invocation: Invocation, table: str, steps: Sequence[RetirementStep]) -> None:
    """What will be done to a table and what stays, in order; what is not there is not shown."""
    if any(step.state == "planned" for step in steps):
        invocation.say(f"To retire {table}:")
    else:
        invocation.say(f"Nothing to retire: table {table} is gone, and so is what dynasmith made around it.")
    for step in steps:
        if step.state == "planned":
            invocation.say(f"  {step.region}: {step.what}")
    for step in steps:
        if step.state == "left":
            invocation.say(f"  {step.region}: {step.what}: {step.why}")


def _defined(project: Project) -> list[str]:
    """Every defined table: of one that is gone something may be left. Raises UsageError where none is defined."""
    names = [table.name for table in project.tables()]
    if not names:
        raise UsageError("No table is defined.", hint="name the tables: dynasmith retire TABLE...")
    return names
