"""The data plane: what capacity lets through, the engine's answer, and what it consumed."""

from collections.abc import Mapping
from typing import Any

import msgspec

from dynasmith.strict.expressions.expression import UPDATE
from dynasmith.strict.expressions.nodes import DocumentPath
from dynasmith.strict.expressions.paths import resolved
from dynasmith.strict.measures.measure import CallMeasure, MeasuredPart
from dynasmith.strict.measures.units import ConsumedUnits, put_units, said_units
from dynasmith.strict.rules.items import part_keys
from dynasmith.strict.rules.rule import plain_name
from dynasmith.strict.services import batches
from dynasmith.strict.services.engine_writes import engine_body, engine_transaction, returned, returned_paths
from dynasmith.strict.services.keyed_reads import has_projection, projected_item
from dynasmith.strict.services.metrics import measure_throttle, measure_units
from dynasmith.strict.services.read_plan import is_bare, page_keys
from dynasmith.strict.services.reads import account_reads, answered_page, pressed_limit
from dynasmith.strict.services.updates import update_refusal
from dynasmith.strict.services.world import IncomingCall, StrictWorld, reply_json
from dynasmith.strict.state.capacity import Side, ThrottleSetting, left, take, throttle_of
from dynasmith.strict.state.state import StrictTable
from dynasmith.strict.wire.messages import WireReply, error_reply, json_reply, value_reply

_SINGLE = frozenset({"PutItem", "UpdateItem", "DeleteItem"})
_MEMBER = {"BatchWriteItem": "UnprocessedItems", "BatchGetItem": "UnprocessedKeys"}


def cost_of(table: StrictTable, part: MeasuredPart) -> ConsumedUnits:
    """What is known of a part's cost before the engine answers."""
    if part.kind == "Put":
        return put_units(table, part.value, part.size)
    return ConsumedUnits({"": 1.0})


def touched(body: Mapping[str, Any], measured: CallMeasure) -> set[str]:
    """The attributes that the updates of a call speak of."""
    found = set(body.get("AttributeUpdates") or ())
    for one in measured.expressions:
        if one.kind == UPDATE:
            paths = [node for node in one.expression.nodes() if isinstance(node, DocumentPath)]
            found.update(str(resolved(path, one.names)[0]) for path in paths)
    return found


def affected(table: StrictTable, part: MeasuredPart, body: Mapping[str, Any], measured: CallMeasure) -> list[str]:
    """The table and the indexes that a write draws on."""
    if part.kind == "Put":
        return list(put_units(table, part.value, part.size).by_resource)
    if part.kind == "Delete":
        return ["", *table.gsis]
    if part.kind == "ConditionCheck":
        return [""]
    names = touched(body, measured)
    found = [""]
    for index in table.gsis.values():
        keys = {name for name, _ in index.key_schema} | set(index.projection.get("NonKeyAttributes") or ())
        if index.projection.get("ProjectionType") == "ALL" or keys & names:
            found.append(index.name)
    return found


def throttle_of_part(world: StrictWorld, call: IncomingCall, part: MeasuredPart) -> ThrottleSetting | None:
    """Why a part of a call does not pass now; None when it does."""
    capacity = world.capacity
    table = call.account.tables.get(part.table)
    if capacity.idle or table is None:
        return None
    side: Side = "read" if part.kind == "Get" else "write"
    resources = [""] if side == "read" else affected(table, part, call.body, call.measured)
    throttle = throttle_of(capacity, table, resources, side, part_keys(table, part.value), world.clock.flow())
    if throttle is not None:
        measure_throttle(world, call.account, throttle)
    return throttle


def charge(world: StrictWorld, call: IncomingCall, part: MeasuredPart, consumed: ConsumedUnits) -> None:
    """Take a part's units."""
    call.units = (call.units or 0.0) + consumed.total
    table = call.account.tables.get(part.table)
    if table is None:
        return
    side: Side = "read" if part.kind == "Get" else "write"
    measure_units(world, call.account, table, consumed, side)
    if not world.capacity.idle:
        take(world.capacity, table, consumed.by_resource, side, part_keys(table, part.value), world.clock.flow())


def watching(call: IncomingCall, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The body of a write that asks the engine for the image that is watched too, where that changes no answer."""
    if not call.watches or call.body.get("ReturnValues", "NONE") not in {"NONE", call.watches}:
        return body
    call.watched = True
    return {**body, "ReturnValues": call.watches}


def watched(call: IncomingCall, reply: WireReply) -> WireReply:
    """The answer of a write as the caller asked for it; the image that is watched is kept."""
    if not call.watched or reply.status != 200:
        return reply
    said = reply_json(reply)
    call.image = said.get("Attributes")
    if call.body.get("ReturnValues", "NONE") == call.watches:
        return reply
    return value_reply({name: value for name, value in said.items() if name != "Attributes"})


async def write_item(world: StrictWorld, call: IncomingCall) -> WireReply:
    """PutItem, UpdateItem, DeleteItem."""
    part = call.measured.parts[0]
    table = call.account.tables[part.table]
    throttle = throttle_of_part(world, call, part)
    if throttle is not None:
        return throttled(throttle)
    refusal = await update_refusal(world, call, table) if part.kind == "Update" else None
    if refusal is not None:
        return error_reply(refusal.code, refusal.message)
    call.items = 1
    body = watching(call, engine_body(call))
    if part.kind == "Put":
        reply = watched(call, await (world.forward(call) if body is call.body else world.send(call, body)))
        # A failed condition is charged as well (developer guide, working with items).
        charge(world, call, part, cost_of(table, part))
        _grow(table, part.size)
        return reply
    if call.body.get("ReturnConsumedCapacity") == "INDEXES":
        reply = watched(call, await world.send(call, body))
        charge(world, call, part, said_units(reply_json(reply).get("ConsumedCapacity")) or ConsumedUnits({"": 1.0}))
        return value_reply(returned(call, reply_json(reply))) if returned_paths(call) and reply.status == 200 else reply
    asked = call.body.get("ReturnConsumedCapacity", "NONE")
    reply = watched(call, await world.send(call, {**body, "ReturnConsumedCapacity": "INDEXES"}))
    if reply.status != 200:
        charge(world, call, part, ConsumedUnits({"": 1.0}))
        return reply
    said = reply_json(reply)
    capacity = said.pop("ConsumedCapacity", None)
    charge(world, call, part, said_units(capacity) or ConsumedUnits({"": 1.0}))
    if asked == "TOTAL" and isinstance(capacity, dict):
        said["ConsumedCapacity"] = {name: capacity[name] for name in ("TableName", "CapacityUnits") if name in capacity}
    return value_reply(returned(call, said))


def _grow(table: StrictTable, size: int) -> None:
    table.seen_items += 1
    table.seen_bytes += size


async def batch_write(world: StrictWorld, call: IncomingCall) -> WireReply:
    """BatchWriteItem: what capacity has room for; the rest comes back, all of it back is a throttle."""
    reply, passed = await _in_parts(world, call)
    for part in passed:
        table = call.account.tables[part.table]
        if part.kind == "Put":
            _grow(table, part.size)
    call.items = len(passed) if reply.status == 200 else 0
    return reply


async def _in_parts(world: StrictWorld, call: IncomingCall) -> tuple[WireReply, list[MeasuredPart]]:
    """Send the parts of a batch that pass, charging writes as they pass; (the answer, the parts that passed)."""
    if world.capacity.idle and not call.leave and not any(part.conflict for part in call.measured.parts):
        for part in call.measured.parts:
            if part.kind != "Get":
                charge(world, call, part, cost_of(call.account.tables[part.table], part))
        return await world.forward(call), call.measured.parts
    parts = iter(call.measured.parts)
    passed: list[MeasuredPart] = []
    throttles: list[ThrottleSetting] = []

    def allowed(name: str, _: Mapping[str, Any]) -> bool:
        part = next(parts)
        if part.conflict:
            return False
        table = call.account.tables[plain_name(name)]
        throttle = throttle_of_part(world, call, part)
        if throttle is not None:
            throttles.append(throttle)
            return False
        if call.leave and len(passed) >= max(1, len(call.measured.parts) // 2):
            return False
        passed.append(part)
        if part.kind != "Get":
            charge(world, call, part, cost_of(table, part))
        elif not world.capacity.idle:
            # What a read costs is known when it is read; half a unit holds its place until then.
            take(world.capacity, table, {"": 0.5}, "read", part_keys(table, part.value), world.clock.flow())
        return True

    split = batches.split_writes if call.operation == "BatchWriteItem" else batches.split_keys
    through, over = split(call.body["RequestItems"], allowed)
    if not passed and throttles:
        return throttled(throttles[0]), []
    if not passed:
        return value_reply({_MEMBER[call.operation]: over}), []
    if not over:
        return await world.forward(call), passed
    reply = await world.send(call, {**call.body, "RequestItems": through})
    if reply.status != 200:
        return reply, []
    said = batches.merged(reply_json(reply), _MEMBER[call.operation], over)
    return json_reply(msgspec.json.encode(said)), passed


async def batch_get(world: StrictWorld, call: IncomingCall) -> WireReply:
    """BatchGetItem."""
    reply, passed = await _in_parts(world, call)
    return account_reads(world, call, reply) if passed else reply


async def transact(world: StrictWorld, call: IncomingCall) -> WireReply:
    """TransactWriteItems: all or nothing, at twice the units."""
    parts = call.measured.parts
    throttles = [throttle_of_part(world, call, part) for part in parts]
    if any(throttles):
        return _cancelled(throttles)
    body = engine_transaction(call)
    reply = await (world.forward(call) if body is call.body else world.send(call, body))
    for part in parts:
        table = call.account.tables.get(part.table)
        if table is not None:
            charge(world, call, part, cost_of(table, part).scaled(2))
    call.items = len(parts) if reply.status == 200 else 0
    return reply


def _cancelled(throttles: list[ThrottleSetting | None]) -> WireReply:
    codes = ["None" if throttle is None else "ThrottlingError" for throttle in throttles]
    reasons = [
        {"Code": "None"} if throttle is None else {"Code": "ThrottlingError", "Message": throttle.refusal().message}
        for throttle in throttles
    ]
    return error_reply(
        "TransactionCanceledException",
        "Transaction cancelled, please refer cancellation reasons for specific reasons [" + ", ".join(codes) + "]",
        parts={"CancellationReasons": reasons},
    )


async def read_keys(world: StrictWorld, call: IncomingCall) -> WireReply:
    """GetItem and TransactGetItems."""
    for part in call.measured.parts:
        throttle = throttle_of_part(world, call, part)
        if throttle is not None:
            return throttled(throttle)
    if has_projection(call):
        return await projected_item(world, call)
    return account_reads(world, call, await world.forward(call))


async def read_pages(world: StrictWorld, call: IncomingCall) -> WireReply:
    """Query and Scan: throttled when nothing is left, a shorter page when little is."""
    table = call.account.tables[call.tables[0]]
    name = call.body.get("IndexName")
    resource = str(name) if name in table.gsis else ""
    capacity = world.capacity
    limit = None
    if not capacity.idle:
        flow = world.clock.flow()
        throttle = throttle_of(capacity, table, [resource], "read", page_keys(call, table), flow)
        if throttle is not None:
            measure_throttle(world, call.account, throttle)
            return throttled(throttle)
        limit = pressed_limit(table, left(capacity, table, resource, "read", flow), call.body)
    if not is_bare(call):
        return await answered_page(world, call, table, call.body.get("Limit") if limit is None else limit)
    if limit is None:
        return account_reads(world, call, await world.forward(call))
    return account_reads(world, call, await world.send(call, {**call.body, "Limit": limit}))


def throttled(throttle: ThrottleSetting) -> WireReply:
    """The reply of a throttle."""
    refusal = throttle.refusal()
    return error_reply(refusal.code, refusal.message, parts=refusal.parts)


HANDLERS = {
    **dict.fromkeys(_SINGLE, write_item),
    "BatchWriteItem": batch_write,
    "BatchGetItem": batch_get,
    "TransactWriteItems": transact,
    "TransactGetItems": read_keys,
    "GetItem": read_keys,
    "Query": read_pages,
    "Scan": read_pages,
}
