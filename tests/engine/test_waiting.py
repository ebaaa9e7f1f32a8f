"""Waits end: with what was waited for, at the deadline, or when the engine never shows what it accepted."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import pytest

from dynasmith.engine.waiter import StopFlag, wait_for
from dynasmith.errors import Interrupted, NoEffect, RunError, WaitTimeout
from dynasmith.plans.step import WaitIndex, WaitReplica
from dynasmith.tables.description import IndexState, TableDescription
from dynasmith.tables.settings.base import WaitTable
from dynasmith.tables.table import Key, KeyAttribute, Table

TABLE = Table(name="orders", key=Key(partition=(KeyAttribute(name="id", type="S"),)))


class Time:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Seen:
    """Describes the table as it is at a time."""

    def __init__(self, time: Time, *states: tuple[float, TableDescription]) -> None:
        self._time, self._states = time, states

    def describe(self, name: str, settings: Collection[str] | None = None) -> TableDescription:
        del name, settings
        return [state for since, state in self._states if since <= self._time.seconds][-1]


def described(status: str = "ACTIVE", *indexes: IndexState) -> TableDescription:
    return TableDescription(table=TABLE, status=status, indexes=indexes)


def wait(step: Any, time: Time, *states: tuple[float, TableDescription], stopped: StopFlag | None = None) -> list[str]:
    heard: list[str] = []
    tables: Any = Seen(time, *states)
    wait_for(step, "orders", tables, time, stopped or StopFlag(), lambda state, _: heard.append(state))
    return heard


def test_an_index_is_waited_for_although_the_table_is_active() -> None:
    time = Time()
    building = described("ACTIVE", IndexState(name="a", status="CREATING", backfilling=True))
    built = described("ACTIVE", IndexState(name="a", status="ACTIVE"))
    heard = wait(WaitIndex(name="a"), time, (0, building), (300, built))
    assert heard[0] == "index a is CREATING, filling from the table"
    assert 300 <= time.seconds < 330


def test_a_replica_that_never_shows_was_ignored() -> None:
    time = Time()
    with pytest.raises(NoEffect, match="eu-west-1 is not described"):
        wait(WaitReplica(region="eu-west-1"), time, (0, described()))
    assert time.seconds < 200


def test_a_deadline_says_what_was_seen_last() -> None:
    time = Time()
    with pytest.raises(WaitTimeout, match="the table is UPDATING after"):
        wait(WaitTable(), time, (0, described("UPDATING")))
    assert time.seconds < 3_700


def test_a_state_that_never_ends_is_not_waited_for() -> None:
    with pytest.raises(RunError, match="INACCESSIBLE_ENCRYPTION_CREDENTIALS"):
        wait(WaitTable(), Time(), (0, described("INACCESSIBLE_ENCRYPTION_CREDENTIALS")))


def test_a_stop_is_heard_between_two_polls() -> None:
    stopped = StopFlag()
    stopped.stop()
    with pytest.raises(Interrupted):
        wait(WaitTable(), Time(), (0, described("UPDATING")), stopped=stopped)
