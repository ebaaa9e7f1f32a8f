"""Progress and reports of the item flow: a bar on a terminal, a report at the end, JSON where programs read."""

from __future__ import annotations

import math
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from dynasmith.cli.shared import Invocation, print_json
from dynasmith.engine.transfer.events import FlowDead, FlowProgress, FlowStarted
from dynasmith.ports.listener import Event

if TYPE_CHECKING:
    from dynasmith.engine.transfer.rehearse import Rehearsal
    from dynasmith.jobs.report import Report


class FlowShown:
    """A listener that draws a job. Use it as a context manager; safe from another thread."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()
        self._task: Any = None
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
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def __call__(self, event: Event) -> None:
        """Take one event."""
        with self._lock:
            match event:
                case FlowStarted():
                    word = "resumed" if event.resumed else "started"
                    if not event.resumed:
                        self._console.print(f"Job {event.job} {word}.", style="dim", markup=False)
                    self._task = self._bar.add_task(f"{event.verb} {event.table}", total=event.total_items, figures="")
                case FlowProgress():
                    self._bar.update(self._task, completed=event.counts.read, figures=_figures(event))
                case FlowDead():
                    self._console.print(f"Dead letter ({event.code}): {event.reason}", style="yellow", markup=False)
                case _:
                    return


def _figures(event: FlowProgress) -> str:
    counts = event.counts
    parts = [f"{counts.read:,} items", f"{event.items_per_second:,.0f}/s"]
    if counts.write_units:
        parts.append(f"{counts.write_units / max(event.seconds, 0.001):,.0f} WU/s")
    if counts.throttled:
        parts.append(f"{counts.throttled:,} throttles")
    if counts.dead:
        parts.append(f"{counts.dead:,} dead")
    if event.remaining_seconds is not None:
        parts.append(f"~{event.remaining_seconds:,.0f} s left")
    return "paused" if event.paused else ", ".join(parts)


def show_report(invocation: Invocation, report: Report, **more: Any) -> int:
    """The end of a job for a person, or as JSON; 3 where there are dead letters or rejected lines."""
    if invocation.as_json:
        print_json(report.to_json() | more)
        return 3 if report.counts.dead else 0
    counts = report.counts
    invocation.say(
        f"{report.job.verb}: {counts.read:,} read, {counts.written:,} written, {counts.already:,} there already, "
        f"{counts.skipped:,} skipped, {counts.dropped:,} dropped, {counts.dead:,} dead, {counts.retried:,} retried."
    )
    invocation.say(
        f"{report.seconds:,.1f} s, {report.items_per_second:,.0f} items/s; {counts.read_units:,.0f} read units, "
        f"{counts.write_units:,.0f} write units; digest {report.target}."
    )
    if counts.dead:
        invocation.say(f"Dead letters: {report.dead_letters}")
    return 3 if counts.dead else 0


def show_rehearsal(invocation: Invocation, rehearsal: Rehearsal) -> int:
    """What a dry run found."""
    if invocation.as_json:
        print_json(rehearsal.to_json())
        return 0
    page, estimate = invocation.page(), rehearsal.estimate
    page.print(
        f"About {estimate.items:,} items, {estimate.bytes:,} bytes ({estimate.sampled:,} sampled).", markup=False
    )
    seconds = estimate.seconds
    taking = "unknown" if seconds is None or math.isinf(seconds) else f"{seconds:,.0f} s at this pace"
    cost = "unknown" if estimate.dollars is None else f"${estimate.dollars:,.4f}"
    page.print(
        f"{estimate.read_units:,.0f} read units, {estimate.write_units:,.0f} write units; time {taking}; cost {cost}.",
        markup=False,
    )
    for sample in rehearsal.samples:
        page.print(f"  - {sample.before}", style="red", markup=False)
        for after in sample.after:
            page.print(f"  + {after}", style="green", markup=False)
        if sample.refused:
            page.print(f"  ! {sample.refused}", style="yellow", markup=False)
    for note in rehearsal.notes:
        page.print(f"  · {note}", markup=False)
    page.print("Dry run: nothing was written.", markup=False)
    return 0
