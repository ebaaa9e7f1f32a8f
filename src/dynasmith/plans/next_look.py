"""When a process that does not stay looks at a table again: from what is waited for, and how far it is."""

from __future__ import annotations

from typing import Final

from dynasmith.plans.step import Wait, WaitIndex, WaitIndexGone, WaitReplica, WaitReplicaGone
from dynasmith.tables.settings.time_to_live import WaitTimeToLive

LOOK_SECONDS_MIN: Final = 30.0
LOOK_SECONDS_MAX: Final = 900.0
"""Often enough that what comes next begins within a quarter of an hour, seldom enough for weeks of index builds."""


def is_long(wait: Wait) -> bool:
    """Whether a wait takes as long as the table is large, or an hour: nobody sits and watches it."""
    return isinstance(wait, WaitIndex | WaitIndexGone | WaitReplica | WaitReplicaGone | WaitTimeToLive)


def remaining_seconds(percent: float | None, waited_seconds: float) -> float | None:
    """How long a build takes from here on, at the pace that it had; None where ``percent`` is unknown or nothing."""
    if percent is None or not 0 < percent <= 100 or waited_seconds <= 0:
        return None
    return waited_seconds * (100 - percent) / percent


def look_seconds(remaining: float | None, waited_seconds: float) -> float:
    """After how many seconds to look again: a quarter of what remains, or of what was waited where that is unknown."""
    quarter = (waited_seconds if remaining is None else remaining) / 4
    return min(max(quarter, LOOK_SECONDS_MIN), LOOK_SECONDS_MAX)
