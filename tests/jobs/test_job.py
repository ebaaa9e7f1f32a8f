"""Jobs: their moves, their JSON, their report."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import product
from typing import get_args

import msgspec
import pytest

from dynasmith.errors import CheckpointError, RunError, TableNotFound
from dynasmith.items.digest import Digest
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.job import (
    MOVES,
    Job,
    State,
    counted,
    decode_job,
    describe_job,
    encode_job,
    failure_reason,
    job_id,
    moved,
)
from dynasmith.jobs.options import TransferOptions
from dynasmith.jobs.report import Report
from dynasmith.jobs.side import Side
from dynasmith.jobs.spec import Copy

NOW = datetime(2026, 11, 20, 23, 27, 13, 500_000, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
SPEC = Copy(source=Side(table="a"), target=Side(table="b"), options=TransferOptions())
JOB = Job(id="copy-1", spec=SPEC, started_at=NOW, changed_at=NOW, segments=4)


@pytest.mark.parametrize(("before", "after"), list(product(get_args(State), repeat=2)))
def test_a_job_moves_only_as_the_table_says(before: State, after: State) -> None:
    job = msgspec.structs.replace(JOB, state=before)
    if after in MOVES[before]:
        went = moved(job, after, LATER, reason="why")
        assert (went.state, went.changed_at, went.reason, went.started_at) == (after, LATER, "why", NOW)
        assert went.id == job.id
    else:
        with pytest.raises(RunError, match=f"Job copy-1 is {before}"):
            moved(job, after, LATER)


def test_only_done_and_cancelled_jobs_are_over() -> None:
    states = {state: msgspec.structs.replace(JOB, state=state) for state in get_args(State)}
    assert {state for state, job in states.items() if job.over} == {"done", "cancelled"}
    assert {state for state, job in states.items() if job.resumable} == {"paused", "waiting", "interrupted", "failed"}


def test_a_job_comes_back_from_the_ledger() -> None:
    job = counted(moved(JOB, "done", LATER), Counts(read=3, written=3, read_units=0.5), Digest(3, 7))
    assert decode_job(encode_job(job)) == job
    assert encode_job(job).endswith(b"\n")


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (encode_job(JOB)[:40], "damaged"),
        (encode_job(JOB).replace(b'"format":1', b'"format":2'), "version 2"),
        (encode_job(JOB).replace(b'"running"', b'"walking"'), "damaged"),
    ],
)
def test_a_damaged_or_newer_job_is_refused(written: bytes, says: str) -> None:
    with pytest.raises(CheckpointError, match=says):
        decode_job(written)


def test_the_json_of_a_job_has_the_keys_of_the_contract() -> None:
    job = counted(JOB, Counts(read=9, written=5, skipped=1, retried=2, dead=3), Digest(5, 1))
    shown = describe_job(job)
    promised = {"id", "verb", "state", "started_at", "read", "written", "skipped", "retried", "dead"}
    promised |= {"read_units", "write_units", "digest"}
    assert promised <= set(shown)
    assert shown["started_at"] == "2026-11-20T23:27:13.500Z"
    assert shown["digest"] == "ds1:5:" + "0" * 31 + "1"
    assert describe_job(JOB)["digest"] is None


def test_ids_sort_by_time_and_say_the_verb() -> None:
    assert job_id("copy", NOW, b"\x9f\x3a\x1c\x00") == "copy-20261120T232713-9f3a1c"
    there = NOW.astimezone(timezone(timedelta(hours=5)))
    assert job_id("copy", there, b"\x9f\x3a\x1c") == "copy-20261120T232713-9f3a1c"
    assert job_id("copy", NOW, b"\xff\xff\xff") < job_id("copy", LATER, b"\0\0\0")


def test_a_report_adds_up_or_says_that_it_does_not() -> None:
    counts = Counts(read=10, written=9, dead=1)
    job = moved(counted(JOB, counts, Digest(9, 3)), "done", LATER)
    report = Report(job, counts, seconds=2.0, target=Digest(9, 3), dead_letters="dead.jsonl")
    assert report.adds_up
    assert report.items_per_second == 5.0
    shown = report.to_json()
    assert shown["digest"] == str(Digest(9, 3))
    undigested = Report(moved(counted(JOB, counts), "done", LATER), counts, seconds=2.0)
    assert undigested.to_json()["digest"] is None, "what was not digested has no digest, not that of nothing"
    assert shown["cost_dollars"] is None
    assert shown["arithmetic"] == "10 read = 9 written + 1 dead"
    assert not Report(job, Counts(read=2), seconds=0.0).adds_up
    assert repr(report) == f"<Report {job.id} done: {counts.arithmetic}>"
    assert Report(job, Counts(read=2), seconds=0.0).items_per_second == 0.0


def test_a_failed_job_keeps_its_reason() -> None:
    assert failure_reason(TableNotFound("orders")).startswith("Table orders does not exist.")
