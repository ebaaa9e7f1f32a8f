"""Steering: throttles lower the rate of the resource they name, quiet raises it, the ceiling is never passed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynasmith.jobs.steer import RATE_MIN, Steer, Throttle, ceiling, held_back, start_rate, throttle_of

ARN = "arn:aws:dynamodb:eu-west-1:1:table/orders"


@pytest.mark.parametrize(
    ("reason", "resource", "throttle"),
    [
        ("TableWriteProvisionedThroughputExceeded", ARN, Throttle("write", "ProvisionedThroughputExceeded")),
        ("TableReadAccountLimitExceeded", ARN, Throttle("read", "AccountLimitExceeded")),
        (
            "IndexWriteKeyRangeThroughputExceeded",
            f"{ARN}/index/by_status",
            Throttle("write", "KeyRangeThroughputExceeded", "by_status"),
        ),
        ("IndexReadMaxOnDemandThroughputExceeded", ARN, Throttle("read", "MaxOnDemandThroughputExceeded")),
        ("SomethingNew", ARN, None),
    ],
)
def test_a_throttling_reason_is_understood(reason: str, resource: str, throttle: Throttle | None) -> None:
    assert throttle_of(reason, resource) == throttle


@settings(max_examples=60, deadline=None)
@given(
    st.floats(1, 40_000),
    st.floats(1, 40_000),
    st.lists(st.tuples(st.floats(0, 10), st.sampled_from(["", "KeyRangeThroughputExceeded", "quiet"])), max_size=40),
)
def test_a_rate_stays_between_one_unit_and_its_ceiling(
    start: float, highest: float, events: list[tuple[float, str]]
) -> None:
    steer, now = Steer.new(start, highest, 0.0), 0.0
    for pause, event in events:
        now += pause
        before = steer.rate
        if event == "quiet":
            steer = steer.passed(now)
            assert steer.rate >= before
        else:
            steer = steer.throttled(event, now)
            assert steer.rate <= before
        assert RATE_MIN <= steer.rate <= steer.ceiling


def test_throttles_of_one_moment_cut_once() -> None:
    steer = Steer.new(1000.0, 40_000.0, 0.0).throttled("ProvisionedThroughputExceeded", 0.0)
    assert steer.rate == 700.0
    assert steer.throttled("ProvisionedThroughputExceeded", 0.9).rate == 700.0
    assert steer.throttled("ProvisionedThroughputExceeded", 1.0).rate == pytest.approx(490.0)


def test_a_hot_key_range_costs_less_than_a_full_table() -> None:
    steer = Steer.new(1000.0, 40_000.0, 0.0)
    assert steer.throttled("KeyRangeThroughputExceeded", 0.0).rate == 900.0


def test_a_quiet_rate_climbs_evenly_and_stops_at_the_ceiling() -> None:
    steer = Steer.new(4000.0, 40_000.0, 0.0)
    for second in range(1, 61):
        steer = steer.passed(float(second))
    assert steer.rate == pytest.approx(12_000)
    for second in range(61, 271):
        steer = steer.passed(float(second))
    assert steer.rate == 40_000.0


def test_a_low_rate_feels_its_way() -> None:
    steer = Steer.new(50.0, 40_000.0, 0.0)
    assert steer.passed(1.0).rate == pytest.approx(55.0)
    assert Steer.new(1.0, 40_000.0, 0.0).passed(1.0).rate == pytest.approx(2.0)


def test_idle_time_does_not_raise_a_rate_by_itself() -> None:
    steer = Steer.new(100.0, 40_000.0, 0.0)
    assert steer.passed(10_000.0).rate == pytest.approx(150.0)


def test_a_limit_that_nobody_told_is_found_and_used() -> None:
    """A table that bears 50 units a second, a ceiling of 40,000: the rate ends around the 50."""
    steer, now, over, rates = Steer.new(4000.0, 40_000.0, 0.0), 0.0, 0, []
    for _ in range(600):
        now += 1.0
        if steer.rate > 50:
            over += 1
            steer = steer.throttled("ProvisionedThroughputExceeded", now)
        else:
            steer = steer.passed(now)
        rates.append(steer.rate)
    late = rates[100:]
    assert sum(late) / len(late) > 40
    assert max(late) <= 56
    assert over < 200


def _used(limit: float, *, in_part: bool) -> float:
    """What part of its limit a table serves that gets batches of 25, after a while. The bucket holds a second."""
    steer, now, last, level, used = Steer.new(1.2 * limit, 1.2 * limit, 0.0), 0.0, 0.0, limit, 0.0
    while now < 600:
        now += 25 / steer.rate
        left = 25.0
        share = 1.0
        while left:
            level, last = min(limit, level + (now - last) * limit), now
            done = min(left, max(0.0, level))
            level, left = level - done, left - done
            used += done if now > 300 else 0
            if left:
                share = left / 25
                steer = steer.throttled("ProvisionedThroughputExceeded", now, share if in_part else 1.0)
                now += 0.05
        if share == 1.0:
            steer = steer.passed(now)
    return used / (300 * limit)


def test_a_batch_that_is_held_back_in_part_costs_less_than_a_refused_one() -> None:
    for limit in (50.0, 200.0, 1000.0):
        assert _used(limit, in_part=True) > 0.97
        assert _used(limit, in_part=False) < 0.93


def test_a_share_of_a_throttle_cuts_that_share() -> None:
    (throttle,) = held_back([Throttle("write", "KeyRangeThroughputExceeded", "by_a")], 0.2)
    assert throttle == Throttle("write", "KeyRangeThroughputExceeded", "by_a", 0.2)
    assert Steer.new(100, 1000, 0.0).throttled("", 1.0, 0.2).rate == pytest.approx(94.0)


def test_a_provisioned_table_keeps_capacity_for_live_traffic() -> None:
    assert start_rate("write", provisioned=100, share=0.25) == 25
    assert ceiling("write", provisioned=100, share=0.25) == 25
    assert ceiling("write", provisioned=100, asked=90) == 90
    assert start_rate("write") == 4_000
    assert start_rate("read") == 12_000
    assert start_rate("read", warm=30_000) == 30_000
    assert (ceiling("read"), ceiling("write")) == (40_000, 40_000)


def test_a_limit_below_one_unit_a_second_is_kept() -> None:
    steer = Steer.new(4000.0, 0.5, 0.0)
    assert steer.rate == 0.5
    assert steer.throttled("", 10.0).rate == 0.5
    assert steer.passed(100.0).rate == 0.5


def test_parts_of_a_rate_add_up_to_it_and_grow_when_one_ends() -> None:
    half = Steer.new(1.0, 100.0, 0.0).times(0.5)
    assert (half.rate, half.ceiling) == (1.0, 50.0)
    found = Steer.new(80.0, 100.0, 0.0).times(0.5)
    assert (found.rate, found.ceiling) == (40.0, 50.0)
    assert found.times(2.0) == Steer.new(80.0, 100.0, 0.0)
