"""What is sent again is paced like what is sent first, by every road, and the rate falls to what was taken."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from dynasmith.aws.data.calls import Patience
from dynasmith.aws.data.event_loop import new_event_loop
from dynasmith.aws.data.sink import TableSink
from dynasmith.aws.data.table_factory import open_calls
from dynasmith.aws.data.updates import TableUpdates
from dynasmith.engine.transfer.event_thread import run
from dynasmith.engine.transfer.pacer import Pacer, Rates, heard_by
from dynasmith.items.key import KeySchema
from dynasmith.items.wire import RawItem, Units
from dynasmith.jobs.options import Mode
from dynasmith.jobs.pace import TABLE
from dynasmith.jobs.steer import Throttle
from dynasmith.ports.updates import ItemChange
from flow.kit import Said, client_of, scripted

KEY = KeySchema.of("pk")
FAST = Patience(first_seconds=0.001, longest_seconds=0.002)
OVER = Throttle("write", "")


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Leaves:
    """A pace that counts what asks for leave again."""

    def __init__(self) -> None:
        self.heard: list[Throttle] = []
        self.again_of: list[int] = []

    def __call__(self, throttles: Sequence[Throttle]) -> None:
        self.heard += throttles

    async def again(self, items: int, after_seconds: float) -> None:
        assert after_seconds >= 0.0
        self.again_of.append(items)


def test_what_was_turned_away_waits_for_the_pace_and_is_settled_once() -> None:
    async def main(_stop: Any) -> None:
        clock = Clock()
        pacer = Pacer("write", Rates(100, 100), clock=clock)
        taken = await pacer.leave(100)
        again = asyncio.create_task(heard_by(Pacer("read", Rates()), pacer).again(20, 0.0))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not again.done()  # the second's worth is used: 20 more are there after 0.2 s
        clock.now = 0.2
        await again
        pacer.settle(taken, Units(100.0), 100)
        assert pacer._pace.take({TABLE: 1.0}, clock.now) == pytest.approx(0.01)
        clock.now = 0.45
        assert pacer._pace.take({TABLE: 25.0}, clock.now) == 0.0

    run(main, loop_factory=new_event_loop)


def test_the_rate_falls_to_what_was_taken_and_not_by_more_than_a_third_at_once() -> None:
    async def main(_stop: Any) -> None:
        clock = Clock()
        pacer = Pacer("write", Rates(1000, 1000), clock=clock)
        await pacer.leave(500)
        await pacer.again(50, 0.0)
        pacer.heard([OVER])
        assert pacer.rate == pytest.approx(1000 * (1 - 50 / 550))
        clock.now = 2.0
        await pacer.leave(100)
        await pacer.again(100, 0.0)
        before = pacer.rate
        pacer.heard([OVER])
        assert pacer.rate == pytest.approx(0.7 * before)

    run(main, loop_factory=new_event_loop)


def throttled() -> Said:
    said = {"__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException", "message": "slower"}
    return Said(400, json.dumps(said).encode())


CONSUMED = {"TableName": "t", "CapacityUnits": 1.0}
ONE = Said(body=json.dumps({"ConsumedCapacity": CONSUMED}).encode())


def statements(*codes: str) -> Said:
    responses = [{"Error": {"Code": code}} if code else {} for code in codes]
    return Said(body=json.dumps({"Responses": responses, "ConsumedCapacity": [CONSUMED]}).encode())


def unprocessed(*keys: str) -> Said:
    requests = [{"PutRequest": {"Item": {"pk": {"S": key}}}} for key in keys]
    reply = {"UnprocessedItems": {"t": requests} if keys else {}, "ConsumedCapacity": [CONSUMED]}
    return Said(body=json.dumps(reply).encode())


ITEMS = [b'{"pk":{"S":"%d"}}' % number for number in range(4)]
CHANGES = [ItemChange(RawItem(item), {"x": RawItem(b'{"N":"1"}')}, (), ("x",)) for item in ITEMS]
Does = Callable[[Any, Any], Awaitable[Any]]


async def put(calls: Any, _key: KeySchema) -> Any:
    return await TableSink(calls, "t", KEY).write(0, ITEMS)


async def put_new(calls: Any, _key: KeySchema) -> Any:
    return await TableSink(calls, "t", KEY, mode=Mode("skip-existing"), statements=True).write(0, ITEMS)


async def put_alone(calls: Any, _key: KeySchema) -> Any:
    return await TableSink(calls, "t", KEY, mode=Mode("skip-existing"), statements=False).write(0, ITEMS[:1])


async def update(calls: Any, key: KeySchema) -> Any:
    return await TableUpdates(calls, "t", key, statements=True).send(CHANGES)


async def update_alone(calls: Any, key: KeySchema) -> Any:
    return await TableUpdates(calls, "t", key, statements=False).send(CHANGES[:1])


@pytest.mark.parametrize(
    ("does", "replies", "again"),
    [
        (put, (throttled(), unprocessed("1", "2", "3"), unprocessed("2"), unprocessed()), [4, 3, 1]),
        (put_new, (throttled(), statements("", "ThrottlingError", "", "ThrottlingError"), statements("", "")), [4, 2]),
        (put_alone, (throttled(), ONE), [1]),
        (update, (statements("", "", "ProvisionedThroughputExceeded", ""), throttled(), statements("")), [1, 1]),
        (update_alone, (throttled(), throttled(), ONE), [1, 1]),
    ],
    ids=["batches", "inserts", "puts", "statements", "updates"],
)
def test_every_road_takes_leave_for_what_it_sends_again(
    does: Does, replies: tuple[Said, ...], again: list[int]
) -> None:
    async def main(_stop: Any) -> tuple[Leaves, int]:
        leaves = Leaves()
        async with scripted(*replies) as server:
            calls = await open_calls(client_of(server.endpoint), "t", leaves, patience=FAST)
            await does(calls, KEY)
            await calls.exchange.close()
            return leaves, len(server.heard)

    leaves, requests = run(main, loop_factory=new_event_loop)
    assert leaves.again_of == again
    assert len(leaves.heard) == len(again)
    assert requests == len(replies)


def test_a_read_that_is_throttled_takes_no_leave_of_the_writes() -> None:
    async def main(_stop: Any) -> Leaves:
        leaves = Leaves()
        async with scripted(throttled(), ONE) as server:
            calls = await open_calls(client_of(server.endpoint), "t", leaves, patience=FAST)
            assert await calls.get("t", ITEMS[0]) is None
            await calls.exchange.close()
            return leaves

    leaves = run(main, loop_factory=new_event_loop)
    assert (leaves.again_of, len(leaves.heard)) == ([], 1)


def test_time_spent_waiting_for_the_pace_is_no_sign_of_a_service_in_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow pace never makes a dead letter: only the service's own refusals use up the patience."""
    clock = Clock()
    monkeypatch.setattr("dynasmith.aws.data.calls.monotonic", clock)

    class Slow(Leaves):
        async def again(self, items: int, after_seconds: float) -> None:
            await super().again(items, after_seconds)
            clock.now += 600 + after_seconds

    async def main(_stop: Any) -> Any:
        replies = [throttled(), *[unprocessed("0", "1", "2", "3")] * 5]
        async with scripted(*replies, unprocessed()) as server:
            calls = await open_calls(client_of(server.endpoint), "t", Slow(), patience=FAST)
            outcome = await put(calls, KEY)
            await calls.exchange.close()
            return outcome

    outcome = run(main, loop_factory=new_event_loop)
    assert clock.now > 6 * 600 > FAST.throttled_seconds
    assert (outcome.written, outcome.retried, outcome.dead) == (4, 20, ())
