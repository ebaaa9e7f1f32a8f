"""What the page of a replacement asks before the application is switched to the other table, and the switch itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from dynasmith.console.job_runs import JobRuns, refuse_commands
from dynasmith.console.page import ActionAnswer, NextPage, PageDialog, PageRequest
from dynasmith.errors import RunError
from dynasmith.jobs.replacement_readiness import no_way_back_because, readiness
from dynasmith.jobs.replacement_report import Replacement
from dynasmith.project.project import world_of
from dynasmith.project.verbs.replacements.pointer_choice import project_pointers

FENCES: Final = ("policy", "none")
"""What a switch of this page stops writes with; a hook is a command, and pages run none."""


def ask_to_cut_over(request: PageRequest) -> ActionAnswer:
    """What a cut-over needs to know, and what it does."""
    report = _ready(request)
    pointers = [each for each in _pointers(request, report.source_table) if not each.startswith("hook:")]
    return PageDialog(
        "replacement_cutover.html",
        _facts(report)
        | {
            "pointers": pointers,
            "command": request.command("replace", "cutover", report.job.id, "--pointer", "file:PATH"),
        },
    )


def cut_over(request: PageRequest) -> ActionAnswer:
    """Switch to the new table, in this console. Commands of the machine are run from the command line alone."""
    replacements, job, consent, form = request.project.replacements, request.names["job"], request.consent, request.form
    pointer, fence, report = form.text("pointer").strip() or None, form.text("fence"), _ready(request)
    meant = [pointer] if pointer else _pointers(request, report.source_table)
    _refuse_fence(fence, job, "cutover", *meant, *report.progress.fences.values())
    accept, write = form.text("accept-conflicts") == "yes", form.text("write") == "yes"
    request.console.kept(JobRuns).begin(
        lambda listener: replacements.cutover(
            job,
            pointer=pointer,
            fence=fence,
            accept_conflicts=accept,
            write=write,
            consent=consent,
            listener=listener,
        )
    )
    return NextPage(say="The cut-over has begun in this console.")


def ask_to_go_back(request: PageRequest) -> ActionAnswer:
    """What the way back needs to know, and what it does."""
    report = _in_use(request)
    return PageDialog(
        "replacement_back.html", _facts(report) | {"command": request.command("replace", "back", report.job.id)}
    )


def go_back(request: PageRequest) -> ActionAnswer:
    """Switch to the old table again, in this console; without the commands of the machine, too."""
    replacements, job, consent, form = request.project.replacements, request.names["job"], request.consent, request.form
    fence, progress = form.text("fence"), _in_use(request).progress
    _refuse_fence(fence, job, "back", progress.pointer, *progress.fences.values())
    accept, write = form.text("accept-conflicts") == "yes", form.text("write") == "yes"
    request.console.kept(JobRuns).begin(
        lambda listener: replacements.back(
            job, fence=fence, accept_conflicts=accept, write=write, consent=consent, listener=listener
        )
    )
    return NextPage(say="The switch back has begun in this console.")


def write_definition(request: PageRequest) -> ActionAnswer:
    """Give the definition the name of the table that is in use, after a switch that did not."""
    replacements, job = request.project.replacements, request.names["job"]
    progress = replacements.status(job).progress
    if progress.switched_at is None:
        raise RunError("The pointer is not switched yet.", hint="the definition names the table in use")
    report = (replacements.cutover if progress.new_in_use else replacements.back)(job, write=True)
    if report.definition is not None and not report.definition.written:
        raise RunError("The definition must be changed by hand.", hint=" ".join(report.definition.by_hand))
    return NextPage(say="The definition names the table that is in use.")


def _facts(report: Replacement) -> dict[str, object]:
    """What both dialogs show."""
    return {
        "source": report.source_table,
        "target": report.target_table,
        "fence": report.progress.fence,
        "goes_back": report.goes_back,
        "conflicts": report.progress.conflicts,
    }


def _ready(request: PageRequest) -> Replacement:
    """The replacement. Raises RunError where it is not ready to be cut over, whatever an older page showed."""
    report = request.project.replacements.status(request.names["job"])
    if why := readiness(report.progress, datetime.now(UTC)).not_ready_because:
        raise RunError(
            f"{report.source_table} is not ready to be cut over, because {why}.",
            hint="go on with the replacement, or compare again",
        )
    return report


def _in_use(request: PageRequest) -> Replacement:
    """The same of the way back."""
    report = request.project.replacements.status(request.names["job"])
    if why := no_way_back_because(report.progress, report.goes_back, datetime.now(UTC)):
        raise RunError(
            f"{report.target_table} cannot be switched back to {report.source_table}, because {why}.",
            hint="follow now, or compare again" if report.goes_back else "finish ends the replacement",
        )
    return report


def _refuse_fence(fence: str, job: str, verb: str, *others: str) -> None:
    """Raise UsageError for a fence that this page cannot put, and where a command would be run beside."""
    refuse_commands(("hook:" if fence not in FENCES else fence, *others), f"replace {verb} {job}")


def _pointers(request: PageRequest, table: str) -> Sequence[str]:
    """The pointers that the project file has for a table, by its own name and by that before it was replaced."""
    return project_pointers(world_of(request.project).settings, table)
