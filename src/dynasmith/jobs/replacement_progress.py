"""How far the replacement of a table is: states in their order, and what is known of its keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal, TypeAlias, get_args

from msgspec import Struct

ReplacementState: TypeAlias = Literal[
    "planned",
    "target",
    "capturing",
    "copying",
    "draining",
    "following",
    "verified",
    "cutover",
    "following back",
    "cutover back",
    "finished",
    "aborted",
]
ReplacementGoal: TypeAlias = Literal["following", "verified", "following back", "back", "finished", "aborted"]
STATES: Final[tuple[ReplacementState, ...]] = get_args(ReplacementState)

BLOCKED_KEPT: Final = 20
"""Blocked keys whose reasons the record of a job keeps."""


class BlockedKey(Struct, frozen=True):
    """A key that cannot be made equal, as people read it, and why."""

    key: str
    reason: str


class KeyFigures(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Keys of the source, when the job was last kept. ``dirty`` may differ in the target, ``blocked`` wait for a change
    of the source, ``handled`` were made equal since the copy. ``lag_seconds`` is the age of the oldest dirty key,
    ``captured_at`` when the stream was last read."""

    dirty: int = 0
    blocked: int = 0
    records: int = 0
    handled: int = 0
    lag_seconds: float = 0.0
    captured_at: datetime | None = None
    first_blocked: tuple[BlockedKey, ...] = ()


class ReplacementProgress(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a replacement is.

    ``safety`` is what the source can be restored from. ``streams`` names the tables whose stream was turned on for it,
    ``stream_arn`` is that of the stream that is read, ``stream_view`` what the stream of the source showed that was
    turned off and on.
    ``copy_job`` is the id of the copy. ``differences`` are those that the last comparison found and mended,
    ``foreign`` counts items of the new table that belong to no item of
    the source. ``heals``: records of the stream are passed over that are gone, since every item is compared.
    ``verified_at`` is when two comparisons in a row had found none. ``pointer`` is what a cut-over switches (it said
    ``pointer_said`` before), ``fence`` what stops writes meanwhile (``policy``, ``hook:COMMAND``, ``none``), for
    ``max_fence_seconds`` at most.
    ``switches``: the pointer is about to be switched, so that nothing is taken back. ``fences`` names the tables that
    are fenced now, each with what stops its writes. ``target_stream_arn`` is that of the new table's stream, where
    there is a way back; ``been_back``: the new table was in use, and the old one is again. ``conflicts`` counts keys
    that others wrote to the table that is not in use, and that did not come over, ``late_keys`` shows some of them;
    ``accepts_conflicts``: they are given up.
    ``finishes``: the streams are being turned off, so that neither table is followed any more.
    ``writes_definition``: the definition gets the name of the table in use once the pointer is switched.
    """

    state: ReplacementState = "planned"
    safety: str = ""
    streams: tuple[str, ...] = ()
    stream_arn: str = ""
    stream_view: str = ""
    copy_job: str = ""
    keys: KeyFigures = KeyFigures()
    differences: int | None = None
    foreign: int = 0
    heals: bool = False
    verified_at: datetime | None = None
    pointer: str = ""
    pointer_said: str = ""
    fence: str = "policy"
    max_fence_seconds: float = 120.0
    fenced_at: datetime | None = None
    switches: bool = False
    switched_at: datetime | None = None
    fence_seconds: float | None = None
    fences: dict[str, str] = {}
    target_stream_arn: str = ""
    been_back: bool = False
    conflicts: int = 0
    writes_definition: bool = False
    late_keys: tuple[str, ...] = ()
    accepts_conflicts: bool = False
    finishes: bool = False

    @property
    def new_in_use(self) -> bool:
        """Whether the pointer says the new table."""
        return self.state in ("following back", "cutover back", "finished")

    def to_json(self) -> dict[str, Any]:
        """Stable keys."""
        keys = self.keys
        return {
            "state": self.state,
            "safety_point": self.safety or None,
            "copy_job": self.copy_job or None,
            "dirty_keys": keys.dirty,
            "blocked_keys": keys.blocked,
            "records": keys.records,
            "handled_keys": keys.handled,
            "lag_seconds": keys.lag_seconds,
            "captured_at": _utc(keys.captured_at),
            "blocked": [{"key": each.key, "reason": each.reason} for each in keys.first_blocked],
            "differences": self.differences,
            "foreign_items": self.foreign,
            "verified_at": _utc(self.verified_at),
            "pointer": self.pointer or None,
            "fenced_at": _utc(self.fenced_at),
            "switched_at": _utc(self.switched_at),
            "fence_seconds": self.fence_seconds,
            "conflicts": self.conflicts,
            "late_keys": list(self.late_keys),
            "fenced_tables": list(self.fences),
        }


def _utc(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat(timespec="seconds").replace("+00:00", "Z")
