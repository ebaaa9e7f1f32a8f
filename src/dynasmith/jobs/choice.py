"""Which jobs are meant: by an id, by what an id begins with, by ``last``, by their age."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from dynasmith.errors import JobNotFound, UsageError
from dynasmith.jobs.job import Job

LAST: Final = "last"

_ID = re.compile(r"[a-z_-]+-\d{8}T\d{6}-[0-9a-f]{6}")
_AGE = re.compile(r"(\d{1,6})([smhdw])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def is_whole_id(text: str) -> bool:
    """Whether a text is an id as `job_id` makes them, so that nobody has to look for it."""
    return _ID.fullmatch(text) is not None


def chosen(text: str, jobs: Sequence[Job]) -> str:
    """The id of the one job that ``text`` means: an id, the beginning of one, or ``last``. ``jobs`` are oldest first.

    Raises JobNotFound where there is none, UsageError where several begin so.
    """
    ids = [job.id for job in jobs]
    if text in ids:
        return text
    found = ids[-1:] if text == LAST else [each for each in ids if text and each.startswith(text)]
    if not found:
        if text == LAST:
            raise JobNotFound("There are no jobs.", hint="copy, populate, export, backfill and their like begin jobs")
        raise JobNotFound(f"There is no job {text}.", hint="dynasmith jobs list shows them")
    if len(found) > 1:
        shown = ", ".join(found[-5:]) + (" and others" if len(found) > 5 else "")
        raise UsageError(f"{len(found)} jobs begin with {text}: {shown}.", hint="give more of the id")
    return found[0]


def age_of(text: str) -> timedelta:
    """An age such as ``30d``, ``12h`` or ``2w``. Raises UsageError."""
    match = _AGE.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{text!r} is not a length of time.", hint="write a number with s, m, h, d or w, such as 30d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def older_than(jobs: Sequence[Job], age: timedelta, now: datetime) -> list[Job]:
    """The jobs that are over, and have been for longer than ``age``, oldest first."""
    return [job for job in jobs if job.over and now - job.changed_at > age]
