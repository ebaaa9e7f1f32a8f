"""When a schedule was due last: against the strict endpoint's own reading of schedules, which goes forward."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynasmith.strict.state.cron import read_cron
from dynasmith.tables.schedule_times import LOOK_BACK_DAYS, last_due

SCHEDULES = (
    "cron(0 2 * * ? *)",
    "cron(0 2 ? * SUN *)",
    "cron(0/15 8-17 ? * MON-FRI *)",
    "cron(30 1 L * ? *)",
    "cron(0 0 15W * ? *)",
    "cron(0 3 ? * 6L *)",
    "cron(0 3 ? * 2#1 *)",
    "cron(0 3 1,15 JAN-JUN/2 ? *)",
    "cron(5 4 LW * ? 2026)",
    "cron(0 12 1W * ? *)",
)
TIMES = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


@given(st.sampled_from(SCHEDULES), TIMES, st.sampled_from(("UTC", "America/New_York", "Asia/Kolkata")))
def test_the_last_time_is_due_and_none_is_between(schedule: str, before: datetime, zone: str) -> None:
    forward, found = read_cron(schedule, zone), last_due(schedule, before, zone)
    began = before - timedelta(days=LOOK_BACK_DAYS - 2) if found is None else found
    following = forward.next_after(began.timestamp())
    assert following is None or following > before.timestamp()
    if found is not None:
        assert found <= before
        assert forward.next_after(found.timestamp() - 1) == found.timestamp()


@pytest.mark.parametrize(
    "schedule", ["", "rate(1 day)", "cron(0 2 * * * *)", "cron(61 2 * * ? *)", "cron(0 2 30 2 ? *)"]
)
def test_what_is_never_due(schedule: str) -> None:
    assert last_due(schedule, datetime(2026, 11, 20, tzinfo=UTC)) is None


def test_an_unknown_zone_is_utc() -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert last_due("cron(0 2 * * ? *)", noon, "Nowhere/There") == last_due("cron(0 2 * * ? *)", noon)
