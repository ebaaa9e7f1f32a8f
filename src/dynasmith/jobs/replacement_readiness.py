"""Whether a replacement may be cut over, as its last run kept it, and why not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from dynasmith.jobs.replacement_progress import ReplacementProgress

STREAM_READ_WITHIN: Final = timedelta(hours=20)
"""The stream keeps 24 hours; a replacement that did not read it for so long compares every item again."""
_OVER: Final = {
    "cutover": "it is being cut over",
    "following back": "it is cut over",
    "finished": "it is cut over, and finished",
    "aborted": "it was aborted",
}


def why_not_ready(progress: ReplacementProgress, now: datetime) -> str:
    """Why a cut-over has to wait, as the end of a sentence; empty where nothing is known that it has to wait for. A
    cut-over compares both tables once more itself."""
    keys = progress.keys
    if progress.state in _OVER:
        return _OVER[progress.state]
    if progress.state != "verified":
        return f"it is {progress.state}, and both tables were not compared until they are equal"
    if keys.blocked:
        return f"{keys.blocked:,} {'key' if keys.blocked == 1 else 'keys'} cannot be made equal"
    if keys.captured_at is None or now - keys.captured_at > STREAM_READ_WITHIN:
        return "changes were last read more than 20 hours ago, and may be gone from the stream"
    return ""
