"""What a refresh and its dry run look like."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dynasmith.cli.counts import counted, dollars_text, seconds_text
from dynasmith.cli.dropped_items import missing_lines, nothing_passed
from dynasmith.cli.exit_code import exit_of
from dynasmith.cli.job_json import report_json
from dynasmith.cli.personal_report import personal_lines
from dynasmith.cli.shared_options import Invocation, print_json
from dynasmith.cli.where_report import say_where, where_json

if TYPE_CHECKING:
    from dynasmith import RefreshDryRun, RefreshReport
    from dynasmith.jobs.estimate import JobEstimate
    from dynasmith.jobs.refresh_recipe import RefreshPart


def show_refresh(invocation: Invocation, report: RefreshReport) -> int:
    """The end of a refresh: 1 where a part failed, 3 where it ended with dead letters, findings or differences."""
    if invocation.as_json:
        print_json(report_json(invocation, report) | where_json(invocation, report))
        return _exit(invocation, report)
    say_where(invocation, report)
    for part in report.parts:
        invocation.say(f"  {_part_text(invocation, part)}")
        if part.do == "copy" and (sentence := nothing_passed(part.counts)):
            invocation.say(f"    {sentence}")
    counts = report.counts
    for line in (*personal_lines(counts.personal), *missing_lines(counts)):
        invocation.say(line)
    units = f"{counted(counts.read_units, 'read unit')}, {counted(counts.write_units, 'write unit')}"
    invocation.say(f"{seconds_text(report.seconds)}; {units}; {dollars_text(report.dollars)}.")
    if report.job.state == "failed":
        invocation.say(f"What failed is done again by: dynasmith jobs resume {report.job.id}")
    return _exit(invocation, report)


def _exit(invocation: Invocation, report: RefreshReport) -> int:
    if report.job.state == "failed":
        return 1
    return exit_of(invocation, report) or (3 if report.found else 0)


def _part_text(invocation: Invocation, part: RefreshPart) -> str:
    """A part in a line: what became of it, and of how many items."""
    counts = part.counts
    shows = not invocation.redact or (part.plain_reason and not invocation.values.get("redact"))
    reason = part.reason if shows else "what is wrong is hidden (--redact)"
    if part.state != "done":
        return f"{part}: {part.state}{f' ({reason})' if part.reason else ''}"
    if part.do == "empty":
        return f"{part}: {counted(counts.written, 'item')} deleted"
    if part.do == "copy":
        return f"{part}: {counts.arithmetic}"
    words = {"validate": "critical finding", "verify": "table that differs"}
    many = {"validate": "critical findings", "verify": "tables that differ"}
    if part.do in words:
        return f"{part}: {part.found:,} {words[part.do] if part.found == 1 else many[part.do]}"
    return f"{part}: done"


def show_refresh_rehearsed(invocation: Invocation, found: RefreshDryRun) -> int:
    """What a dry run of a refresh found."""
    if invocation.as_json:
        print_json(found.to_json())
        return 0
    page = invocation.page()
    for part in found.parts:
        page.print(f"{part.part}{_figures(part.estimate)}", markup=False)
        for note in part.notes:
            page.print(f"  · {note}", markup=False)
    page.print(f"In total{_figures(found.estimate)}", markup=False)
    page.print("Dry run: nothing was written.", markup=False)
    return 0


def _figures(estimate: JobEstimate | None) -> str:
    if estimate is None:
        return "."
    seconds = estimate.seconds
    taking = "time unknown" if seconds is None or math.isinf(seconds) else f"{seconds_text(seconds)} at this pace"
    units = f"{counted(estimate.read_units, 'read unit')}, {counted(estimate.write_units, 'write unit')}"
    return f": about {counted(estimate.items, 'item')}; {units}; {taking}; {dollars_text(estimate.dollars)}."
