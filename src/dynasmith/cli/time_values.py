"""Times as people write them on the command line."""

from datetime import UTC, datetime

from dynasmith.errors import UsageError
from dynasmith.jobs.choice import age_of

_HINT = "write it like 2026-11-20T10:15:00Z or 2026-11-20T11:15:00+01:00"


def instant(text: str, option: str) -> datetime:
    """A time with its offset, in UTC. Raises UsageError for one without: it would mean another time elsewhere."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{option}: {text!r} is not a time.", hint=_HINT) from error
    if found.tzinfo is None:
        raise UsageError(f"{option}: {text!r} has no offset, so it is not known which time is meant.", hint=_HINT)
    return found.astimezone(UTC)


def window(text: str, option: str) -> tuple[datetime, datetime | None]:
    """``FROM..TO``, or ``FROM..`` up to now. Raises UsageError."""
    begin, dots, end = text.partition("..")
    if not dots or not begin:
        raise UsageError(f"{option}: {text!r} is not a window.", hint="write it like FROM..TO, or FROM.. up to now")
    found = instant(begin, option), instant(end, option) if end else None
    if found[1] is not None and found[1] <= found[0]:
        raise UsageError(f"{option}: the window {text} ends before it begins.", hint="write the earlier time first")
    return found


def time_or_age(text: str, now: datetime, option: str) -> datetime:
    """A time, or one so long ago: ``30d``. Raises UsageError."""
    try:
        return now - age_of(text)
    except (UsageError, OverflowError):
        return instant(text, option)
