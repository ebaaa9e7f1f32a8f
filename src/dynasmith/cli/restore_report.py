"""The end of a restore: what was verified, and one table of what is and what is not as before."""

from __future__ import annotations

import json
from math import isinf
from typing import TYPE_CHECKING, Any

from rich.table import Table as Grid

from dynasmith.cli.counts import counted, dollars_text, seconds_text
from dynasmith.cli.shared_options import Invocation, print_json
from dynasmith.ports.listener import Event, RestoreStep, RestoreWaiting

if TYPE_CHECKING:
    from dynasmith.jobs.estimate import JobEstimate
    from dynasmith.jobs.restore_report import RestoreReport
    from dynasmith.ports.listener import Listener

WAIT_SECONDS = 15.0
"""How often a wait says where it is."""
SHOWN_MAX = 44


class RestoreProgress:
    """A listener that says each step of a restore, and passes on what its item flow says."""

    def __init__(self, flow: Listener, invocation: Invocation) -> None:
        self._flow, self._invocation = flow, invocation
        self._said_at = 0.0

    def __call__(self, event: Event) -> None:
        """Take one event."""
        if isinstance(event, RestoreStep):
            self._invocation.say(event.sentence)
        elif isinstance(event, RestoreWaiting):
            if event.waited_seconds - self._said_at >= WAIT_SECONDS:
                self._said_at = event.waited_seconds
                self._invocation.say(f"{event.table}: {event.state}, {event.waited_seconds:,.0f} s.")
        else:
            self._flow(event)


def estimate_line(estimate: JobEstimate, unknown_time: str) -> str:
    """Units, time and money before a restore; ``unknown_time`` says why there is no time, where there is none."""
    seconds = estimate.seconds
    taking = unknown_time if seconds is None or isinf(seconds) else f"{seconds_text(seconds)} at this pace"
    units = f"{counted(round(estimate.read_units), 'read unit')}, {counted(round(estimate.write_units), 'write unit')}"
    return f"About {counted(estimate.bytes, 'byte')}: {units}; {dollars_text(estimate.dollars)}; {taking}."


def show_restore(invocation: Invocation, report: RestoreReport) -> int:
    """The report for a person, or as JSON. 3 where something is not as before, 1 where the job was cancelled."""
    if invocation.as_json:
        print_json(report.to_json())
    else:
        _show(invocation, report)
    if report.job.state == "cancelled":
        return 1
    return 0 if report.whole else 3


def _show(invocation: Invocation, report: RestoreReport) -> None:
    if report.job.state == "cancelled":
        invocation.say(f"Job {report.job.id} was cancelled. The service goes on with the restore of {report.table}.")
        return
    if report.settings:
        grid = Grid(box=None, padding=(0, 2, 0, 0), header_style="bold")
        for title in ("SETTING", "BEFORE", "AFTER", "AS BEFORE", "WHY"):
            grid.add_column(title, overflow="fold")
        for each in report.settings:
            same = "yes" if each.as_before else "no"
            grid.add_row(each.setting, _short(each.before), _short(each.after), same, each.why)
        invocation.page().print(grid)
    proof = report.proof
    found = "" if proof.found is None else f"{counted(proof.found, 'item')} found"
    expected = "" if proof.expected is None else f", {proof.expected:,} expected"
    why = f": {proof.why}" if proof.why else ""
    invocation.say(f"{found}{expected}; verified: {proof.verified}{why}.".lstrip(", ;"))
    wrong = [each.setting for each in report.settings if not (each.as_before or each.requested)]
    if proof.equal is False:
        invocation.say(f"{report.table} does not have the items of {report.source}.")
    if wrong:
        invocation.say(f"Not as before: {', '.join(wrong)}.")
    if report.whole:
        invocation.say(f"Restored {report.table} from {report.source} (job {report.job.id}).")


def _short(value: Any) -> str:
    if value is None:
        return "-"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN_MAX else f"{text[: SHOWN_MAX - 3]}..."
