"""Before every attempt of every write the permit of the run is asked: no retry, no resend and no wait gets round it."""

import asyncio
import json
import random
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from dynasmith.aws.data.calls import Calls, Patience
from dynasmith.aws.data.event_loop import new_event_loop
from dynasmith.aws.data.exchange import BrokenExchange, Check, HttpReply, allowed
from dynasmith.aws.data.sink import TableSink
from dynasmith.aws.data.updates import TableUpdates
from dynasmith.engine.transfer.deduplication import Deduplication
from dynasmith.engine.transfer.event_thread import run
from dynasmith.engine.transfer.events import FlowProgress
from dynasmith.engine.transfer.jobs import pace, pause, proceed
from dynasmith.engine.transfer.key_register import JobKeys
from dynasmith.engine.transfer.pacer import Pacer, Rates, heard_by
from dynasmith.engine.transfer.permit import RunPermit
from dynasmith.engine.transfer.runner import RunContext
from dynasmith.errors import LeaseLost, Throttled
from dynasmith.files.duplicate_key_store import SeenKeys
from dynasmith.files.ledger import FolderLedger
from dynasmith.items.digest import digest_items
from dynasmith.items.key import KeySchema
from dynasmith.items.wire import RawItem
from dynasmith.jobs.checkpoint import Checkpoint
from dynasmith.jobs.options import Mode, TransferOptions
from dynasmith.ports.items import Page
from dynasmith.ports.listener import Event
from dynasmith.ports.permit import Halted, NotSent
from dynasmith.ports.updates import ItemChange
from dynasmith.strict import StrictServer
from flow.copying import end
from flow.engine_runs import copy
from flow.kit import MakeTable, Said, client_of, fill, items_of, replied, scripted
from flow.test_exchange import Open, open_aiohttp, open_botocore, open_direct

KEY = KeySchema.of("pk")
FAST = Patience(first_seconds=0.0, longest_seconds=0.0)
KEYS = [str(number) for number in range(40)]
ITEMS = [b'{"pk":{"S":"%b"}}' % key.encode() for key in KEYS]
CONSUMED = {"TableName": "t", "CapacityUnits": 1.0}
CHANGES = [ItemChange(RawItem(item), {"x": RawItem(b'{"N":"1"}')}, (), ("x",)) for item in ITEMS]


# --- the transports ---------------------------------------------------------------------------------------------------


@pytest.fixture(params=[open_direct, open_aiohttp, open_botocore], ids=["direct", "aiohttp", "botocore"])
def open_exchange(request: pytest.FixtureRequest) -> Open:
    opener: Open = request.param
    return opener


def test_a_request_is_checked_when_it_has_its_connection_and_then_not_sent(open_exchange: Open) -> None:
    async def main() -> None:
        async with scripted(Said()) as server:
            client = client_of(server.endpoint)
            exchange = await open_exchange(client)
            checks: list[int] = []

            def refuse() -> None:
                checks.append(len(server.heard))
                if (
                    len(checks) > 1 or open_exchange is not open_botocore
                ):  # botocore looks a second time, once connected
                    raise Halted

            for _ in range(3):
                checks.clear()
                with pytest.raises(Halted):
                    await exchange("PutItem", b'{"never":"sent"}', refuse)
                assert checks
            assert server.heard == []
            checks.clear()
            assert (await exchange("PutItem", b"{}", lambda: checks.append(0))).status == 200
            assert checks
            assert len(server.heard) == 1
            await exchange.close()
            client.close()

    run(lambda _stop: main(), loop_factory=new_event_loop)


# --- every way to write -----------------------------------------------------------------------------------------------


class Table:
    """An exchange with a table in memory that throttles, breaks, and leaves things undone as a dice says.

    ``sent`` counts the requests that passed their check; from ``until`` on ``then`` is called before the check.
    """

    def __init__(self, seed: int, until: int, then: Callable[[], None]) -> None:
        self.dice = random.Random(seed)
        self.items: set[str] = set()
        self.sent = 0
        self.until, self.then = until, then

    async def __call__(self, operation: str, body: bytes, check: Check = allowed) -> HttpReply:
        await asyncio.sleep(0)
        if self.sent >= self.until:
            self.then()
        check()
        self.sent += 1
        await asyncio.sleep(0)
        request = json.loads(body)
        fate = self.dice.random()
        if fate < 0.2:
            return _answer(400, {"__type": "ProvisionedThroughputExceededException", "message": "slow"})
        if fate < 0.3:
            raise BrokenExchange("before it came to anything")
        match operation:
            case "BatchWriteItem":
                return self._batch(request)
            case "BatchExecuteStatement":
                responses = [self._statement(one) for one in request["Statements"]]
                return _answer(200, {"Responses": responses, "ConsumedCapacity": [CONSUMED]})
            case "PutItem":
                self.items.add(request["Item"]["pk"]["S"])
            case "UpdateItem":
                self.items.add(request["Key"]["pk"]["S"])
        return _answer(200, {"ConsumedCapacity": CONSUMED})

    def _batch(self, request: Any) -> HttpReply:
        left = []
        for one in request["RequestItems"]["t"]:
            if self.dice.random() < 0.7:
                left.append(one)
            else:
                self.items.add(one["PutRequest"]["Item"]["pk"]["S"])
        return _answer(200, {"UnprocessedItems": {"t": left} if left else {}, "ConsumedCapacity": [CONSUMED]})

    def _statement(self, statement: Any) -> Any:
        fate = self.dice.random()
        if fate < 0.2:
            return {"Error": {"Code": "ThrottlingError"}}
        if fate < 0.4:
            return {"Error": {"Code": "Unheard"}}
        found = [one["S"] for one in statement.get("Parameters", ()) if one.get("S") in KEYS]
        self.items.add(found[0] if found else next(key for key in KEYS if f"'pk':'{key}'" in statement["Statement"]))
        return {}

    def clock_is(self, date: str) -> None:
        """Nothing to set."""

    def credentials_refused(self) -> None:
        """Nothing to ask for."""

    async def close(self) -> None:
        """Nothing is open."""


def _answer(status: int, body: Any) -> HttpReply:
    return replied(json.dumps(body).encode(), status)


Does = Callable[[Calls], Awaitable[int]]
"""Writes all items; how many it says are written."""


async def batches(calls: Calls) -> int:
    sink = TableSink(calls, "t", KEY)
    return (await sink.write(0, ITEMS[:25])).written + (await sink.write(0, ITEMS[25:])).written


async def inserts(calls: Calls) -> int:
    return (await TableSink(calls, "t", KEY, mode=Mode("skip-existing"), statements=True).write(0, ITEMS)).written


async def puts(calls: Calls) -> int:
    return (await TableSink(calls, "t", KEY, mode=Mode("skip-existing"), statements=False).write(0, ITEMS)).written


async def statements(calls: Calls) -> int:
    sent = await TableUpdates(calls, "t", KEY, statements=True).send(CHANGES)
    return sum(answer.kind == "done" for answer in sent.answers)


async def updates(calls: Calls) -> int:
    sent = await TableUpdates(calls, "t", KEY, statements=False).send(CHANGES)
    return sum(answer.kind == "done" for answer in sent.answers)


WAYS = pytest.mark.parametrize("does", [batches, inserts, puts, statements, updates])


def calls_over(table: Table, permit: RunPermit) -> Calls:
    pacer = Pacer("write", Rates(), permit=permit)
    return Calls(table, patience=FAST, heard=heard_by(pacer, pacer))


@WAYS
def test_a_run_that_stops_sends_nothing_more_and_says_what_was_written(does: Does) -> None:
    async def main(_stop: Any) -> None:
        for until in range(10):
            permit = RunPermit("job")
            table = Table(until, until, permit.halt)
            written = await does(calls_over(table, permit))
            assert table.sent == until, "a request was sent after the run began to stop"
            assert written == len(table.items)
            assert permit.under_way == 0

    run(main, loop_factory=new_event_loop)


@WAYS
def test_a_run_whose_lease_ends_sends_nothing_more(does: Does) -> None:
    class Lease:
        until = 10.0

    async def main(_stop: Any) -> None:
        for until in range(10):
            now = [0.0]
            permit = RunPermit("job", Lease(), clock=lambda now=now: now[0])  # type: ignore[misc]
            table = Table(until, until, lambda now=now: now.__setitem__(0, 10.0))  # type: ignore[misc]
            with pytest.raises(LeaseLost, match="another run may have the job"):
                await does(calls_over(table, permit))
            assert table.sent == until

    run(main, loop_factory=new_event_loop)


@WAYS
def test_a_run_that_is_paused_sends_nothing_until_it_goes_on_and_then_all(does: Does) -> None:
    async def main(_stop: Any) -> None:
        for until in range(8):
            permit = RunPermit("job")
            table = Table(until, until, lambda permit=permit: permit.pause(True))  # type: ignore[misc]
            writing = asyncio.ensure_future(does(calls_over(table, permit)))
            while not permit.paused_seconds:
                await asyncio.sleep(0)
            for _ in range(100):
                await asyncio.sleep(0)
            assert table.sent == until
            table.until = 1_000_000
            permit.pause(False)
            assert await writing == len(table.items) == len(KEYS)

    run(main, loop_factory=new_event_loop)


def test_a_pause_uses_up_no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paused for an hour between a throttle and its retry: nothing is given up for it."""
    now = [0.0]
    monkeypatch.setattr("dynasmith.aws.data.calls.monotonic", lambda: now[0])
    monkeypatch.setattr("dynasmith.engine.transfer.permit.monotonic", lambda: now[0])

    class Throttling(Table):
        async def __call__(self, operation: str, body: bytes, check: Check = allowed) -> HttpReply:
            if self.sent == 0:
                check()
                self.sent = 1
                return _answer(400, {"__type": "ThrottlingException", "message": "slow"})
            return await super().__call__(operation, body, check)

    async def main(_stop: Any) -> None:
        permit = RunPermit("job")
        table = Throttling(0, 1_000_000, lambda: None)
        writing = asyncio.ensure_future(batches(calls_over(table, permit)))
        while not table.sent:
            await asyncio.sleep(0)
        permit.pause(True)
        now[0] += 3600
        permit.pause(False)
        with suppress(Throttled):
            assert await writing == len(KEYS)

    run(main, loop_factory=new_event_loop)


def test_a_wait_for_the_pace_ends_when_the_run_stops() -> None:
    async def main(_stop: Any) -> None:
        permit = RunPermit("job")
        pacer = Pacer("write", Rates(1, 1), permit=permit, clock=lambda: 0.0)  # a clock that stands: no leave ever
        await pacer.leave(1)
        waiting = [asyncio.ensure_future(pacer.leave(25)) for _ in range(3)]
        await asyncio.sleep(0)
        permit.halt()
        assert [type(one) for one in await asyncio.gather(*waiting, return_exceptions=True)] == [Halted] * 3
        with pytest.raises(NotSent):
            permit.check()

    run(main, loop_factory=new_event_loop)


# --- a job ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("processes", [0, 2], ids=["here", "in-processes"])
@pytest.mark.parametrize("fault", ["", "unprocessed"])
def test_a_paused_job_sends_nothing_and_goes_on_where_it_was(
    client: Any,
    there: Any,
    strict: StrictServer,
    make_table: MakeTable,
    tmp_path: Path,
    processes: int,
    fault: str,
) -> None:
    """Two pages of 500 items, at a pace at which they take long, paused once some of it was sent."""
    source, target = make_table(), make_table()
    items = fill(client, source, 1000)
    ledger = FolderLedger(tmp_path)
    if fault:
        strict.fault("BatchWriteItem", kind="unprocessed", times=None, probability=0.7)
    calls: list[int] = []  # writes at each look while the job is paused
    paused = threading.Event()

    def writes() -> int:
        return sum(call.operation == "BatchWriteItem" for call in strict.journal)

    def watch(event: Event) -> None:
        if not isinstance(event, FlowProgress):
            return
        if not event.paused and not calls and writes():
            pause(ledger, event.job)
        elif event.paused and not paused.is_set():
            calls.append(writes())
            if len(calls) == 16:
                paused.set()
                strict.calm()
                pace(ledger, event.job, write_units=1_000_000)
                proceed(ledger, event.job)

    asked = TransferOptions(segments=2, max_write_units=100, processes=processes)
    around = RunContext(listener=watch, loop_factory=new_event_loop)
    report = copy(end(there, source), end(there, target), ledger, asked, around=around)
    assert calls[-1] == calls[4], "writes began while the job was paused"
    assert calls[-1] - calls[0] <= 2 * max(1, processes), "more than what was on its way"
    assert (report.job.state, report.adds_up, report.counts.dead) == ("done", True, 0)
    assert report.target == digest_items(items) == digest_items(items_of(client, target))


def test_what_is_read_again_before_a_job_goes_on_waits_while_it_is_paused() -> None:
    """A resumed populate whose keys are not on this machine reads its files again, up to its checkpoints."""

    class Endless:
        segments = 1
        reads = 0

        async def read(self, segment: int, start: bytes | None) -> Page:  # noqa: ARG002
            self.reads += 1
            item = b'{"pk":{"S":"%d"}}' % self.reads
            return Page(items=[item], next=b"%d" % self.reads, read=1, places=[self.reads])

        async def close(self) -> None:
            """Nothing is open."""

    async def main(_stop: Any) -> None:
        permit, source = RunPermit("job"), Endless()
        keys = JobKeys(SeenKeys())
        distinct = Deduplication(KEY, keys, lambda _segment, place: str(place))
        at = {0: Checkpoint(job="job", segments=1, segment=0, position=b"never")}
        recalling = asyncio.ensure_future(distinct.recall(keys, (source, None), at, permit))
        while source.reads < 3:
            await asyncio.sleep(0)
        permit.pause(True)
        await asyncio.sleep(0)
        while len(permit._waiting) == 0:
            await asyncio.sleep(0)
        reads = source.reads
        for _ in range(100):
            await asyncio.sleep(0)
        assert source.reads == reads
        permit.pause(False)
        while source.reads < reads + 3:
            await asyncio.sleep(0)
        permit.halt()
        with pytest.raises(Halted):
            await recalling

    run(main, loop_factory=new_event_loop)
