"""What a job did over time: rates from samples, gaps between runs, parts of a million segments."""

from datetime import UTC, datetime, timedelta
from math import inf

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynasmith.engine.transfer.activity_recorder import ActivityRecorder
from dynasmith.jobs.activity import (
    PARTS_MAX,
    SAMPLES_MAX,
    ActivitySample,
    JobActivity,
    added,
    decode_activity,
    encode_activity,
    part_of,
    ranges,
    rates,
)
from dynasmith.jobs.checkpoint import Checkpoint
from dynasmith.jobs.counts import Counts

BEGAN = datetime(2026, 11, 30, 12, 0, 0, tzinfo=UTC)


class Clock:
    """A time (UTC) that a test moves."""

    def __init__(self) -> None:
        self.now = BEGAN

    def __call__(self) -> datetime:
        return self.now

    def after(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def sampled(*samples: ActivitySample, total: int | None = None) -> JobActivity:
    counts = Counts(read=samples[-1].read)
    return JobActivity(at=BEGAN, counts=counts, segments=1, samples=samples, total_items=total)


def test_rates_are_of_the_last_seconds_and_of_the_newest_run_alone() -> None:
    old = [ActivitySample(at, 100 * at, 0, 0.0, 0.0, 0, begins=at == 0) for at in range(5)]
    again = [ActivitySample(1000 + at, 400 + 10 * at, 0, 2.0 * at, 0.0, 0, begins=at == 0) for at in range(21)]
    found = sampled(*old, *again, total=1_000)
    assert found.items_per_second == 10.0
    assert found.read_units_per_second == 2.0
    assert found.remaining_seconds == pytest.approx(40.0)
    by_time = dict(rates(found.samples, "read"))
    assert by_time[4] == 100.0
    assert by_time[1000] is None  # nothing is known of the time between the runs
    assert msgspec.structs.replace(found, paused=True).items_per_second == 0.0


def test_a_job_that_just_began_has_no_rate_and_no_end() -> None:
    found = sampled(ActivitySample(0.0, 0, 0, 0.0, 0.0, 0, begins=True), total=10)
    assert (found.items_per_second, found.remaining_seconds) == (0.0, None)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 1_000_000), st.data())
def test_every_segment_is_in_the_part_whose_range_has_it(segments: int, data: st.DataObject) -> None:
    found = ranges(segments)
    assert len(found) == min(segments, PARTS_MAX)
    assert sum(count for _, count in found) == segments
    segment = data.draw(st.integers(0, segments - 1))
    first, count = found[part_of(segment, segments)]
    assert first <= segment < first + count


def test_a_recorder_counts_segments_part_by_part() -> None:
    recorder = ActivityRecorder(1_000_000, None, Clock())
    before = [Checkpoint(job="j", segments=1_000_000, segment=segment) for segment in (0, 1, 999_999)]
    halfway = msgspec.structs.replace(before[0], position=b"k", counts=Counts(read=5, throttled=2))
    recorder.begin([halfway, *before[1:]])
    at_end = msgspec.structs.replace(halfway, position=None, done=True, counts=Counts(read=9, throttled=3))
    recorder.saved(halfway, at_end)
    last = msgspec.structs.replace(before[2], position=b"k", counts=Counts(read=1))
    recorder.saved(before[2], last)
    found = recorder.activity(Counts(), (inf, inf), None, paused=False)
    assert len(found.parts) == PARTS_MAX
    assert msgspec.to_builtins(found.parts[0]) == [1, 1, 9, 3]
    assert msgspec.to_builtins(found.parts[-1]) == [0, 1, 1, 0]
    assert msgspec.to_builtins(added(found.parts)) == [1, 2, 10, 3]


def test_a_long_job_keeps_few_samples_of_its_whole_course() -> None:
    clock, counts = Clock(), Counts()
    recorder = ActivityRecorder(4, None, clock)
    for _ in range(5_000):
        found = recorder.activity(counts, (inf, 100.0), None, paused=False)
        clock.after(1)
        counts += Counts(read=7)
    assert len(found.samples) <= SAMPLES_MAX + 1
    assert found.samples[0].at == BEGAN.timestamp()
    assert {rate for _, rate in rates(found.samples, "read")} == {7.0}
    assert found.samples[-1].write_limit == 100.0
    assert len(encode_activity(found)) < 30_000


def test_a_run_goes_on_where_the_last_one_left_off_with_a_gap() -> None:
    clock = Clock()
    first = ActivityRecorder(1, None, clock).activity(Counts(read=1), (inf, inf), None, paused=False)
    kept = decode_activity(encode_activity(first))
    clock.after(3600)
    again = ActivityRecorder(1, kept, clock).activity(Counts(read=1), (inf, inf), None, paused=False)
    assert [sample.begins for sample in again.samples] == [True, True]
    assert rates(again.samples, "read") == [(clock.now.timestamp(), None)]


@pytest.mark.parametrize("written", [None, b"", b"{}", b'{"at": 3}', b"\xff"])
def test_an_activity_that_cannot_be_read_is_unknown(written: bytes | None) -> None:
    assert decode_activity(written) is None
