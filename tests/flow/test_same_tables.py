"""The comparison of a job's tables with what they were: once a minute, at the borders, and what cannot be read."""

import asyncio
from collections.abc import Iterator
from typing import Any, cast

import pytest

from dynasmith.engine.transfer import table_identity as same_tables
from dynasmith.engine.transfer.events import FlowNote
from dynasmith.engine.transfer.table_details import TableEnd
from dynasmith.engine.transfer.table_identity import EVERY_SECONDS, READING, TableIdentityCheck
from dynasmith.errors import AccessDenied, CheckpointError, ServiceUnavailable, TableNotFound
from dynasmith.ports.items import ItemAccess, TableState
from dynasmith.ports.listener import Event
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import Key, KeyAttribute, Table

ONE, OTHER = TableState("one", "ACTIVE"), TableState("other", "ACTIVE")
Said = TableState | Exception


class Looking:
    """Says in turn which table there is; the last one again and again."""

    where = "here"

    def __init__(self, *said: Said) -> None:
        self.said = list(said)
        self.looks = 0
        self.closed = 0

    def look(self, _table: str) -> Any:
        async def opened() -> Looking:
            return self

        return opened

    async def now(self) -> TableState:
        self.looks += 1
        said = self.said.pop(0) if len(self.said) > 1 else self.said[0]
        if isinstance(said, Exception):
            raise said
        return said

    async def close(self) -> None:
        self.closed += 1


def of(looking: Looking, table_id: str = "one", **more: Any) -> TableIdentityCheck:
    table = Table(name="users", key=Key(partition=(KeyAttribute(name="pk", type="S"),)))
    end = TableEnd(TableDescription(table=table, status="ACTIVE", table_id=table_id), cast(ItemAccess, looking))
    return TableIdentityCheck([end], READING, **more)


def check(same: TableIdentityCheck, times: int = 1) -> None:
    async def checks() -> None:
        for _ in range(times):
            await same.check()
        await same.close()

    asyncio.run(checks())


@pytest.mark.parametrize(
    ("said", "what"),
    [
        (OTHER, "Table users was deleted and recreated while it was read"),
        (TableNotFound("users"), "Table users was deleted while it was read"),
        (TableState("one", "DELETING"), "Table users is being deleted"),
        (TableState("", "ACTIVE"), "A reply to DescribeTable on users has no TableId"),
    ],
)
def test_another_table_is_named_with_what_happened(said: Said, what: str) -> None:
    with pytest.raises(CheckpointError) as raised:
        check(of(Looking(ONE, said)), 2)
    assert what in raised.value.message


def test_it_is_compared_once_a_minute_and_a_service_in_trouble_does_not_stop_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(same_tables, "POLL_SECONDS", 0)
    seconds: Iterator[float] = iter(range(0, 100_000, 20))
    looking = Looking(ONE, ServiceUnavailable("no"), ONE, OTHER)
    times: list[float] = []

    def monotonic() -> float:
        times.append(next(seconds))
        return times[-1]

    async def watch() -> None:
        async with asyncio.timeout(60):
            await of(looking, monotonic=monotonic).watch()

    with pytest.raises(CheckpointError):
        asyncio.run(watch())
    assert looking.looks == 4
    assert times[-1] >= 4 * EVERY_SECONDS


def test_a_service_in_trouble_is_no_claim_of_success() -> None:
    with pytest.raises(ServiceUnavailable):
        check(of(Looking(ServiceUnavailable("no"))))
    assert asyncio.run(of(Looking(ServiceUnavailable("no"))).glance()) is False


def test_a_role_that_may_not_look_any_more_is_said_once() -> None:
    events: list[Event] = []
    looking = Looking(ONE, AccessDenied("no"))
    check(of(looking, listener=events.append), 4)
    assert looking.looks == 2
    (note,) = events
    assert isinstance(note, FlowNote)
    assert "is not noticed" in note.sentence


def test_an_engine_without_ids_is_said_and_a_table_that_is_gone_is_noticed_all_the_same() -> None:
    events: list[Event] = []
    same = of(Looking(TableState("", "ACTIVE"), TableNotFound("users")), "", listener=events.append)
    same.note_unknown()
    assert [type(each) for each in events] == [FlowNote]
    check(same)
    with pytest.raises(CheckpointError):
        check(same)


def test_what_belongs_to_the_job_is_compared_too() -> None:
    async def gone() -> None:
        raise CheckpointError("The ledger's table was made again.")

    with pytest.raises(CheckpointError, match="ledger"):
        check(of(Looking(ONE), also=[gone]))
