"""Waiting: polls a description until a pure rule says that it is over; with a deadline, jitter and events."""

import random
from collections.abc import Callable, Collection
from threading import Event as Flag

from dynasmith.engine.identity import is_another
from dynasmith.errors import Interrupted, NoEffect, RunError, TableBusy, TableNotFound, WaitTimeout
from dynasmith.plans import step as s
from dynasmith.plans.waits import look
from dynasmith.ports.clock import Clock
from dynasmith.ports.tables import Tables
from dynasmith.tables.settings import waited_setting_of
from dynasmith.tables.settings.base import SettingWait, WaitState

# Building an index or a replica takes as long as the table is large: 24 hours end even the largest seen in public
# reports. Everything else has its waiter in botocore at 500 s to 10 min; an hour leaves room for TTL.
DEADLINE_SECONDS: dict[type, float] = {s.WaitIndex: 86_400.0, s.WaitReplica: 86_400.0, s.WaitReplicaGone: 86_400.0}
DEADLINE_SECONDS_OTHERWISE = 3_600.0
# What was accepted is described within seconds (describes are eventually consistent); an engine that ignores it never
# shows it.
ABSENT_SECONDS_MAX = 120.0
POLL_SECONDS_FIRST = 0.1
POLL_SECONDS_MAX = 10.0


def read_for(wait: s.Wait) -> tuple[str, ...]:
    """What a poll must read beside DescribeTable."""
    return (waited_setting_of(wait).field,) if isinstance(wait, SettingWait) else ()


class StopFlag:
    """A flag that the door raises on SIGINT; every wait and every step looks at it."""

    def __init__(self) -> None:
        self._flag = Flag()

    def stop(self) -> None:
        """Ask all work to stop at the next safe point."""
        self._flag.set()

    def check(self) -> None:
        """Raise `Interrupted` when asked to stop."""
        if self._flag.is_set():
            raise Interrupted(
                "Stopped between two steps; what was sent goes on in the service.",
                hint="run the same command again: it continues",
            )


class WaitBudget:
    """How long a call may wait in all, from now on; None sets no limit but that of each wait, 0 waits for nothing."""

    def __init__(self, clock: Clock, seconds: float | None = None) -> None:
        self._clock = clock
        self._ends_at = None if seconds is None else clock.monotonic() + seconds

    @property
    def is_limited(self) -> bool:
        """Whether the caller has set a limit: what is not there at its end is reported, and is no failure."""
        return self._ends_at is not None

    def limit(self, seconds: float) -> float:
        """How long a wait may last that ends after ``seconds`` at the latest."""
        return seconds if self._ends_at is None else max(0.0, min(seconds, self._ends_at - self._clock.monotonic()))


REST_SLICE_SECONDS = 0.5


def rest(seconds: float, clock: Clock, stopped: StopFlag) -> None:
    """Sleep about ``seconds`` (a quarter more or less), in slices short enough that a signal is obeyed at once."""
    left = seconds * random.uniform(0.75, 1.25)
    while left > 0:
        stopped.check()
        clock.sleep(min(left, REST_SLICE_SECONDS))
        left -= REST_SLICE_SECONDS


def deadline_of(wait: s.Wait) -> float:
    """After how many seconds a wait ends at the latest."""
    return DEADLINE_SECONDS.get(type(wait), DEADLINE_SECONDS_OTHERWISE)


def wait_for(
    wait: s.Wait,
    table: str,
    tables: Tables,
    clock: Clock,
    stopped: StopFlag,
    seen: Callable[[str, float], None],
    deadline_seconds: float | None = None,
) -> None:
    """Poll until ``wait`` is over. ``seen(state, waited_seconds)`` hears of each poll that is not the last.

    Raises `WaitTimeout` at the deadline, `RunError` where waiting is of no use. Costs one describe a poll, and one
    more call for TTL, insights and Kinesis. When it stops halfway nothing is lost: the service goes on.
    """
    limit = deadline_of(wait) if deadline_seconds is None else deadline_seconds
    begun = clock.monotonic()
    pause = POLL_SECONDS_FIRST
    while True:
        stopped.check()
        state = _poll(wait, table, tables, read_for(wait))
        if state.over:
            return
        waited = clock.monotonic() - begun
        refuse_hopeless(state, table, waited)
        if waited >= limit:
            raise WaitTimeout(
                f"Table {table}: {state.seen} after {waited:.0f} seconds.",
                hint="run the same command again: it continues",
                state=state.seen,
            )
        seen(state.seen, waited)
        rest(pause, clock, stopped)
        pause = min(pause * 1.6, POLL_SECONDS_MAX)


def refuse_hopeless(state: WaitState, table: str, waited_seconds: float) -> None:
    """Raise where waiting is of no use: RunError for a state that nothing leaves by itself, NoEffect for what was
    accepted and is still not described."""
    if state.stuck:
        raise RunError(
            f"Table {table}: {state.seen}.", hint="this does not resolve by itself: see the table in the console"
        )
    if state.absent and waited_seconds >= ABSENT_SECONDS_MAX:
        raise NoEffect(
            f"Table {table}: {state.seen} {waited_seconds:.0f} seconds after the call was accepted.",
            hint="the engine ignores this setting: docs/reference/engines.md",
        )


def _poll(wait: s.Wait, table: str, tables: Tables, settings: Collection[str]) -> WaitState:
    """A new table may be "not found" for seconds after it was created: that is a state, not an error."""
    try:
        return look(wait, tables.describe(table, settings))
    except TableNotFound:
        return WaitState(over=False, seen="the table is not described yet")


def delete_table(table: str, tables: Tables, clock: Clock, stopped: StopFlag, budget: WaitBudget | None = None) -> None:
    """Delete a table and wait until it is gone, or until another one has its name. Raises `TableNotFound`,
    `WaitTimeout`.

    The service refuses it while the table or any of its indexes is changing: that is waited for, up to an hour.
    """
    budget = budget or WaitBudget(clock)
    table_id = tables.describe(table, ()).table_id
    begun = clock.monotonic()
    pause = POLL_SECONDS_FIRST
    while True:
        stopped.check()
        try:
            tables.delete(table)
            break
        except TableBusy:
            if clock.monotonic() - begun >= budget.limit(DEADLINE_SECONDS_OTHERWISE):
                raise
            rest(pause, clock, stopped)
            pause = min(pause * 1.6, POLL_SECONDS_MAX)
    wait_until_gone(table, tables, clock, stopped, budget.limit(DEADLINE_SECONDS_OTHERWISE), table_id)


def wait_until_gone(
    table: str,
    tables: Tables,
    clock: Clock,
    stopped: StopFlag,
    deadline_seconds: float = DEADLINE_SECONDS_OTHERWISE,
    table_id: str = "",
) -> None:
    """Poll until the table of that id is no longer described. Raises `WaitTimeout` at the deadline."""
    begun = clock.monotonic()
    pause = POLL_SECONDS_FIRST
    while True:
        stopped.check()
        try:
            found = tables.describe(table, ())
        except TableNotFound:
            return
        if is_another(table_id, found.table_id):
            return
        status = found.status
        waited = clock.monotonic() - begun
        if waited >= deadline_seconds:
            raise WaitTimeout(
                f"Table {table} is {status} after {waited:.0f} seconds.",
                hint="the service continues; run the command again",
                state=f"the table is {status}",
            )
        rest(pause, clock, stopped)
        pause = min(pause * 1.6, POLL_SECONDS_MAX)
