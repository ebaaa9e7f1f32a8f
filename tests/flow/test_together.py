"""After a first error nothing more is sent: single writes side by side are ended and waited for."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from dynasmith.aws.data.calls import Calls, Patience
from dynasmith.aws.data.event_loop import new_event_loop
from dynasmith.aws.data.exchange import Check, HttpReply, allowed
from dynasmith.aws.data.sink import TableSink
from dynasmith.aws.data.updates import TableUpdates
from dynasmith.engine.transfer.event_thread import run
from dynasmith.errors import AccessDenied
from dynasmith.items.key import KeySchema
from dynasmith.items.wire import RawItem
from dynasmith.jobs.options import Mode
from dynasmith.ports.updates import ItemChange
from flow.kit import replied

KEY = KeySchema.of("pk")
FAST = Patience(first_seconds=0.0, longest_seconds=0.0)
ITEMS = [b'{"pk":{"S":"%d"}}' % number for number in range(6)]
CHANGES = [ItemChange(RawItem(item), {"x": RawItem(b'{"N":"1"}')}, (), ("x",)) for item in ITEMS]


class Stumbling:
    """An exchange of which the item ``0`` is denied once the others are on their way; those stumble, again and again.

    ``sent`` are the keys of single writes. Statements are answered with ``statements``.
    """

    def __init__(self, statements: HttpReply) -> None:
        self.sent: list[str] = []
        self.statements = statements
        self.under_way = asyncio.Event()

    async def __call__(self, operation: str, body: bytes, check: Check = allowed) -> HttpReply:  # noqa: ARG002
        if operation == "BatchExecuteStatement":
            return self.statements
        asked = json.loads(body)
        key = (asked.get("Item") or asked["Key"])["pk"]["S"]
        self.sent.append(key)
        if key == "0":
            await self.under_way.wait()
            return answer(400, {"__type": "AccessDeniedException", "message": "no"})
        if len(self.sent) > 20:
            self.under_way.set()
        return answer(500, {"__type": "InternalServerError", "message": "try again"})

    def clock_is(self, date: str) -> None:
        """Its clock is right."""

    def credentials_refused(self) -> None:
        """Its credentials are good."""

    async def close(self) -> None:
        """Nothing is open."""


def answer(status: int, body: Any) -> HttpReply:
    return replied(json.dumps(body).encode(), status)


REFUSED = answer(400, {"__type": "ValidationException", "message": "one of them"})
UNCLEAR = answer(200, {"Responses": [{"Error": {"Code": "Unheard", "Message": "of"}} for _ in ITEMS]})
Does = Callable[[Calls], Awaitable[Any]]


def puts(statements: bool) -> Does:
    async def does(calls: Calls) -> Any:
        return await TableSink(calls, "t", KEY, mode=Mode("skip-existing"), statements=statements).write(0, ITEMS)

    return does


def updates(statements: bool) -> Does:
    async def does(calls: Calls) -> Any:
        return await TableUpdates(calls, "t", KEY, statements=statements).send(CHANGES)

    return does


@pytest.mark.parametrize("statements", [REFUSED, UNCLEAR], ids=["refused", "unclear"])
@pytest.mark.parametrize("does", [puts(False), puts(True), updates(False), updates(True)])
def test_nothing_is_sent_after_the_error_was_raised(does: Does, statements: HttpReply) -> None:
    async def main(_stop: Any) -> None:
        exchange = Stumbling(statements)
        with pytest.raises(AccessDenied):
            await does(Calls(exchange, patience=FAST))
        sent = len(exchange.sent)
        assert sent > 20
        for _ in range(50):
            await asyncio.sleep(0)
        assert len(exchange.sent) == sent
        assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []

    run(main, loop_factory=new_event_loop)
