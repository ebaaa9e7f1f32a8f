"""Segments, waits and estimates."""

import random
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynasmith.errors import UsageError
from dynasmith.jobs.estimate import JobEstimate, estimate_units, remaining_seconds, with_cost, with_time
from dynasmith.jobs.retry import CONTENDED, STUMBLED, THROTTLED, Retry
from dynasmith.jobs.segments import PLANNED_SEGMENTS_MAX, interleaved, plan_segments


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 3000))
def test_every_segment_is_taken_once_and_neighbours_are_apart(total: int) -> None:
    order = interleaved(total)
    assert sorted(order) == list(range(total))
    if total >= 4:
        assert order[:2] == (0, 1 << ((total - 1).bit_length() - 1))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**15), st.integers(1, 64))
def test_planned_segments_stay_in_bounds(table_bytes: int, workers: int) -> None:
    planned = plan_segments(table_bytes, workers=workers)
    assert 1 <= planned <= PLANNED_SEGMENTS_MAX
    assert plan_segments(table_bytes + 10**9, workers=workers) >= planned


def test_segments_by_size_and_by_wish() -> None:
    assert plan_segments(0, workers=8) == 1
    assert plan_segments(1024 * 1024, workers=8) == 1
    assert plan_segments(100 * 1024 * 1024, workers=8) == 8
    assert plan_segments(10 * 1024**3) == 160
    assert plan_segments(0, asked=7) == 7
    assert plan_segments(0, workers=48, elsewhere=True) == 48
    assert plan_segments(10 * 1024**3, workers=48, elsewhere=True) == 160
    for asked in (0, 1_000_001):
        with pytest.raises(UsageError, match="segments are not possible"):
            plan_segments(0, asked=asked)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([THROTTLED, STUMBLED, CONTENDED, Retry(tries=0)]), st.integers(0, 2**32))
def test_waits_grow_within_their_bounds(policy: Retry, seed: int) -> None:
    delays = list(policy.delays(random.Random(seed).random))
    assert len(delays) <= policy.tries
    assert sum(delays) <= policy.total_seconds
    for number, delay in enumerate(delays):
        assert 0 <= delay <= min(policy.cap_seconds, policy.base_seconds * 2.0 ** min(number, 60))


def test_waits_without_luck_double_up_to_the_cap() -> None:
    policy = Retry(base_seconds=1, cap_seconds=4, tries=5, total_seconds=100)
    assert list(policy.delays(lambda: 1.0)) == [1, 2, 4, 4, 4]
    assert list(Retry(1, 4, 5, total_seconds=6).delays(lambda: 1.0)) == [1, 2]


def test_an_estimate_from_a_sample() -> None:
    # Half of the items are written with 1.5 KB (2 units), half are dropped; one index write for two writes.
    found = estimate_units(1000, 1_000_000, [(1000, 1536), (1000, 0)], indexes=0.5)
    assert found == JobEstimate(1000, 1_000_000, read_units=122.5, write_units=1500.0, sampled=2)
    timed = with_time(found, read_rate=inf, write_rate=10)
    assert timed.seconds == 150.0
    assert with_time(found, read_rate=0.5, write_rate=10).seconds == 245.0
    assert with_time(found).seconds is None
    priced = with_cost(timed, {"million_read_units": 0.125, "million_write_units": 0.625})
    assert priced.dollars == pytest.approx((122.5 * 0.125 + 1500 * 0.625) / 1e6)
    assert priced.to_json()["cost_dollars"] == priced.dollars


def test_an_unknown_price_is_unknown_and_never_nothing() -> None:
    found = estimate_units(10, 10_000, [])
    assert found.write_units == 10
    assert with_cost(found, {"million_read_units": 0.125}).dollars is None
    assert with_cost(found, {"million_write_units": 0.625, "million_read_units": None}).dollars is None


def test_an_empty_table_costs_nothing() -> None:
    assert estimate_units(0, 0, []) == JobEstimate(0, 0, 0.0, 0.0)
    assert with_cost(estimate_units(0, 0, []), {}).dollars == 0.0


def test_the_time_that_is_left() -> None:
    assert remaining_seconds(25, 100, 10.0) == 30.0
    assert remaining_seconds(0, 100, 10.0) is None
    assert remaining_seconds(120, 100, 10.0) == 0.0
