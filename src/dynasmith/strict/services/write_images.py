"""Seeing every write of a table with PITR or a stream: its writes go one after the other, with the images before and
after. Of the stream nothing is asked of the engine, which has no records of what PartiQL and time to live write."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from dynasmith.strict.measures.measure import MeasuredPart
from dynasmith.strict.rules.items import key_text, value_text
from dynasmith.strict.services.stream_logs import open_log
from dynasmith.strict.services.stream_marks import mark_incomplete
from dynasmith.strict.services.world import IncomingCall, StrictWorld, reply_json
from dynasmith.strict.state.history import History
from dynasmith.strict.state.journal import STATEMENTS
from dynasmith.strict.state.state import StrictTable
from dynasmith.strict.state.stream_log import StreamLog
from dynasmith.strict.streams.records import changed, is_canonical, record_of
from dynasmith.strict.wire.messages import WireReply

GET_MAX = 100


@dataclass(slots=True)
class _Watched:
    """A table whose images are kept, or whose stream makes records, and what a call writes there."""

    table: StrictTable
    log: StreamLog | None
    parts: list[MeasuredPart]
    before: dict[str, bytes] = field(default_factory=dict)

    @property
    def keys(self) -> dict[str, dict[str, Any]]:
        """The keys that are written, by key text."""
        return {key_text(self.table, part.value): key_of(self.table, part.value) for part in self.parts}


async def recorded(
    world: StrictWorld, call: IncomingCall, go_on: Callable[[], Awaitable[WireReply]], *, tells: bool = False
) -> WireReply:
    """Let a write through; where it concerns tables with PITR or a stream, with the images before and after. ``tells``:
    ``go_on`` asks the engine for the image that the call watches."""
    watched = [
        _Watched(table, log, [part for part in call.measured.of(table.name) if part.kind != "ConditionCheck"])
        for table, log in _watched(world, call, call.tables)
    ]
    if not watched:
        return await go_on()
    async with contextlib.AsyncExitStack() as stack:
        for one in watched:
            await stack.enter_async_context(world.writers_of(one.table))
        for one in watched:
            await _before(world, call, one, late=tells and _tells_old(call, one))
        reply = await go_on()
        if reply.status == 200:
            for one in watched:
                await _after(world, call, one, reply)
        return reply


def _watched(
    world: StrictWorld, call: IncomingCall, names: Iterable[str]
) -> list[tuple[StrictTable, StreamLog | None]]:
    """The tables with PITR or a stream, in the order in which they are locked."""
    tables = {name: table for name in names if (table := call.account.tables.get(name)) is not None}
    found = [(table, open_log(call.account, table, world.clock.time())) for table in tables.values()]
    return sorted([one for one in found if one[0].pitr.enabled or one[1] is not None], key=lambda one: one[0].arn)


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


_WATCHES: Final = {"PutItem": "ALL_OLD", "DeleteItem": "ALL_OLD", "UpdateItem": "ALL_NEW"}


def _tells_old(call: IncomingCall, one: _Watched) -> bool:
    """Whether the engine says the image before a write with its answer to it; of an update it says the image after."""
    if one.log is not None and call.operation in _WATCHES:
        call.watches = _WATCHES[call.operation]
    return call.watches == "ALL_OLD" and call.body.get("ReturnValues", "NONE") in {"NONE", "ALL_OLD"}


async def _before(world: StrictWorld, call: IncomingCall, one: _Watched, *, late: bool) -> None:
    """What is there before; where the answer will tell (``late``), nothing is asked."""
    if late:
        return
    history = _history(world, one.table) if one.table.pitr.enabled else None
    keys = one.keys
    wanted = {
        text: key
        for text, key in keys.items()
        if one.log is not None or (history is not None and not history.knows(text))
    }
    one.before = await _images(world, call, one.table, list(wanted.values()))
    _begin(history, wanted, one.before)


def _begin(history: History | None, texts: Iterable[str], before: Mapping[str, bytes]) -> None:
    for text in texts if history is not None else ():
        assert history is not None
        if not history.knows(text):
            history.begin(text, before.get(text))


async def _images_after(world: StrictWorld, call: IncomingCall, one: _Watched) -> dict[str, bytes]:
    """The images of what was written: as the answer told them, as a put says them, else read."""
    keys = one.keys
    if call.watched:
        (text,) = keys
        image = None if call.image is None else msgspec.json.encode(call.image)
        if call.watches == "ALL_NEW":
            return {} if image is None else {text: image}
        one.before = {} if image is None else {text: image}
        _begin(_history(world, one.table) if one.table.pitr.enabled else None, keys, one.before)
    plain = {key_text(one.table, part.value): part for part in one.parts if part.kind == "Put"}
    if call.operation == "PutItem" and all(is_canonical(part.value) for part in plain.values()):
        return {text: msgspec.json.encode(part.value) for text, part in plain.items()}
    if call.operation == "DeleteItem":
        return {}
    return await _images(world, call, one.table, list(keys.values()))


def _done(parts: list[MeasuredPart], table: StrictTable, reply: WireReply) -> list[MeasuredPart]:
    """The parts that the engine really wrote."""
    left = (reply_json(reply).get("UnprocessedItems") or {}).get(table.name) or ()
    texts = set()
    for write in left:
        (request,) = write.values()
        texts.add(key_text(table, request.get("Item") or request.get("Key") or {}))
    return [part for part in parts if key_text(table, part.value) not in texts]


async def _after(world: StrictWorld, call: IncomingCall, one: _Watched, reply: WireReply) -> None:
    table, parts = one.table, one.parts
    if one.log is not None:
        images = await _images_after(world, call, one)
        await _note(world, call, one.log, table, one.before, images, list(one.keys))
    else:
        parts = _done(parts, table, reply)
        updated = [key_of(table, part.value) for part in parts if part.kind == "Update"]
        images = await _images(world, call, table, updated) if updated else {}
        images |= {key_text(table, part.value): msgspec.json.encode(part.value) for part in parts if part.kind == "Put"}
    if not table.pitr.enabled:
        return
    history, now = world.histories[table.arn], world.clock.time()
    for text in dict.fromkeys(key_text(table, part.value) for part in parts):
        history.write(text, now, images.get(text))


async def _note(
    world: StrictWorld,
    call: IncomingCall,
    log: StreamLog,
    table: StrictTable,
    before: Mapping[str, bytes],
    after: Mapping[str, bytes],
    texts: Iterable[str],
) -> None:
    """Add the records of what has changed to the stream."""
    at = world.stream_time()
    log.settle(at)
    made = False
    for text in texts:
        old, new = before.get(text), after.get(text)
        if log.disabled_at is None and changed(old, new):
            number = log.next_number()
            said = record_of(log, old, new, number, at, call.identity)
            log.add(value_text(said["dynamodb"]["Keys"][table.partition_key]), number, at, said)
            made = True
    if made and not log.marked and (call.operation in STATEMENTS or call.identity is not None):
        log.marked = True

        async def ask(operation: str, body: Mapping[str, Any]) -> dict[str, Any]:
            return (await world.ask(call, operation, body))[1]

        await mark_incomplete(ask, table.arn, table.stream.engine_arn)


async def recorded_statements(
    world: StrictWorld, call: IncomingCall, blind: Collection[str], go_on: Callable[[], Awaitable[WireReply]]
) -> WireReply:
    """Let statements through, seen like other writes by the keys in ``call.measured``; of the tables that ``blind``
    names (statements that do not tell their key) all items are compared before and after.
    """
    compared = _watched(world, call, blind)
    if not compared:
        return await recorded(world, call, go_on)
    # Those with a key are in a table of their own here, or are compared with the rest of their table.
    compared = _watched(world, call, {*blind, *(part.table for part in call.measured.parts)})
    async with contextlib.AsyncExitStack() as stack:
        for table, _ in compared:
            await stack.enter_async_context(world.writers_of(table))
        before = {table.name: await everything(world, call, table) for table, _ in compared}
        reply = await go_on()
        for table, log in compared:
            after = await everything(world, call, table)
            if log is not None:
                texts = [*before[table.name], *(text for text in after if text not in before[table.name])]
                await _note(world, call, log, table, before[table.name], after, texts)
            if table.pitr.enabled:
                _compare(world, table, before[table.name], after)
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
