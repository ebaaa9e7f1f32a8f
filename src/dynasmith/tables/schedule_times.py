"""When a schedule of AWS Backup was due: ``cron(minutes hours day-of-month month day-of-week year)``, by its documented
forms (EventBridge scheduler guide, Cron-based schedules)."""

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from dynasmith.tables.backup_schedule import schedule_problem

_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
LOOK_BACK_DAYS: Final = 400
"""So far back a time that was due is looked for: a schedule of once a year has one."""


def last_due(schedule: str, before: datetime, zone: str = "UTC") -> datetime | None:
    """The last time at or before ``before`` at which a schedule was due, in UTC; None where none was within
    `LOOK_BACK_DAYS`, or for a text that is not a schedule. ``zone`` is an IANA name; one that is not known is UTC."""
    if schedule_problem(schedule):
        return None
    minutes, hours, days, months, weekdays, years = schedule[5:-1].split()
    here = _zone(zone)
    today = before.astimezone(here).date()
    times = [
        time(hour, minute)
        for hour in sorted(_numbers(hours, 0, 23), reverse=True)
        for minute in sorted(_numbers(minutes, 0, 59), reverse=True)
    ]
    wanted_months, wanted_years = _numbers(months, 1, 12, _MONTHS), _numbers(years, 1970, 2199)
    for back in range(LOOK_BACK_DAYS):
        day = today - timedelta(days=back)
        if day.month not in wanted_months or day.year not in wanted_years or not _is_day(day, days, weekdays):
            continue
        for each in times:
            due = datetime.combine(day, each, here).astimezone(UTC)
            if due <= before:
                return due
    return None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (OSError, ValueError, KeyError):  # a name that is not known is a KeyError
        return ZoneInfo("UTC")


def _is_day(day: date, days: str, weekdays: str) -> bool:
    if weekdays == "?":
        return _is_day_of_month(day, days.upper())
    return _is_weekday(day, weekdays.upper())


def _is_day_of_month(day: date, said: str) -> bool:
    last = calendar.monthrange(day.year, day.month)[1]
    if said == "L":
        return day.day == last
    if said == "LW" or said.endswith("W"):
        wanted = last if said == "LW" else int(said[:-1])
        return wanted <= last and day == _nearest_weekday(date(day.year, day.month, wanted), last)
    return day.day in _numbers(said, 1, 31)


def _nearest_weekday(day: date, last: int) -> date:
    """The day, or the weekday next to it in the same month (Saturday: Friday, Sunday: Monday)."""
    if day.isoweekday() == 6:
        return day - timedelta(days=1) if day.day > 1 else day + timedelta(days=2)
    if day.isoweekday() == 7:
        return day + timedelta(days=1) if day.day < last else day - timedelta(days=2)
    return day


def _is_weekday(day: date, said: str) -> bool:
    own = day.isoweekday() % 7 + 1  # Sunday is 1
    if said == "L":
        return own == 7
    if said.endswith("L"):
        is_last = day.day + 7 > calendar.monthrange(day.year, day.month)[1]
        return is_last and own in _numbers(said[:-1], 1, 7, _DAYS)
    if "#" in said:
        wanted, _, which = said.partition("#")
        return own in _numbers(wanted, 1, 7, _DAYS) and (day.day - 1) // 7 + 1 == int(which)
    return own in _numbers(said, 1, 7, _DAYS)


def _numbers(said: str, least: int, most: int, names: tuple[str, ...] = ()) -> set[int]:
    return {number for part in said.split(",") for number in _part(part, least, most, names)}


def _part(part: str, least: int, most: int, names: tuple[str, ...]) -> Iterator[int]:
    span, slash, step = part.partition("/")
    if span in ("*", "?"):
        first, last = least, most
    else:
        ends = [names.index(end.upper()) + 1 if end.upper() in names else int(end) for end in span.split("-")]
        first, last = ends[0], ends[-1] if len(ends) == 2 or not slash else most
    yield from range(first, last + 1, int(step) if slash else 1)
