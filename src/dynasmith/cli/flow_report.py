"""Progress and reports of the item flow: a bar on a terminal, a report at the end, JSON where programs read."""

from __future__ import annotations

import logging
import math
import sys
import threading
from contextlib import redirect_stdout
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from dynasmith import (
    ErasureReport,
    FlowDead,
    FlowEnded,
    FlowNote,
    FlowProgress,
    FlowStarted,
    FlowStopping,
    RefreshReport,
    Replacement,
    RestoreReport,
)
from dynasmith.cli.counts import counted, dollars_text, either, seconds_text
from dynasmith.cli.dropped_items import limit_line, missing_lines, nothing_passed
from dynasmith.cli.exit_code import exit_of
from dynasmith.cli.flow_figures import left_text, share_text
from dynasmith.cli.job_json import report_json
from dynasmith.cli.personal_report import personal_lines
from dynasmith.cli.restore_report import show_restore
from dynasmith.cli.shared_options import Invocation, print_json
from dynasmith.cli.where_report import say_where, where_json
from dynasmith.ports.listener import Event

if TYPE_CHECKING:
    from dynasmith import DryRun
    from dynasmith.jobs.copy_alternatives import CopyAlternative
    from dynasmith.jobs.report import Report


LINE_SECONDS = 30.0
"""How often a job reports its progress where no bar is drawn: in a log, in a pipe."""
JOBS_LOG = logging.getLogger("dynasmith.jobs")


class _Warnings(logging.Handler):
    """Says what the log of jobs warns of."""

    def __init__(self, shown: FlowProgressView) -> None:
        super().__init__(logging.WARNING)
        self._shown = shown

    def emit(self, record: logging.LogRecord) -> None:
        self._shown.warn(str(record.msg) if self._shown.redact else record.getMessage())


class FlowProgressView:
    """A listener that draws a job. Use it as a context manager; safe from another thread.

    Meanwhile what a transform prints goes to standard error: standard output is for the document of ``--json``. What a
    ledger warns of before there is a job to listen to (that it waits for a lease) is said too.
    """

    def __init__(self, console: Console, *, redact: bool = False, resumable: bool = True) -> None:
        self._console = console
        self.redact = redact
        self._resumable = resumable
        self._lock = threading.Lock()
        self._prints = redirect_stdout(sys.stderr)
        self._warnings = _Warnings(self)
        self._task: Any = None
        self._line_at = LINE_SECONDS
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[figures]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal or console.quiet,
        )

    def __enter__(self) -> Self:
        self._prints.__enter__()
        JOBS_LOG.addHandler(self._warnings)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        JOBS_LOG.removeHandler(self._warnings)
        self._bar.stop()
        self._prints.__exit__(kind, error, trace)

    def __call__(self, event: Event) -> None:
        """Take one event."""
        with self._lock:
            match event:
                case FlowStarted():
                    word = "resumed" if event.resumed else "started"
                    if self._resumable and event.job:  # a part of a job has no id
                        self._say(f"Job {event.job} {word}: {event.verb} {event.table}.", "dim")
                    self._bar.start()  # not before: until then a person may be asked for consent
                    if self._task is not None:
                        self._bar.remove_task(self._task)
                    self._task = self._bar.add_task(f"{event.verb} {event.table}", total=event.total_items, figures="")
                case FlowNote():
                    self._say(event.sentence, "dim")
                case FlowProgress():
                    self._progress(event)
                case FlowDead() if self.redact:
                    self._say(f"Dead letter ({event.code}); what is wrong is hidden (--redact).", "yellow")
                case FlowDead():
                    place = f" at {event.place}" if event.place else ""
                    self._say(f"Dead letter ({event.code}){place}: {event.reason}", "yellow")
                    if event.trace:
                        self._say(event.trace, "dim")
                case FlowStopping():
                    what = counted(event.requests, "request") + " under way"
                    if event.processes:
                        what = f"the requests under way in {either(event.processes, 'process', 'processes')}"
                    self._say(f"Stopping: waiting for {what}; press Ctrl-C again to stop at once.", "yellow")
                case FlowEnded(state="failed") if self._resumable:
                    # What was under way when the error came may be written, and is not in the counts.
                    known = counted(event.counts.read, "item") if event.counts.read else "no page of items"
                    self._say(
                        f"Job {event.job} failed; {known} had been acknowledged. Fix the cause, then "
                        f"{event.again or f'run: dynasmith jobs resume {event.job}'}",
                        "yellow",
                    )
                case _:
                    return

    def _progress(self, event: FlowProgress) -> None:
        text, total = progress_text(event), event.total_items
        known = total if total is not None and total >= event.counts.read else None
        self._bar.update(self._task, completed=event.counts.read, total=known, figures=text)
        if self._bar.disable and event.seconds >= self._line_at:
            self._line_at = event.seconds + LINE_SECONDS
            self._say(f"{text[0].upper()}{text[1:]}.", "dim")

    def warn(self, sentence: str) -> None:
        """Say what was warned of."""
        with self._lock:
            self._say(sentence, "yellow")

    def _say(self, sentence: str, style: str) -> None:
        # A sentence is one line, however wide the terminal: programs and people search for it.
        self._console.print(sentence, style=style, markup=False, soft_wrap=True)


def progress_text(event: FlowProgress) -> str:
    """What the bar of a job says."""
    counts = event.counts
    parts = [share_text(counts.read, event.total_items), f"{event.items_per_second:,.0f}/s"]
    if counts.write_units:
        parts.append(f"{counts.write_units / max(event.seconds, 0.001):,.0f} WU/s")
    if counts.throttled:
        parts.append(counted(counts.throttled, "throttle"))
    if counts.dead:
        parts.append(f"{counts.dead:,} dead")
    if event.remaining_seconds is not None and event.total_items is not None and event.total_items >= counts.read:
        parts.append(f"about {left_text(event.remaining_seconds)} left")
    return "paused, " + parts[0] if event.paused else ", ".join(parts)


def show_report(invocation: Invocation, report: Report, **more: Any) -> int:
    """The end of a job for a person, or as JSON; the code is that of `exit_of`."""
    if isinstance(report, RestoreReport):
        return show_restore(invocation, report)
    if isinstance(report, ErasureReport):
        from dynasmith.cli.erasure_report import show_erased

        return show_erased(invocation, report)
    if isinstance(report, Replacement):
        from dynasmith.cli.replacement_report import show_replacement

        return show_replacement(invocation, report)
    if isinstance(report, RefreshReport):
        from dynasmith.cli.refresh_report import show_refresh

        return show_refresh(invocation, report)
    if invocation.as_json:
        print_json(report_json(invocation, report) | where_json(invocation, report) | more)
        return exit_of(invocation, report)
    if report.job.verb in ("backfill", "delete-items", "undo"):
        from dynasmith.cli.backfill_report import show_changes

        return show_changes(invocation, report)
    if report.service is not None:
        from dynasmith.cli.service_report import show_service

        return show_service(invocation, report, report.service)
    counts = report.counts
    again = f"; {counts.retried:,} sent again" if counts.retried else ""
    again += f"; {counted(counts.throttled, 'throttle')}" if counts.throttled else ""
    units = f"{counted(counts.read_units, 'read unit')}, {counted(counts.write_units, 'write unit')}"
    state = "" if report.job.state == "done" else f" ({report.job.state})"
    say_where(invocation, report)
    invocation.say(f"{report.job.verb}{state}: {counts.arithmetic}{again}.")
    invocation.say(
        f"{report.seconds:,.1f} s, {report.items_per_second:,.0f} items/s; {units}, "
        f"{dollars_text(report.dollars)}; digest {report.job.digest or 'not made'}."
    )
    for line in personal_lines(counts.personal):
        invocation.say(line)
    for line in missing_lines(counts):
        invocation.say(line)
    if sentence := limit_line(report.job.spec, counts):
        invocation.say(sentence)
    if sentence := nothing_passed(counts):
        invocation.say(sentence)
    if counts.dead:
        invocation.say(f"Dead letters: {report.dead_letters}")
    return exit_of(invocation, report)


def alternative_text(alternative: CopyAlternative) -> str:
    """One way to do a copy, in a line."""
    if alternative.impossible:
        return f"{alternative.name}: not here, {alternative.impossible}."
    seconds = alternative.seconds
    taking = "time unknown" if seconds is None or math.isinf(seconds) else f"about {left_text(seconds)}"
    units = f"{counted(alternative.read_units, 'read unit')}, {counted(alternative.write_units, 'write unit')}"
    notes = f" ({'; '.join(alternative.notes)})" if alternative.notes else ""
    best = " Cheapest." if alternative.cheapest else ""
    return f"{alternative.name}: {units}, {taking}, {dollars_text(alternative.dollars)}{notes}.{best}"


def show_rehearsal(invocation: Invocation, rehearsal: DryRun) -> int:
    """What a dry run found."""
    rehearsal = invocation.shown(rehearsal)
    if invocation.as_json:
        print_json(rehearsal.to_json())
        return 0
    page, estimate = invocation.page(), rehearsal.estimate
    head, tail = "About", ""
    if estimate.at_least:
        head, tail = "At least", "; how many follow is unknown until they are read"
    size = f"{counted(estimate.items, 'item')}, {counted(estimate.bytes, 'byte')}"
    page.print(f"{head} {size} ({estimate.sampled:,} sampled{tail}).", markup=False)
    seconds = estimate.seconds
    taking = "time unknown" if seconds is None or math.isinf(seconds) else f"{seconds_text(seconds)} at this pace"
    page.print(
        f"{counted(estimate.read_units, 'read unit')}, {counted(estimate.write_units, 'write unit')}; {taking}; "
        f"{dollars_text(estimate.dollars)}.",
        markup=False,
    )
    for sample in rehearsal.samples:
        page.print(f"  - {sample.before}", style="red", markup=False)
        for after in sample.after:
            page.print(f"  + {after}", style="green", markup=False)
        if sample.refused:
            page.print(f"  ! {sample.refused}", style="yellow", markup=False)
    for alternative in rehearsal.alternatives:
        page.print(f"  {alternative_text(alternative)}", markup=False)
        if not alternative.impossible:
            for command in alternative.commands:
                page.print(f"      {command}", markup=False)
    for note in rehearsal.notes:
        page.print(f"  · {note}", markup=False)
    for hazard in rehearsal.hazards:
        page.print(f"  ! {hazard}", style="yellow", markup=False)
    page.print(f"Dry run: {rehearsal.closing}.", markup=False)
    return 0
