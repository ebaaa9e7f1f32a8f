"""What a replacement looks like."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dynasmith.cli.counts import counted, dollars_text, seconds_text
from dynasmith.cli.definition_patch_report import definition_missing, show_definition
from dynasmith.cli.flow_figures import left_text
from dynasmith.cli.job_json import report_json
from dynasmith.cli.shared_options import Invocation, print_json
from dynasmith.cli.where_report import say_where, where_json
from dynasmith.jobs.replacement_readiness import readiness

if TYPE_CHECKING:
    from dynasmith import Replacement


def show_replacement(invocation: Invocation, report: Replacement) -> int:
    """The end of a run, or how far a replacement is: 1 where it was cancelled, 3 where it is not where it was to be."""
    progress, keys, found = report.progress, report.progress.keys, readiness(report.progress, datetime.now(UTC))
    if invocation.as_json:
        print_json(report_json(invocation, report) | where_json(invocation, report) | found.to_json())
        return exit_code(report)
    say_where(invocation, report)
    invocation.say(f"{report.source_table} is replaced by {report.target_table}: {progress.state}.")
    invocation.say(f"  copy: {report.counts.arithmetic}")
    left = f"{counted(keys.dirty, 'key')} to be made equal, {keys.blocked:,} blocked"
    invocation.say(f"  {left}; lag {left_text(keys.lag_seconds)}")
    for blocked in keys.first_blocked:
        said = "what blocks a key is hidden (--redact)" if invocation.redact else f"{blocked.key}: {blocked.reason}"
        invocation.say(f"    {said}")
    if progress.foreign:
        foreign = f"{counted(progress.foreign, 'item')} of {report.target_table}"
        belong = "belongs" if progress.foreign == 1 else "belong"
        invocation.say(f"  {foreign} {belong} to no item of {report.source_table}")
    if progress.verified_at is not None:
        invocation.say(f"  verified at {progress.verified_at:%Y-%m-%dT%H:%M:%SZ}: two comparisons found no difference")
    if progress.safety:
        invocation.say(f"  {report.source_table} can be restored from {progress.safety}")
    invocation.say(f"{seconds_text(report.seconds)}; {dollars_text(report.dollars)}.")
    if progress.switched_at is not None:
        stopped = seconds_text(progress.fence_seconds or 0.0)
        since = f"{progress.switched_at:%Y-%m-%dT%H:%M:%SZ}"
        used = report.target_table if progress.new_in_use else report.source_table
        invocation.say(f"  {used} is in use since {since}; writes were stopped for {stopped}")
    if progress.conflicts:
        late = counted(progress.conflicts, "key")
        unused = report.source_table if progress.new_in_use else report.target_table
        invocation.say(f"  {late} of {unused}, written after that, did not come over")
        for key in progress.late_keys:
            invocation.say(f"    {'a key is hidden (--redact)' if invocation.redact else key}")
    show_definition(invocation, report)
    if progress.state == "following back":
        if report.goes_back:
            invocation.say(f"To go back to {report.source_table}: dynasmith replace back {report.job.id}")
        invocation.say(f"To end it: dynasmith replace finish {report.job.id}")
    elif progress.fenced_at is not None and progress.state in ("cutover", "cutover back"):
        stopped = report.source_table if progress.state == "cutover" else report.target_table
        can_end = progress.state == "cutover" and not progress.switches
        ends = f"; to let them go on: dynasmith replace abort {report.job.id}" if can_end else ""
        invocation.say(
            f"Writes of {stopped} are stopped since {progress.fenced_at:%Y-%m-%dT%H:%M:%SZ}. To go on: "
            f"dynasmith jobs resume {report.job.id}{ends}"
        )
    elif progress.state == "aborted":
        invocation.say(f"{report.target_table} stays; to delete it: dynasmith delete {report.target_table}")
    elif progress.state != "finished":
        why = found.not_ready_because
        answer = f"no, because {why}" if why else f"yes, by dynasmith replace cutover {report.job.id}"
        invocation.say(f"Ready to cut over: {answer}.")
    if report.job.state in ("waiting", "interrupted", "failed"):
        kept = "Changes are not followed now, and the stream keeps them for 24 hours."
        verb = "replace verify" if found.must_compare else "jobs resume"
        invocation.say(f"{found.warning or kept} To go on: dynasmith {verb} {report.job.id}")
    return exit_code(report)


def exit_code(report: Replacement) -> int:
    """1 for one that was cancelled, 3 for one that is not where its run was to end, or whose definition could not be
    written."""
    if report.job.state == "cancelled":
        return 0 if report.reached and report.progress.state == "aborted" else 1
    complete = report.reached and not report.progress.conflicts and not definition_missing(report)
    return 0 if complete else 3
