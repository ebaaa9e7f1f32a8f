"""Progress: every batch counts, percent and time left where the total is known, and `jobs list` says the same."""

import io
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from dynasmith import Consent, Project, connect
from dynasmith.cli.flow_figures import left_text, share_text
from dynasmith.cli.jobs_table import jobs_table
from dynasmith.engine.transfer.copy import paced_pages
from dynasmith.engine.transfer.events import FlowProgress
from dynasmith.engine.transfer.pacer import Rates
from dynasmith.items.digest import Digest
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.job import Job, seen
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import Copy
from dynasmith.ports.listener import Event
from item_stories.kit import ItemStory

BEGUN = datetime(2026, 11, 20, 10, 15, tzinfo=UTC)


def job(**more: Any) -> Job:
    spec = Copy(source=Side(table="users"), target=Side(table="users_v2"), options=TransferOptions())
    base = {"id": "copy-20261120T101500-1a2b3c", "spec": spec, "started_at": BEGUN, "changed_at": BEGUN}
    return Job(**{**base, **more})


def listed(*jobs: Job, now: datetime = BEGUN) -> str:
    told = io.StringIO()
    Console(file=told, width=200).print(jobs_table(jobs, now))
    return told.getvalue()


def test_how_far_in_words() -> None:
    assert share_text(12, 50) == "12 of about 50 items (24 %)"
    assert share_text(0, 3) == "0 of about 3 items (0 %)"
    assert share_text(12, None) == share_text(12, 11) == "12 items", "a total that was wrong is not shown"
    assert [left_text(each) for each in (3.2, 200, 7_500, 273_600)] == ["3 s", "3 min 20 s", "2 h 5 min", "3 d 4 h"]


def test_the_list_shows_times_and_how_far_a_job_is() -> None:
    running = job(counts=Counts(read=25, written=25), estimated_items=100)
    row = listed(running, now=BEGUN + timedelta(seconds=60)).splitlines()[1]
    assert "2026-11-20 10:15:00" in row
    assert "25 of about 100 items (25 %), about 3 min 0 s left" in row
    over = job(state="done", changed_at=BEGUN + timedelta(seconds=90), counts=Counts(read=100, written=100))
    assert "1 min 30 s" in listed(over)
    assert "%" not in listed(over)
    stopped = listed(job(state="interrupted", counts=Counts(read=25), estimated_items=100))
    assert "25 of about 100 items (25 %)" in stopped
    assert "left" not in stopped


def test_a_cancelled_job_shows_what_its_end_counted() -> None:
    ended = job(state="cancelled", counts=Counts(read=7, written=7))
    assert seen(ended, Counts(read=5, written=5), Digest()).counts.read == 7
    killed = job(state="interrupted", counts=Counts())
    assert seen(killed, Counts(read=5, written=5), Digest()).counts.read == 5


@pytest.mark.parametrize(("units", "items"), [(30.0, 10), (300.0, 100), (1e9, None), (float("inf"), None)])
def test_pages_are_small_at_a_low_pace(units: float, items: int | None) -> None:
    assert paced_pages(TransferOptions(), Rates(units, units)).batch_size == items
    assert paced_pages(TransferOptions(batch_size=7), Rates(units, units)).batch_size == 7


@pytest.fixture
def project(story: ItemStory) -> Iterator[Project]:
    with connect(endpoint=story.endpoint, region="us-east-1", credentials=(story.account, "secret")) as found:
        yield found


def test_a_paced_copy_counts_its_first_batches_and_the_list_says_the_same(story: ItemStory, project: Project) -> None:
    """At 4 units a second 400 items take minutes: it is cancelled at the first sign of life."""
    story.served.rules.off("item-count-stale")
    story.people("users", 400)
    story.make("users_v2")
    counted: list[FlowProgress] = []
    enough = threading.Event()

    def listener(event: Event) -> None:
        if isinstance(event, FlowProgress) and event.counts.written:
            counted.append(event)
            if not enough.is_set():
                enough.set()
                project.jobs.cancel(project.jobs.list()[-1].id)

    report = project.copy("users", "users_v2", max_write_units=4, listener=listener, consent=Consent(yes=True))
    first = counted[0]
    assert 0 < first.counts.written < 400
    assert first.total_items == 400
    assert first.remaining_seconds is not None
    shown = project.jobs.show(report.job.id)
    assert (shown.state, shown.total_items) == ("cancelled", 400)
    assert shown.counts == project.jobs.list()[-1].counts == report.counts
    assert report.counts.written == len(story.items("users_v2"))
