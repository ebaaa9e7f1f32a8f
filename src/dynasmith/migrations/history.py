"""What the events say of each migration: the fold of the history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from dynasmith.migrations.event import Kind, LockRecord, MigrationEvent
from dynasmith.migrations.version import NOTHING, Version, parse_version

State: TypeAlias = Literal["outstanding", "running", "interrupted", "failed", "applied", "marked"]

_STATES: Final[Mapping[Kind, State]] = {
    "started": "interrupted",
    "resumed": "interrupted",
    "interrupted": "interrupted",
    "reverting": "interrupted",
    "failed": "failed",
    "revert_failed": "failed",
    "applied": "applied",
    "marked": "marked",
    "reverted": "outstanding",
    "unmarked": "outstanding",
}
"""accepted and unlocked change no state. What began and did not end is interrupted, or running while its run is."""
_ATTEMPTS: Final = frozenset({"started", "resumed", "reverting"})


class MigrationState(Struct, frozen=True, kw_only=True):
    """What the history says of one migration. ``key`` is its version, or its name where it has none.

    ``last`` is the event that says the state, ``begun`` the one with which the attempt under way began; ``events`` are
    all of it, oldest first.
    """

    key: str
    state: State
    last: MigrationEvent
    begun: MigrationEvent | None
    events: tuple[MigrationEvent, ...]

    @property
    def is_applied(self) -> bool:
        """Whether its change is in the tables, for all that the history knows."""
        return self.state in ("applied", "marked")

    @property
    def is_open(self) -> bool:
        """Whether it began and did not end: it goes first, and its steps are still there."""
        return self.state in ("running", "interrupted", "failed")

    @property
    def begun_up(self) -> MigrationEvent | None:
        """The event with which the up began that is applied, or that began and did not end: its steps are under it."""
        begun: MigrationEvent | None = None
        for event in self.events:
            if event.kind == "started":
                begun = event
            elif event.kind in ("marked", "unmarked", "reverted"):
                begun = None
        return begun

    @property
    def attempts(self) -> int:
        """How often the attempt under way, or the last one, was begun or continued."""
        begun = self.begun.number if self.begun else 0
        return sum(event.kind in _ATTEMPTS and event.number >= begun for event in self.events)


class MigrationHistory(Struct, frozen=True, kw_only=True):
    """All events, and the lock, as they were read at one moment."""

    events: tuple[MigrationEvent, ...] = ()
    lock: LockRecord = LockRecord()

    @property
    def states(self) -> dict[str, MigrationState]:
        """What became of each migration that the history knows, by version or name."""
        return fold(self.events, self.lock)

    @property
    def current(self) -> Version:
        """The highest version that is applied or marked; 0.0.0 where none is."""
        applied = [key for key, state in self.states.items() if state.is_applied]
        return max((version for key in applied if (version := parse_version(key)) is not None), default=NOTHING)


def unfinished_reset(history: MigrationHistory) -> MigrationEvent | None:
    """The event with which a reset was applied whose run was stopped before it wrote down all that it stands for, or
    the last thing of all; None where other runs wrote something since."""
    events = sorted(history.events, key=lambda event: event.number)
    for place, event in reversed(list(enumerate(events))):
        if event.kind == "applied" and event.covers:
            later = events[place + 1 :]
            own = all(each.run == event.run and each.kind in ("reverted", "marked") for each in later)
            return event if own else None
    return None


def fold(events: Iterable[MigrationEvent], lock: LockRecord) -> dict[str, MigrationState]:
    """What became of each migration, by the number of the events."""
    found: dict[str, MigrationState] = {}
    for event in sorted(events, key=lambda event: event.number):
        if event.kind not in _STATES:
            continue
        key = event.version or event.name
        before = found.get(key)
        begun = before.begun if before else None
        if event.kind in ("started", "reverting"):
            begun = event
        found[key] = MigrationState(
            key=key,
            state=_STATES[event.kind],
            last=event,
            begun=begun,
            events=(*(before.events if before else ()), event),
        )
    return {key: _as_running(state, lock) for key, state in found.items()}


def _as_running(state: MigrationState, lock: LockRecord) -> MigrationState:
    """One that began is running while the lock is that run's."""
    runs = state.last.kind in _ATTEMPTS and lock.state != "free" and lock.run == state.last.run
    return replace(state, state="running") if runs else state
