"""The schedules that AWS Backup takes: ``cron(minutes hours day-of-month month day-of-week year)``."""

import re
from typing import Final

_MONTHS: Final = "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC"
_DAYS: Final = "SUN|MON|TUE|WED|THU|FRI|SAT"
_FIELDS: Final[tuple[tuple[str, int, int, str, str], ...]] = (
    ("minutes", 0, 59, "", ""),
    ("hours", 0, 23, "", ""),
    ("day of the month", 1, 31, "", r"L|LW|([1-9]|[12]\d|3[01])W"),
    ("month", 1, 12, _MONTHS, ""),
    ("day of the week", 1, 7, _DAYS, rf"L|([1-7]|{_DAYS})L|([1-7]|{_DAYS})#[1-5]"),
    ("year", 1970, 2199, "", ""),
)
"""Each field: its name, its least and greatest number, its names, and its special forms.

Source: EventBridge scheduler guide, Cron-based schedules.
"""
_DAY_FIELDS: Final = (2, 4)


def schedule_problem(text: str) -> str:
    """Why AWS Backup would refuse a schedule, as the end of a sentence that names it; empty where it takes it."""
    if text.startswith("rate("):
        return "is a rate, which AWS Backup does not take"
    if not (text.startswith("cron(") and text.endswith(")")):
        return "is not cron(...)"
    fields = text[5:-1].split()
    if len(fields) != len(_FIELDS):
        return f"has {len(fields)} fields; cron(...) has 6"
    unsaid = sum(fields[place] == "?" for place in _DAY_FIELDS)
    if unsaid != 1:
        return f"has {2 - unsaid} day fields that are not ?; exactly one of the two must be ?"
    for place, (field, (name, least, most, names, special)) in enumerate(zip(fields, _FIELDS, strict=True)):
        if field == "?" and place in _DAY_FIELDS:
            continue
        if special and re.fullmatch(special, field, re.IGNORECASE):
            continue
        if not all(_is_part(part, least, most, names) for part in field.split(",")):
            return f"has {field!r} for the {name}, which is not between {least} and {most}"
    return ""


def _is_part(part: str, least: int, most: int, names: str) -> bool:
    span, slash, step = part.partition("/")
    if slash and not (step.isascii() and step.isdigit() and 1 <= int(step) <= most):
        return False
    if span == "*":
        return True
    ends = [_number(end, names) for end in span.split("-")]
    return len(ends) <= 2 and all(least <= end <= most for end in ends) and ends == sorted(ends)


def _number(text: str, names: str) -> int:
    known = names.split("|") if names else []
    if text.upper() in known:
        return known.index(text.upper()) + 1
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else -1
