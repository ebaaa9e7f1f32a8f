"""`MetricWindow`: from when to when, and by which period, within what CloudWatch keeps."""

from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec import Struct

from dynasmith.errors import UsageError
from dynasmith.limits import (
    CLOUDWATCH_PERIODS,
    METRIC_PERIOD_MAX_SECONDS,
    METRIC_PERIOD_MIN_SECONDS,
)

LAST_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_USUAL: Final = ((_DAY, 300), (30 * _DAY, 3600))
_PERIOD_HINT: Final = "for example 1m, 5m, 1h or 1d"


class MetricWindow(Struct, frozen=True, kw_only=True):
    """A window whose ends are whole periods (seconds); ``seconds`` is how much of it is over."""

    start: datetime
    end: datetime
    period: int
    seconds: float

    @property
    def periods(self) -> int:
        """How many periods it has."""
        return int((self.end - self.start).total_seconds()) // self.period


def metric_window(
    now: datetime,
    *,
    since: timedelta | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    period: timedelta | None = None,
) -> MetricWindow:
    """The window that is meant: the last hour where nothing is said. Without a period it is 5 minutes up to a day, an
    hour up to 30 days, else a day. Raises UsageError for one that CloudWatch cannot answer."""
    if since is not None and (start is not None or end is not None):
        raise UsageError("A window is given by its length or by its ends.", hint="use --since, or --from and --to")
    if since is not None and since <= timedelta():
        raise UsageError("The window must be longer than nothing.", hint="for example --since 3h")
    last = end or now
    try:
        first = start or last - (since or LAST_HOUR)
    except OverflowError as error:
        raise UsageError("The window begins before there was time.", hint="for example --since 3h") from error
    if first >= last:
        raise UsageError(
            f"The window begins at {_text(first)} and ends at {_text(last)}, which is not later.",
            hint="write the earlier time in --from",
        )
    if first >= now:
        raise UsageError(
            f"The window begins at {_text(first)}, which is in the future.", hint=f"it is {_text(now)} now"
        )
    seconds = _seconds(period, now - first, last - first)
    begin = first.timestamp() // seconds * seconds
    finish = -(-last.timestamp() // seconds) * seconds
    if start is None:
        # A window up to now has as many periods as its length says, and the last one is not over.
        begin = max(begin, finish - max(1.0, -(-(last - first).total_seconds() // seconds)) * seconds)
    over = min(finish, max(now.timestamp(), begin + 1.0)) - begin
    return MetricWindow(
        start=datetime.fromtimestamp(begin, UTC),
        end=datetime.fromtimestamp(finish, UTC),
        period=seconds,
        seconds=over,
    )


def _seconds(period: timedelta | None, age: timedelta, length: timedelta) -> int:
    kept = next((each for each in CLOUDWATCH_PERIODS if age <= timedelta(days=each.days)), None)
    if kept is None:
        raise UsageError(
            f"CloudWatch keeps metrics for {CLOUDWATCH_PERIODS[-1].days} days, the window begins {age.days} days ago.",
            hint="choose a later beginning",
        )
    if period is None:
        usual = next((seconds for longest, seconds in _USUAL if length <= longest), 86_400)
        return max(usual, kept.period_seconds)
    seconds = int(period.total_seconds())
    whole = seconds % METRIC_PERIOD_MIN_SECONDS == 0 and seconds == period.total_seconds()
    if not whole or not METRIC_PERIOD_MIN_SECONDS <= seconds <= METRIC_PERIOD_MAX_SECONDS:
        raise UsageError(
            f"A period of {period.total_seconds():g} s is not possible: metrics of DynamoDB are of whole minutes, and "
            "CloudWatch adds up a day at most.",
            hint=_PERIOD_HINT,
        )
    if seconds % kept.period_seconds:
        raise UsageError(
            f"A period of {seconds} s is not possible {age.days} days back: CloudWatch keeps periods of "
            f"{kept.period_seconds} s there.",
            hint=f"use a multiple of {kept.period_seconds} s, or a later beginning",
        )
    if seconds > length.total_seconds():
        raise UsageError(
            f"The period of {seconds} s is longer than the window of {length.total_seconds():g} s.",
            hint="use a shorter period, or a longer window",
        )
    return seconds


def _text(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
