"""Times on a command line: an instant with its offset from UTC, or an age."""

from datetime import datetime

from dynasmith.errors import UsageError
from dynasmith.jobs.choice import age_of

EXAMPLE = "2026-11-20T10:15:00Z or 2026-11-20T11:15:00+01:00"


def instant(text: str) -> datetime:
    """A time in RFC 3339. Raises UsageError; without an offset it would be another second in another place."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise UsageError(f"{text!r} is not a valid time.", hint=f"write it like {EXAMPLE}") from error
    if found.tzinfo is None:
        raise UsageError(f"The time {text} has no offset from UTC.", hint=f"write it like {EXAMPLE}")
    return found


def time_or_age(text: str, now: datetime) -> datetime:
    """A time, or one so long ago: ``30d``. Raises UsageError."""
    try:
        return now - age_of(text)
    except (UsageError, OverflowError):
        return instant(text)
