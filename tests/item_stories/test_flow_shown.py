"""What a person sees while a job runs: a bar on a terminal, whole sentences elsewhere, nothing with --quiet."""

import io

from rich.console import Console

from dynasmith.cli.flow_report import FlowProgressView
from dynasmith.engine.transfer.events import FlowDead, FlowEnded, FlowProgress, FlowStarted
from dynasmith.jobs.counts import Counts
from dynasmith.ports.listener import Event

JOB = "copy-20261121T101500-1a2b3c"
RESUME = f"dynasmith jobs resume {JOB}"
COUNTS = Counts(read=1200, written=1190, dead=10, throttled=3, write_units=2400.0)
EVENTS: tuple[Event, ...] = (
    FlowStarted(table="users_v2", job=JOB, verb="copy", segments=4, total_items=2400, resumed=False),
    FlowProgress(
        table="users_v2",
        job=JOB,
        counts=COUNTS,
        total_items=2400,
        seconds=2.0,
        items_per_second=600.0,
        read_rate=100.0,
        write_rate=1200.0,
        remaining_seconds=2.0,
    ),
    FlowDead(table="users_v2", job=JOB, code="rejected", reason="[it] lacks its key " + "x" * 200, place="a.jsonl:7"),
    FlowEnded(table="users_v2", job=JOB, state="failed", counts=COUNTS, seconds=2.0),
)


def shown(**settings: bool) -> str:
    """Everything that a console of 300 characters is told about these events."""
    told = io.StringIO()
    with FlowProgressView(Console(file=told, width=300, color_system=None, **settings)) as listener:  # type: ignore[arg-type]
        for event in EVENTS:
            listener(event)
            listener._bar.refresh()
    return told.getvalue()


def test_a_terminal_shows_items_units_throttles_and_what_is_left() -> None:
    told = shown(force_terminal=True)
    assert "1,200 of about 2,400 items (50 %), 600/s, 1,200 WU/s, 3 throttles, 10 dead, about 2 s left" in told


def test_elsewhere_each_sentence_is_one_line() -> None:
    assert shown(force_terminal=False).splitlines() == [
        f"Job {JOB} started: copy users_v2.",
        f"Dead letter (rejected) at a.jsonl:7: [it] lacks its key {'x' * 200}",
        f"Job {JOB} failed; 1,200 items had been acknowledged. Fix the cause, then run: {RESUME}",
    ]


def test_a_job_that_failed_before_anything_was_acknowledged_counts_nothing() -> None:
    told = io.StringIO()
    with FlowProgressView(Console(file=told, width=300, color_system=None)) as listener:
        listener(FlowEnded(table="users_v2", job=JOB, state="failed", counts=Counts(), seconds=2.0))
    assert told.getvalue().startswith(f"Job {JOB} failed; no page of items had been acknowledged. Fix the cause")


def test_quiet_is_quiet() -> None:
    assert shown(quiet=True) == ""
    assert shown(quiet=True, force_terminal=True) == ""
