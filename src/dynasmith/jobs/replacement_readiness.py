"""Whether a replacement may be cut over, as its last run kept it, and why not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from msgspec import Struct

from dynasmith.jobs.replacement_progress import ReplacementProgress

STREAM_READ_WITHIN: Final = timedelta(hours=20)
"""The stream keeps 24 hours; a replacement that did not read it for so long compares every item again."""
STREAM_WARNED_AFTER: Final = timedelta(hours=12)
"""From when on somebody is told how long is left."""
_OVER: Final = {
    "cutover": "it is being cut over",
    "following back": "it is cut over",
    "cutover back": "it is being switched back",
    "finished": "it is cut over, and finished",
    "aborted": "it was aborted",
}
_SWITCHING: Final = ("cutover", "cutover back")
_HOUR: Final = timedelta(hours=1)
_ENDED: Final = ("finished", "aborted")


class Readiness(Struct, frozen=True, kw_only=True):
    """``not_ready_because`` is why a cut-over has to wait, as the end of a sentence, empty where nothing is known that
    it has to wait for: a cut-over compares both tables once more itself. ``warning`` is a sentence about writes that
    are stopped, or changes that were not read for long. ``must_compare``: for so long that only a comparison of every
    item goes on."""

    not_ready_because: str = ""
    warning: str = ""
    must_compare: bool = False

    def to_json(self) -> dict[str, Any]:
        """Stable keys."""
        return {
            "ready": not self.not_ready_because,
            "not_ready_because": self.not_ready_because or None,
            "warning": self.warning or None,
        }


def readiness(progress: ReplacementProgress, now: datetime) -> Readiness:
    """Whether a replacement is ready to be cut over, by what its last run kept. Reads nothing."""
    read_at = progress.keys.captured_at
    unread = now - read_at if read_at is not None and progress.state not in _ENDED else timedelta()
    must_compare = unread > STREAM_READ_WITHIN
    return Readiness(
        not_ready_because=_why_not(progress, must_compare=must_compare),
        warning=_stopped(progress) or (_warning(unread) if unread >= STREAM_WARNED_AFTER else ""),
        must_compare=must_compare,
    )


def no_way_back_because(progress: ReplacementProgress, goes_back: bool, now: datetime) -> str:
    """Why the application cannot be switched back to the old table, as the end of a sentence; empty where nothing is
    known that it has to wait for. ``goes_back``: the old table follows the new one. Reads nothing."""
    if not goes_back:
        return "the replacement was begun without --reverse"
    if progress.state != "following back":
        return f"it is {progress.state}"
    return _behind(progress, must_compare=readiness(progress, now).must_compare)


def _behind(progress: ReplacementProgress, *, must_compare: bool) -> str:
    """Why one table cannot be equal to the other one."""
    keys = progress.keys
    if must_compare:
        return "changes were last read more than 20 hours ago, and may be gone from the stream"
    if keys.blocked:
        return f"{keys.blocked:,} {'key' if keys.blocked == 1 else 'keys'} cannot be made equal"
    return ""


def _why_not(progress: ReplacementProgress, *, must_compare: bool) -> str:
    if progress.state in _OVER:
        return _OVER[progress.state]
    if why := _behind(progress, must_compare=must_compare):
        return why
    if progress.foreign:
        items = "item" if progress.foreign == 1 else "items"
        return f"the new table has {progress.foreign:,} {items} of another origin"
    if progress.state != "verified":
        return f"it is {progress.state}, and both tables were not compared until they are equal"
    return "no change was read yet" if progress.keys.captured_at is None else ""


def _stopped(progress: ReplacementProgress) -> str:
    """That writes are stopped, while a cut-over is under way."""
    if progress.fenced_at is None or progress.state not in _SWITCHING:
        return ""
    return f"Writes have been stopped since {progress.fenced_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC."


def _warning(unread: timedelta) -> str:
    read = f"Changes were last read {unread // _HOUR} hours ago"
    left = STREAM_READ_WITHIN - unread
    if left < timedelta():
        return f"{read}, and may be gone from the stream."
    if left < _HOUR:
        return f"{read}: go on within an hour."
    return f"{read}: go on within {left // _HOUR} {'hour' if left < 2 * _HOUR else 'hours'}."
