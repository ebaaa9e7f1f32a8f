"""How far a job is, in words: the same figures on its bar, in its log, and in the list of jobs."""

from __future__ import annotations

from dynasmith.cli.counts import counted


def share_text(read: int, total: int | None) -> str:
    """``12 of about 50 items (24 %)``, or ``12 items`` where the total is unknown or was wrong."""
    if total is None or total < read:
        return counted(read, "item")
    return f"{read:,} of about {counted(total, 'item')} ({100 * read // max(total, 1)} %)"


def left_text(seconds: float) -> str:
    """``45 s``, ``3 min 20 s``, ``2 h 5 min``, ``3 d 4 h``."""
    left = round(seconds)
    if left < 60:
        return f"{left} s"
    if left < 3_600:
        return f"{left // 60} min {left % 60} s"
    if left < 86_400:
        return f"{left // 3_600} h {left % 3_600 // 60} min"
    return f"{left // 86_400} d {left % 86_400 // 3_600} h"
