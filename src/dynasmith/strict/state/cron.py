"""Schedules of AWS Backup: ``cron(minutes hours day-of-month month day-of-week year)`` and when it is due.

EventBridge's form (scheduler guide, "Cron-based schedules"): exactly one of the two day fields is ``?``; ``*``, ``,``,
``-`` and ``/`` everywhere, ``L`` and ``W`` in days of the month, ``L`` and ``#`` in days of the week; Sunday is 1.
"""

import calendar
import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

_MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
_YEARS = (1970, 2199)
# A day that never comes (30 February) is not looked for longer than the longest gap there is: 29 February over 2100.
_DAYS_AHEAD_MAX = 366 * 9


class BadSchedule(ValueError):
    """An expression that is not a schedule."""


@dataclass(frozen=True, slots=True)
class CronSchedule:
    """A schedule that was read. ``days`` and ``weekdays`` are None for ``?``; texts for the forms with L, W and #."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int] | str | None
    months: frozenset[int]
    weekdays: frozenset[int] | str | None
    years: frozenset[int]
    zone: str = "UTC"

    def next_after(self, time: float) -> float | None:
        """The first time that is due after ``time`` (seconds since the epoch); None where none comes."""
        zone = ZoneInfo(self.zone)
        start = datetime.datetime.fromtimestamp(time, zone)
        for ahead in range(_DAYS_AHEAD_MAX):
            day = start.date() + datetime.timedelta(days=ahead)
            if not self._is_on(day):
                continue
            for hour in sorted(self.hours):
                for minute in sorted(self.minutes):
                    due = datetime.datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).timestamp()
                    if due > time:
                        return due
        return None

    def _is_on(self, day: datetime.date) -> bool:
        if day.month not in self.months or day.year not in self.years:
            return False
        weekday = day.isoweekday() % 7 + 1
        if self.days is None:
            return weekday in self.weekdays if isinstance(self.weekdays, frozenset) else _weekday_of(self.weekdays, day)
        return day.day in self.days if isinstance(self.days, frozenset) else day.day == _day_of(self.days, day)


def read_cron(text: str, zone: str = "UTC") -> CronSchedule:
    """Read an expression. BadSchedule, with the reason, for what is not one."""
    if not (text.startswith("cron(") and text.endswith(")")):
        raise BadSchedule(f"{text!r} is not cron(...)")
    fields = text[5:-1].split()
    if len(fields) != 6:
        raise BadSchedule(f"{text!r} has {len(fields)} fields, not 6")
    minutes, hours, days, months, weekdays, years = fields
    if (days == "?") == (weekdays == "?"):
        raise BadSchedule(f"{text!r} does not have exactly one of its day fields as ?")
    return CronSchedule(
        minutes=_values(minutes, 0, 59),
        hours=_values(hours, 0, 23),
        days=_days(days),
        months=_values(months, 1, 12, _MONTHS),
        weekdays=_weekdays(weekdays),
        years=_values(years, *_YEARS),
        zone=zone,
    )


def _days(text: str) -> frozenset[int] | str | None:
    if text == "?":
        return None
    if text in {"L", "LW"} or (text.endswith("W") and text[:-1].isdigit() and 1 <= int(text[:-1]) <= 31):
        return text
    return _values(text, 1, 31)


def _weekdays(text: str) -> frozenset[int] | str | None:
    if text == "?":
        return None
    day, sign, number = text.partition("#")
    if sign:
        (which,) = _values(day, 1, 7, _DAYS) if day != "*" else (0,)
        if not which or not number.isdigit() or not 1 <= int(number) <= 5:
            raise BadSchedule(f"{text!r} is not a day of the week")
        return f"{which}#{number}"
    if text.endswith("L"):
        if text == "L":
            return frozenset({7})
        (which,) = _values(text[:-1], 1, 7, _DAYS)
        return f"{which}L"
    return _values(text, 1, 7, _DAYS)


def _day_of(text: str, day: datetime.date) -> int:
    """The day of the month that L, LW or nW is in a month."""
    last = calendar.monthrange(day.year, day.month)[1]
    wanted = last if text in {"L", "LW"} else min(int(text[:-1]), last)
    if text == "L":
        return wanted
    weekday = day.replace(day=wanted).isoweekday()
    if weekday == 6:
        return wanted - 1 if wanted > 1 else wanted + 2
    if weekday == 7:
        return wanted + 1 if wanted < last else wanted - 2
    return wanted


def _weekday_of(text: str | None, day: datetime.date) -> bool:
    assert text is not None
    weekday = day.isoweekday() % 7 + 1
    if text.endswith("L"):
        last = calendar.monthrange(day.year, day.month)[1]
        return weekday == int(text[:-1]) and day.day + 7 > last
    which, _, number = text.partition("#")
    return weekday == int(which) and (day.day - 1) // 7 + 1 == int(number)


def _values(text: str, least: int, most: int, names: dict[str, int] | None = None) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        found.update(_part(part, least, most, names or {}))
    return frozenset(found)


def _part(text: str, least: int, most: int, names: dict[str, int]) -> Iterator[int]:
    span, sign, step_text = text.partition("/")
    if sign and (not step_text.isdigit() or not 1 <= int(step_text) <= most):
        raise BadSchedule(f"{text!r} has no step between 1 and {most}")
    step = int(step_text) if sign else 1
    if span == "*":
        first, last = least, most
    else:
        begin, dash, end = span.partition("-")
        first = _number(begin, least, most, names)
        last = _number(end, least, most, names) if dash else most if sign else first
        if last < first:
            raise BadSchedule(f"{text!r} ends before it begins")
    yield from range(first, last + 1, step)


def _number(text: str, least: int, most: int, names: dict[str, int]) -> int:
    number = names.get(text.upper(), int(text) if text.isascii() and text.isdigit() else -1)
    if not least <= number <= most:
        raise BadSchedule(f"{text!r} is not between {least} and {most}")
    return number
