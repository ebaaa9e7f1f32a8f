"""The pages Replacements: tables that are replaced while they are in use, and of one its states, its lag, its keys."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from dynasmith.console.job_runs import JobRuns, refuse_hooks
from dynasmith.console.job_words import STATES, ago, utc_text
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
from dynasmith.console.replacement_drawing import (
    WORDS,
    command_lines,
    figures,
    notice,
    offered_actions,
    rail,
    resume_label,
    tables,
)
from dynasmith.console.replacement_switches import (
    ask_to_cut_over,
    ask_to_go_back,
    cut_over,
    go_back,
    write_definition,
)
from dynasmith.jobs.replacement_readiness import no_way_back_because, readiness
from dynasmith.jobs.replacement_report import Replacement
from dynasmith.jobs.spec import Replace
from dynasmith.project.redaction import HIDDEN


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
    found, waits = readiness(progress, now), no_way_back_because(progress, report.goes_back, now)
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
        "rail": rail(progress),
        "tables": tables(report),
        "why": {"ask-to-cut-over": found.not_ready_because, "ask-to-go-back": waits},
        "ready": notice(report, now),
        "warning": found.warning,
        "figures": figures(progress),
        "late": [HIDDEN if hides else each for each in progress.late_keys],
        "late_more": max(0, progress.conflicts - len(progress.late_keys)),
        "unused": report.source_table if progress.new_in_use else report.target_table,
        "blocked": [
            (HIDDEN if hides else each.key, HIDDEN if hides else each.reason) for each in progress.keys.first_blocked
        ],
        "blocked_more": max(0, progress.keys.blocked - len(progress.keys.first_blocked)),
        "captured": utc_text(progress.keys.captured_at) if progress.keys.captured_at else "",
        "captured_ago": ago(progress.keys.captured_at, now) if progress.keys.captured_at else "",
        "verified": utc_text(progress.verified_at) if progress.verified_at else "",
        "switched": utc_text(progress.switched_at) if progress.switched_at else "",
        "stopped_seconds": progress.fence_seconds,
        "safety": progress.safety,
        "arithmetic": report.counts.arithmetic,
        "definition": _definition(request, report),
        "may": offered_actions(report, now) if may else [],
        "resume_label": resume_label(report),
        "commands": [(label, request.command(*words)) for label, words in command_lines(report, now)],
        "over": job.over,
    }


def _definition(request: PageRequest, report: Replacement) -> Mapping[str, Any] | None:
    """The change that the definition needs since the switch; None where it needs none."""
    patch = report.definition
    if patch is None:
        return None
    switch = "cutover" if report.progress.new_in_use else "back"
    return {
        "old": patch.old_name,
        "new": patch.new_name,
        "diff": HIDDEN if request.console.hides and patch.diff else patch.diff,
        "sentences": [*patch.by_hand, *patch.notes],
        "command": "" if patch.by_hand else request.command("replace", switch, report.job.id, "--write"),
    }


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


def finish(request: PageRequest) -> ActionAnswer:
    """Apply the rest of the definition after a cut-over. Where there are conflicts, they are to be given up first."""
    refuse_hooks(request.project.jobs.show(request.names["job"]))
    replacements, job, consent = request.project.replacements, request.names["job"], request.consent
    report, accept = replacements.status(job), request.form.text("accept-conflicts") == "yes"
    if report.progress.conflicts and not accept:
        return PageDialog(
            "replacement_finish.html",
            {
                "source": report.source_table,
                "conflicts": report.progress.conflicts,
                "command": request.command("replace", "finish", job, "--accept-conflicts"),
            },
        )
    request.console.kept(JobRuns).begin(
        lambda listener: replacements.finish(job, accept_conflicts=accept, consent=consent, listener=listener)
    )
    return NextPage(say="The replacement is being finished.")


def abort(request: PageRequest) -> ActionAnswer:
    """End it while the old table is in use."""
    refuse_hooks(request.project.jobs.show(request.names["job"]), lifts=True)
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
        "ask-to-go-back": PageAction(ask_to_go_back),
        "go-back": PageAction(go_back),
        "write-definition": PageAction(write_definition),
        "finish": PageAction(finish),
        "abort": PageAction(abort),
    },
)
