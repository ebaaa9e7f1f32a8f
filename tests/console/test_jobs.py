"""The pages Jobs and Job: what is shown of jobs of this process and of others, and what may be done with them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.browser import Browser, served, words_of
from dynasmith import Project
from dynasmith.files.ledger import FolderLedger
from dynasmith.jobs.activity import ActivitySample, JobActivity, SegmentsPart, encode_activity
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.job import Job, job_id, moved
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import Copy

BEGAN = datetime(2026, 11, 30, 12, 0, 0, tzinfo=UTC)


def kept_job(folder: Path, number: int = 0, *, source: str = "orders", reason: str = "", segments: int = 1) -> Job:
    """A job that failed, entered in a ledger as a run leaves it."""
    made = Job(
        id=job_id("copy", BEGAN, number.to_bytes(3, "big")),
        spec=Copy(source=Side(table=source), target=Side(table="orders_v2"), options=TransferOptions()),
        started_at=BEGAN,
        changed_at=BEGAN,
        segments=segments,
    )
    claim = FolderLedger(folder).begin(made)
    claim.change(moved(made, "failed", BEGAN, reason=reason))
    claim.release()
    return made


def kept_course(folder: Path) -> str:
    """A job that has all that its page shows; its id."""
    made = kept_job(folder, 7, reason="It was stopped.")
    throttles = {"TableWriteKeyRangeThroughputExceeded": 3, "TableWrite": 1}
    samples = tuple(
        ActivitySample(BEGAN.timestamp() + at, 10 * at, 10 * at, at, at, at, 9, 9, at == 0) for at in range(9)
    )
    course = JobActivity(
        at=BEGAN,
        counts=Counts(read=80, written=70, dead=4, throttled=4, kept_throttles=throttles),
        segments=2,
        samples=samples,
        parts=(SegmentsPart(1, 1, 50, 4), SegmentsPart(0, 1, 30)),
    )
    (folder / made.id / "activity.json").write_bytes(encode_activity(course))
    return made.id


@contextmanager
def console_of(
    folder: Path, *, changes: bool = True, hides: bool = False, more: str = "", definitions: str = ""
) -> Iterator[Browser]:
    """A console whose ledger is in ``folder``; its engine is never asked. ``definitions`` begins its project file, and
    ``more`` ends it."""
    Path("dynasmith.toml").write_text(f'{definitions}[jobs]\nledger = "{folder.as_posix()}"\n{more}')
    with Project.load() as project, served(project, changes=changes, hides=hides) as browser:
        yield browser.open()


@pytest.fixture
def jobs(tmp_path: Path, shell: pytest.MonkeyPatch) -> Path:
    """The folder of a ledger."""
    shell.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9")
    return tmp_path / "jobs"


def test_without_jobs_the_page_says_how_one_begins(jobs: Path) -> None:
    with console_of(jobs) as browser:
        text = words_of(browser.get("/jobs").text)
    assert "There are no jobs yet." in text
    assert "dynasmith jobs list" in text


def test_jobs_are_listed_the_newest_first_and_found_by_table_and_state(jobs: Path) -> None:
    first, second = kept_job(jobs, 1, source="users"), kept_job(jobs, 2, reason="The table is gone.")
    (jobs / "copy-broken").mkdir()
    (jobs / "copy-broken" / "job.json").write_bytes(b"{")
    with console_of(jobs) as browser:
        whole = browser.get("/jobs").text
        assert "copy-broken is left out" in whole
        assert "The table is gone." in whole
        assert f'data-name="{first.id}"' in browser.get("/jobs?filter=USERS").text
        assert f'data-name="{second.id}"' not in browser.get("/jobs?filter=USERS").text
        assert "No job fits the filter." in browser.get("/jobs?state=running").text
        for path in ("/jobs", "/plan", "/replacements"):
            absent = browser.get(f"{path}/copy-20200101T000000-000000")
            assert (absent.status, "There is no job" in absent.text) == (404, True), path
        absent = browser.act("/jobs/copy-20200101T000000-000000", "cancel")
        assert (absent.status, "There is no job" in absent.outcome["error"]) == (404, True)


def test_five_hundred_rows_and_a_line_for_the_rest(jobs: Path) -> None:
    for number in range(501):
        kept_job(jobs, number, source="t" * 255)
    with console_of(jobs) as browser:
        text = browser.get("/jobs").text
    assert text.count('class="lead"') == 500
    assert "1 older jobs are not shown" in text


def test_a_job_of_a_million_segments_is_shown(jobs: Path) -> None:
    made = kept_job(jobs, segments=1_000_000)
    with console_of(jobs) as browser:
        reply = browser.get(f"/jobs/{made.id}")
    assert "1,000,000" in reply.text
    assert len(reply.text) < 100_000


def test_a_read_only_console_shows_no_button_of_a_change_and_refuses_one(jobs: Path) -> None:
    made = kept_job(jobs)
    with console_of(jobs, changes=False) as browser:
        text = browser.get(f"/jobs/{made.id}").text
        assert 'value="resume"' not in text
        assert 'value="pace"' not in text
        assert browser.act(f"/jobs/{made.id}", "cancel").status == 403


def test_a_job_that_failed_is_paced_then_cancelled_after_a_question(jobs: Path) -> None:
    made = kept_job(jobs)
    path = f"/jobs/{made.id}"
    with console_of(jobs) as browser:
        assert browser.act(path, "pace").outcome["error"] == "No pace was given."
        assert "not a valid rate" in browser.act(path, "pace", write_units="fast").outcome["error"]
        assert browser.act(path, "pace", write_units="nan").outcome["error"]
        assert browser.act(path, "pace", write_units="12.5").outcome["say"] == "The pace is changed."
        assert FolderLedger(jobs).steered(made.id).write_units_per_second == 12.5
        assert "Cancel this job?" in browser.act(path, "ask-to-cancel").outcome["dialog"]
        assert FolderLedger(jobs).show(made.id).state == "failed"
        browser.act(path, "cancel")
        text = browser.get(path).text
    assert FolderLedger(jobs).show(made.id).state == "cancelled"
    assert 'value="pace"' not in text


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(min_size=1, max_size=60))
def test_texts_of_jobs_are_never_unescaped(jobs: Path, name: str) -> None:
    hostile = f"<script>{name}'\"&"
    made = kept_job(jobs / "kept", source=hostile, reason=hostile)
    try:
        with console_of(jobs / "kept") as browser:
            pages = [browser.get("/jobs").text, browser.get(f"/jobs/{made.id}").text]
    finally:
        shutil.rmtree(jobs / "kept")
    for text in pages:
        assert "<script>" not in text.replace('<script src="/static/script.js"></script>', "")


def test_what_a_job_may_repeat_of_items_is_hidden(jobs: Path) -> None:
    made = kept_job(jobs, reason="Item c1 was refused.")
    for hides in (False, True):
        with console_of(jobs, hides=hides) as browser:
            for path in ("/jobs", f"/jobs/{made.id}"):
                assert ("c1" in browser.get(path).text) != hides
