"""Pace: over every window no more than the rate and one burst, whatever is asked, also while the rate changes."""

from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynasmith.jobs.pace import BURST_SECONDS, TABLE, WAIT_SECONDS_MAX, Pace, TokenBucket

requests = st.lists(st.tuples(st.floats(0, 0.5), st.floats(0.5, 200)), min_size=1, max_size=60)


def granted(pace: Pace, asked: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """When each request began and what it took, for workers that ask one after the other and wait as they are told."""
    now, began = 0.0, []
    for pause, units in asked:
        now += pause
        while wait := pace.take({TABLE: units}, now):
            assert 0 < wait <= WAIT_SECONDS_MAX
            now += wait
        began.append((now, units))
    return began


@settings(max_examples=60, deadline=None)
@given(st.floats(1, 500), requests)
def test_no_window_holds_more_than_the_rate_and_one_burst(rate: float, asked: list[tuple[float, float]]) -> None:
    began = granted(Pace({TABLE: rate}, 0.0), asked)
    largest = max(rate * BURST_SECONDS, *(units for _, units in began), 0.0)
    for first in range(len(began)):
        total = 0.0
        for at, units in began[first:]:
            total += units
            # The last request of a window may be larger than a full bucket: it is paid for by who comes after it.
            assert total <= rate * (at - began[first][0]) + largest + rate * BURST_SECONDS + 1e-6


@settings(max_examples=40, deadline=None)
@given(st.floats(1, 500), requests)
def test_a_busy_pace_uses_its_rate(rate: float, asked: list[tuple[float, float]]) -> None:
    began = granted(Pace({TABLE: rate}, 0.0), [(0.0, units) for _, units in asked])
    elapsed = began[-1][0]
    assert elapsed <= sum(units for _, units in began) / rate + 1e-6


@settings(max_examples=50, deadline=None)
@given(
    st.floats(1, 200),
    st.lists(st.tuples(st.floats(0, 0.7), st.floats(0.5, 50), st.floats(0, 100), st.none() | st.floats(1, 200))),
)
def test_what_is_used_keeps_the_pace_also_when_guesses_are_wrong_and_the_rate_changes(
    rate: float, steps: list[tuple[float, float, float, float | None]]
) -> None:
    pace, now, fastest, used, largest = Pace({TABLE: rate}, 0.0), 0.0, rate, 0.0, 0.0
    allowed = rate * BURST_SECONDS
    for pause, guess, really, changed in steps:
        allowed += pause * pace.rates[TABLE]
        now += pause
        if changed is not None:
            pace.set_rate(TABLE, changed, now)
            fastest = max(fastest, changed)
        if pace.take({TABLE: guess}, now) == 0.0:
            pace.settle({TABLE: guess}, {TABLE: really}, now)
            used, largest = used + really, max(largest, really, guess)
    # All that was ever used fits into what the rates gave, a burst, and one request that was larger than a burst.
    assert used <= allowed + largest + 1e-6
    assert set(pace.rates) == {TABLE}
    assert pace.rates[TABLE] <= fastest


def test_what_was_really_used_is_settled() -> None:
    pace = Pace({TABLE: 10.0}, 0.0)
    assert pace.take({TABLE: 1.0}, 0.0) == 0.0
    pace.settle({TABLE: 1.0}, {TABLE: 30.0}, 0.0)
    assert pace.take({TABLE: 1.0}, 0.0) == WAIT_SECONDS_MAX
    assert pace.take({TABLE: 1.0}, 2.0) == pytest.approx(0.1)
    assert pace.take({TABLE: 1.0}, 2.1) == 0.0
    pace.settle({TABLE: 1.0}, {}, 2.1)
    assert pace.take({TABLE: 1.0}, 2.1) == 0.0


def test_an_index_holds_back_its_table_and_nothing_is_taken_meanwhile() -> None:
    pace = Pace({TABLE: 100.0, "by_status": 1.0}, 0.0)
    assert pace.take({TABLE: 50.0, "by_status": 1.0, "unlimited": 9.0}, 0.0) == 0.0
    assert pace.take({TABLE: 50.0, "by_status": 1.0}, 0.0) == 1.0
    assert pace.take({TABLE: 50.0}, 0.0) == 0.0


def test_a_pace_is_changed_while_workers_wait() -> None:
    pace = Pace({TABLE: 1.0}, 0.0)
    assert pace.take({TABLE: 1.0}, 0.0) == 0.0
    assert pace.take({TABLE: 1.0}, 0.0) == 1.0
    pace.set_rate(TABLE, 100.0, 0.0)
    assert pace.take({TABLE: 1.0}, 0.0) == pytest.approx(0.01)
    assert pace.rates == {TABLE: 100.0}
    pace.set_rate(TABLE, None, 0.0)
    assert pace.take({TABLE: 1e9}, 0.0) == 0.0
    pace.set_rate(TABLE, 5.0, 0.0)
    assert pace.take({TABLE: 5.0}, 0.0) == 1.0


def test_a_lowered_rate_keeps_its_debt_and_gives_no_burst() -> None:
    bucket = TokenBucket.new(100.0, 0.0).used(150.0, 0.0).at_rate(10.0, 0.0)
    assert bucket.level == -50.0
    assert bucket.wait(10.0, 0.0) == 6.0
    assert TokenBucket.new(100.0, 0.0).at_rate(10.0, 0.0).level == 10.0


def test_a_clock_that_goes_back_adds_nothing() -> None:
    bucket = TokenBucket.new(10.0, 5.0).used(10.0, 5.0)
    assert bucket.filled(4.0).level == 0.0
    assert bucket.filled(4.0).filled(5.0).level == 0.0


def test_no_limit_never_waits() -> None:
    bucket = TokenBucket.new(inf, 0.0)
    assert bucket.used(1e12, 0.0).wait(1e12, 0.0) == 0.0
    assert bucket.at_rate(5.0, 0.0).wait(5.0, 0.0) == 1.0
    assert bucket.at_rate(5.0, 0.0).at_rate(inf, 0.0).wait(1e9, 0.0) == 0.0


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan")])
def test_a_rate_is_more_than_nothing(rate: float) -> None:
    with pytest.raises(ValueError, match="more than 0"):
        TokenBucket.new(rate, 0.0)
    with pytest.raises(ValueError, match="more than 0"):
        TokenBucket.new(1.0, 0.0).at_rate(rate, 0.0)
