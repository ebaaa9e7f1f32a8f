"""The pages Replacements: tables that are replaced while they are in use, and of one its states, its lag, its keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from dynasmith.console.job_runs import JobRuns, refuse_hooks
from dynasmith.console.job_words import STATES, ago, utc_text
from dynasmith.console.markup import duration
from dynasmith.console.page import (
    ActionAnswer,
    ConsolePage,
    LiveBlocks,
    NextPage,
    PageAction,
    PageDialog,
    PageRequest,
    path_of,
)
from dynasmith.errors import RunError, UsageError
from dynasmith.jobs.replacement_progress import STATES as STEPS
from dynasmith.jobs.replacement_progress import ReplacementProgress
from dynasmith.jobs.replacement_readiness import readiness
from dynasmith.jobs.replacement_report import Replacement
from dynasmith.jobs.spec import Replace
from dynasmith.project.project import world_of
from dynasmith.project.redaction import HIDDEN
from dynasmith.project.verbs.replacements.pointer_choice import project_pointers

FENCES: Final = ("policy", "none")
"""What a cut-over of this page stops writes with; a hook is a command, and pages run none."""
_BEFORE: Final = STEPS[: STEPS.index("cutover")]
_ASIDE: Final = ("cutover back", "aborted")
"""States that the way of a replacement does not lead through."""
WORDS: Final = {
    "planned": "a safety point is made",
    "target": "the new table is created",
    "capturing": "changes are captured",
    "copying": "every item is copied",
    "draining": "changes since then are applied",
    "following": "each change is followed",
    "verified": "both tables were compared",
    "cutover": "writes are stopped, the pointer is switched",
    "following back": "the new table is in use",
    "cutover back": "writes are stopped, the pointer is switched back",
    "finished": "the rest of the definition is applied",
    "aborted": "ended before the cut-over",
}


def list_view(request: PageRequest) -> Mapping[str, Any]:
    """The replacements of the ledger, the newest first."""
    now = datetime.now(UTC)
    rows = [
        {
            "id": job.id,
            "path": path_of("replacements", job.id),
            "source": job.spec.source.table,
            "target": job.spec.target.table,
            "state": STATES[job.state],
            "step": job.spec.progress.state,
            "words": WORDS[job.spec.progress.state],
            "dirty": job.spec.progress.keys.dirty,
            "blocked": job.spec.progress.keys.blocked,
            "lag": job.spec.progress.keys.lag_seconds,
            "started": utc_text(job.started_at),
            "ago": ago(job.started_at, now),
        }
        for job in reversed(request.project.jobs.list())
        if isinstance(job.spec, Replace)
    ]
    return {"rows": rows, "command": request.command("replace", "status", "last")}


def view(request: PageRequest) -> Mapping[str, Any]:
    """One replacement: its states as a rail, what is known of its keys, and whether it may be cut over."""
    report = request.project.replacements.status(request.names["job"])
    progress, job, now = report.progress, report.job, datetime.now(UTC)
    hides = request.console.hides
    found = readiness(progress, now)
    may = job.state in ("waiting", "interrupted", "failed")
    return {
        "id": job.id,
        "job_path": path_of("jobs", job.id),
        "copy_path": path_of("jobs", progress.copy_job) if progress.copy_job else "",
        "copy_job": progress.copy_job,
        "source": report.source_table,
        "target": report.target_table,
        "job_state": STATES[job.state],
        "reason": request.console.masks(HIDDEN if hides and job.reason else job.reason),
        "rail": _rail(progress),
        "why": found.not_ready_because,
        "warning": found.warning,
        "figures": _figures(progress),
        "blocked": [
            (HIDDEN if hides else each.key, HIDDEN if hides else each.reason) for each in progress.keys.first_blocked
        ],
        "blocked_more": max(0, progress.keys.blocked - len(progress.keys.first_blocked)),
        "captured": utc_text(progress.keys.captured_at) if progress.keys.captured_at else "",
        "captured_ago": ago(progress.keys.captured_at, now) if progress.keys.captured_at else "",
        "verified": utc_text(progress.verified_at) if progress.verified_at else "",
        "safety": progress.safety,
        "arithmetic": report.counts.arithmetic,
        "definition": _definition(request, report),
        "may": _may(report) if may else [],
        "commands": _commands(request, report, ready=not found.not_ready_because),
        "over": job.over,
    }


def _definition(request: PageRequest, report: Replacement) -> Mapping[str, Any] | None:
    """The change that the definition needs since the switch; None where it needs none."""
    patch = report.definition
    if patch is None:
        return None
    return {
        "old": patch.old_name,
        "new": patch.new_name,
        "diff": HIDDEN if request.console.hides and patch.diff else patch.diff,
        "sentences": [*patch.by_hand, *patch.notes],
        "command": "" if patch.by_hand else request.command("replace", "cutover", report.job.id, "--write"),
    }


def _may(report: Replacement) -> list[str]:
    """What may be done with it in the state in which it is."""
    progress = report.progress
    if progress.state in _BEFORE:
        return ["resume", "verify", *(["ask-to-cut-over"] if progress.state == "verified" else []), "abort"]
    if progress.state == "cutover":  # one that was killed: writes may be stopped
        return ["resume", *([] if progress.switches else ["abort"])]
    if progress.state == "cutover back":
        return ["resume"]
    if progress.state == "following back":
        return [*(["resume", "back"] if report.goes_back else []), "finish"]
    return []


def _commands(request: PageRequest, report: Replacement, *, ready: bool) -> list[tuple[str, str]]:
    """The command lines of what the page shows and does."""
    job = report.job.id
    words = {
        "resume": ("Go on with it", ("jobs", "resume", job)),
        "verify": ("Compare both tables again", ("replace", "verify", job)),
        "ask-to-cut-over": ("Cut over", ("replace", "cutover", job, "--pointer", "file:PATH")),
        "abort": ("End it, both tables stay", ("replace", "abort", job)),
        "back": ("Go back to the old table", ("replace", "back", job)),
        "finish": ("Finish it", ("replace", "finish", job)),
    }
    shown = [words[name] for name in _may(report) if ready or name != "ask-to-cut-over"]
    return [("Show it", request.command("replace", "status", job))] + [
        (label, request.command(*line)) for label, line in shown
    ]


def _rail(progress: ReplacementProgress) -> list[dict[str, str]]:
    """Every state in its order: which are behind, which one it is in, which come."""
    aborted = progress.state == "aborted"
    steps = [each for each in STEPS if each not in _ASIDE or each == progress.state]
    here = steps.index(progress.state)
    return [
        {
            "name": step,
            "words": WORDS[step],
            "place": "passed" if number < here and not aborted else "here" if number == here else "ahead",
            "icon": "check" if number < here and not aborted else "play" if number == here else "dot",
        }
        for number, step in enumerate(steps)
    ]


def _figures(progress: ReplacementProgress) -> list[tuple[str, str, str]]:
    keys = progress.keys
    found = [
        ("Dirty keys", f"{keys.dirty:,}", "keys"),
        ("Blocked keys", f"{keys.blocked:,}", "keys"),
        ("Made equal", f"{keys.handled:,}", "keys"),
        ("Changes read", f"{keys.records:,}", "records"),
    ]
    if progress.differences is not None:
        found.append(("Last comparison", f"{progress.differences:,}", "differences"))
    if progress.foreign:
        found.append(("Of no source item", f"{progress.foreign:,}", "items"))
    if progress.conflicts:
        found.append(("Written to the table not in use", f"{progress.conflicts:,}", "keys"))
    return [("Lag", duration(keys.lag_seconds), ""), *found]


def resume(request: PageRequest) -> ActionAnswer:
    """Go on with it in this console."""
    refuse_hooks(request.project.jobs.show(request.names["job"]))
    jobs, job = request.project.jobs, request.names["job"]
    request.console.kept(JobRuns).begin(lambda listener: jobs.resume(job, listener=listener))
    return NextPage(say="The replacement goes on in this console, and ends with it.")


def verify(request: PageRequest) -> ActionAnswer:
    """Compare both tables again, in this console."""
    refuse_hooks(request.project.jobs.show(request.names["job"]))
    replacements, job = request.project.replacements, request.names["job"]
    request.console.kept(JobRuns).begin(lambda listener: replacements.verify(job, listener=listener))
    return NextPage(say="Both tables are compared.")


def ask_to_cut_over(request: PageRequest) -> ActionAnswer:
    """What a cut-over needs to know, and what it does."""
    report = _ready(request)
    return PageDialog(
        "replacement_cutover.html",
        {
            "source": report.source_table,
            "target": report.target_table,
            "goes_back": report.goes_back,
            "pointers": [each for each in _pointers(request, report.source_table) if not each.startswith("hook:")],
            "command": request.command("replace", "cutover", report.job.id, "--pointer", "file:PATH"),
        },
    )


def _ready(request: PageRequest) -> Replacement:
    """The replacement. Raises RunError where it is not ready to be cut over, whatever an older page showed."""
    report = request.project.replacements.status(request.names["job"])
    if why := readiness(report.progress, datetime.now(UTC)).not_ready_because:
        raise RunError(
            f"{report.source_table} is not ready to be cut over, because {why}.",
            hint="go on with the replacement, or compare again",
        )
    return report


def cut_over(request: PageRequest) -> ActionAnswer:
    """Switch the pointer, in this console. Commands of the machine are run from the command line alone."""
    replacements, job, consent = request.project.replacements, request.names["job"], request.consent
    pointer, fence = request.form.text("pointer").strip() or None, request.form.text("fence")
    source = _ready(request).source_table
    meant = [pointer] if pointer else _pointers(request, source)
    if fence not in FENCES or any(each.startswith("hook:") for each in meant):
        raise UsageError("A page runs no commands.", hint="use the command line for a hook: dynasmith replace cutover")
    request.console.kept(JobRuns).begin(
        lambda listener: replacements.cutover(job, pointer=pointer, fence=fence, consent=consent, listener=listener)
    )
    return NextPage(say="The cut-over has begun in this console.")


def _pointers(request: PageRequest, table: str) -> Sequence[str]:
    """The pointers that the project file has for a table, by its own name and by that before it was replaced."""
    return project_pointers(world_of(request.project).settings, table)


def back(request: PageRequest) -> ActionAnswer:
    """Switch the application to the old table again, by the pointer and the fence of the cut-over."""
    refuse_hooks(request.project.jobs.show(request.names["job"]))
    replacements, job, consent = request.project.replacements, request.names["job"], request.consent
    request.console.kept(JobRuns).begin(lambda listener: replacements.back(job, consent=consent, listener=listener))
    return NextPage(say="The way back has begun in this console.")


def finish(request: PageRequest) -> ActionAnswer:
    """Apply the rest of the definition after a cut-over."""
    refuse_hooks(request.project.jobs.show(request.names["job"]))
    replacements, job, consent = request.project.replacements, request.names["job"], request.consent
    request.console.kept(JobRuns).begin(lambda listener: replacements.finish(job, consent=consent, listener=listener))
    return NextPage(say="The replacement is being finished.")


def abort(request: PageRequest) -> ActionAnswer:
    """End it before its cut-over."""
    refuse_hooks(request.project.jobs.show(request.names["job"]))
    replacements, job, consent = request.project.replacements, request.names["job"], request.consent
    request.console.kept(JobRuns).begin(lambda listener: replacements.abort(job, consent=consent, listener=listener))
    return NextPage(say="The replacement is ended. Both tables stay.")


list_page = ConsolePage(
    path="/replacements",
    title="Replacements",
    template="replacements.html",
    view=list_view,
    label="Replace",
    order=80,
    icon="swap",
    live=LiveBlocks(("list",), seconds=2.0),
)
page = ConsolePage(
    path="/replacements/{job}",
    title="Replacement",
    template="replacement.html",
    view=view,
    under="/replacements",
    live=LiveBlocks(("state", "actions", "figures")),
    actions={
        "resume": PageAction(resume),
        "verify": PageAction(verify),
        "ask-to-cut-over": PageAction(ask_to_cut_over),
        "cut-over": PageAction(cut_over),
        "back": PageAction(back),
        "finish": PageAction(finish),
        "abort": PageAction(abort),
    },
)
