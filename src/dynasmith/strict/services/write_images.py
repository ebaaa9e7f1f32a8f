"""Seeing every write of a table with PITR: its writes go one after the other, with the images before and after."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from typing import Any

import msgspec

from dynasmith.strict.measures.measure import MeasuredPart
from dynasmith.strict.rules.items import key_text
from dynasmith.strict.services.world import IncomingCall, StrictWorld, reply_json
from dynasmith.strict.state.history import History
from dynasmith.strict.state.state import StrictTable
from dynasmith.strict.wire.messages import WireReply

GET_MAX = 100


async def recorded(world: StrictWorld, call: IncomingCall, go_on: Callable[[], Awaitable[WireReply]]) -> WireReply:
    """Let a write through; where it concerns tables with PITR, keep their images."""
    tables = [table for name in call.tables if (table := call.account.tables.get(name)) and table.pitr.enabled]
    if not tables:
        return await go_on()
    async with contextlib.AsyncExitStack() as stack:
        for table in sorted(tables, key=lambda one: one.arn):
            await stack.enter_async_context(world.writers_of(table))
        wanted = {
            table.arn: [part for part in call.measured.of(table.name) if part.kind != "ConditionCheck"]
            for table in tables
        }
        for table in tables:
            await _before(world, call, table, wanted[table.arn])
        reply = await go_on()
        if reply.status == 200:
            for table in tables:
                await _after(world, call, table, _done(wanted[table.arn], table, reply))
        return reply


def _history(world: StrictWorld, table: StrictTable) -> History:
    since = table.pitr.since or 0.0
    history = world.histories.get(table.arn)
    if history is None or history.since != since:
        history = world.histories[table.arn] = History(since)
    if history.full:
        # The window begins anew: what is restorable is what is known.
        table.pitr.since = world.clock.time()
        history = world.histories[table.arn] = History(table.pitr.since)
    return history


def key_of(table: StrictTable, item: Mapping[str, Any]) -> dict[str, Any]:
    """The key of an item."""
    return {name: item[name] for name in table.keys if name in item}


async def _images(
    world: StrictWorld, call: IncomingCall, table: StrictTable, keys: list[dict[str, Any]]
) -> dict[str, bytes]:
    """The present images of keys, by key text."""
    found: dict[str, bytes] = {}
    for first in range(0, len(keys), GET_MAX):
        left: Any = {table.name: {"Keys": keys[first : first + GET_MAX], "ConsistentRead": True}}
        while left:
            _, said = await world.ask(call, "BatchGetItem", {"RequestItems": left})
            for item in (said.get("Responses") or {}).get(table.name) or ():
                found[key_text(table, item)] = msgspec.json.encode(item)
            left = said.get("UnprocessedKeys")
    return found


async def _before(world: StrictWorld, call: IncomingCall, table: StrictTable, parts: list[MeasuredPart]) -> None:
    history = _history(world, table)
    unknown = {key_text(table, part.value): key_of(table, part.value) for part in parts}
    unknown = {text: key for text, key in unknown.items() if not history.knows(text)}
    if unknown:
        images = await _images(world, call, table, list(unknown.values()))
        for text in unknown:
            history.begin(text, images.get(text))


def _done(parts: list[MeasuredPart], table: StrictTable, reply: WireReply) -> list[MeasuredPart]:
    """The parts that the engine really wrote."""
    left = (reply_json(reply).get("UnprocessedItems") or {}).get(table.name) or ()
    texts = set()
    for write in left:
        (request,) = write.values()
        texts.add(key_text(table, request.get("Item") or request.get("Key") or {}))
    return [part for part in parts if key_text(table, part.value) not in texts]


async def _after(world: StrictWorld, call: IncomingCall, table: StrictTable, parts: list[MeasuredPart]) -> None:
    history = world.histories[table.arn]
    now = world.clock.time()
    updated = [key_of(table, part.value) for part in parts if part.kind == "Update"]
    images = await _images(world, call, table, updated) if updated else {}
    for part in parts:
        text = key_text(table, part.value)
        if part.kind == "Put":
            history.write(text, now, msgspec.json.encode(part.value))
        else:
            history.write(text, now, images.get(text))


async def recorded_statements(
    world: StrictWorld, call: IncomingCall, blind: Collection[str], go_on: Callable[[], Awaitable[WireReply]]
) -> WireReply:
    """Let statements through, seen like other writes by the keys in ``call.measured``; of the tables that ``blind``
    names (statements that do not tell their key) all items are compared before and after.
    """
    compared = sorted(name for name in blind if call.account.tables[name].pitr.enabled)
    if not compared:
        return await recorded(world, call, go_on)
    async with contextlib.AsyncExitStack() as stack:
        for name in compared:
            await stack.enter_async_context(world.writers_of(call.account.tables[name]))
        before = {name: await everything(world, call, call.account.tables[name]) for name in compared}
        reply = await go_on()
        for name in compared:
            table = call.account.tables[name]
            _compare(world, table, before[name], await everything(world, call, table))
        return reply


def _compare(world: StrictWorld, table: StrictTable, before: dict[str, bytes], after: dict[str, bytes]) -> None:
    history, now = _history(world, table), world.clock.time()
    for text in before.keys() | after.keys():
        if before.get(text) != after.get(text):
            history.begin(text, before.get(text))
            history.write(text, now, after.get(text))


async def pages(world: StrictWorld, call: IncomingCall, table: StrictTable) -> AsyncIterator[list[dict[str, Any]]]:
    """The table's items as the engine has them now, page by page."""
    start: dict[str, Any] = {}
    while True:
        reply, said = await world.ask(call, "Scan", {"TableName": table.name, "ConsistentRead": True, **start})
        if reply.status != 200:
            raise OSError(f"the engine refused to scan {table.name}: {reply.body[:200]!r}")
        yield said.get("Items") or []
        if not said.get("LastEvaluatedKey"):
            return
        start = {"ExclusiveStartKey": said["LastEvaluatedKey"]}


async def everything(world: StrictWorld, call: IncomingCall, table: StrictTable) -> dict[str, bytes]:
    """All items of a table, by key text."""
    found: dict[str, bytes] = {}
    async for page in pages(world, call, table):
        for item in page:
            found[key_text(table, item)] = msgspec.json.encode(item)
    return found


async def as_of(world: StrictWorld, call: IncomingCall, table: StrictTable, time: float) -> list[bytes]:
    """The items that the table held at a time, as JSON; its writers wait meanwhile."""
    async with world.writers_of(table):
        history = world.histories.get(table.arn)
        items = await everything(world, call, table)
        if history is not None and history.since == table.pitr.since:
            for text, images in history.keys.items():
                image = images.at(time)
                if image is None:
                    items.pop(text, None)
                else:
                    items[text] = image
    return list(items.values())
