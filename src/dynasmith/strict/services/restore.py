"""RestoreTableToPointInTime, done by the endpoint itself: engines answer 200 and return today's items."""

from collections.abc import Mapping
from typing import Any

import msgspec

from dynasmith.strict.rules.protection import named_source
from dynasmith.strict.services.backups import restored_table
from dynasmith.strict.services.world import IncomingCall, StrictWorld
from dynasmith.strict.services.write_images import as_of
from dynasmith.strict.state import describe, effects
from dynasmith.strict.state.state import StrictIndex, StrictTable
from dynasmith.strict.wire.messages import WireReply, value_reply

BATCH = 25
BATCH_BYTES = 8 * 1024 * 1024


async def restore_to_time(world: StrictWorld, call: IncomingCall) -> WireReply:
    """A new table with what the source held at the time, made in the engine item by item."""
    source = call.account.tables[named_source(call.body)]
    _, latest = describe.window(source, call.now)
    at = float(call.body.get("RestoreDateTime") or latest)
    items = await as_of(world, call, source, at)
    target = str(call.body["TargetTableName"])
    reply, said = await world.ask(call, "CreateTable", create_body(source, call.body))
    if reply.status != 200:
        return reply
    await _fill(world, call, target, items)
    answer: WireReply = restored_table(world, call, said.get("TableDescription") or {}, source)
    restored = call.account.tables[target].restored or {}
    call.account.tables[target].restored = {**restored, "RestoreDateTime": at}
    return answer


def create_body(source: StrictTable, body: Mapping[str, Any]) -> dict[str, Any]:
    """The CreateTable of a restore: the source's keys, indexes and capacity, with the overrides of the call."""
    billing = body.get("BillingModeOverride") or source.billing
    gsis = _kept(source.gsis, body.get("GlobalSecondaryIndexOverride"))
    locals_ = _kept(source.lsis, body.get("LocalSecondaryIndexOverride"))
    schemas = [source.key_schema, *(index.key_schema for index in gsis), *(index.key_schema for index in locals_)]
    used = {name for schema in schemas for name, _ in schema}
    value: dict[str, Any] = {
        "TableName": body["TargetTableName"],
        "KeySchema": describe.wire_keys(source.key_schema),
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind} for name, kind in source.definitions.items() if name in used
        ],
        "BillingMode": billing,
    }
    if billing == "PROVISIONED":
        value["ProvisionedThroughput"] = body.get("ProvisionedThroughputOverride") or _units(source.capacity)
    if gsis:
        value["GlobalSecondaryIndexes"] = [_wire(index, billing) for index in gsis]
    if locals_:
        value["LocalSecondaryIndexes"] = [_wire(index, "") for index in locals_]
    return value


def _kept(have: Mapping[str, Any], override: Any) -> list[Any]:
    if override is None:
        return list(have.values())
    return [have[one["IndexName"]] for one in override]


def _units(capacity: Any) -> dict[str, int]:
    return {"ReadCapacityUnits": max(1, capacity.read), "WriteCapacityUnits": max(1, capacity.write)}


def _wire(index: Any, billing: str) -> dict[str, Any]:
    value = {
        "IndexName": index.name,
        "KeySchema": describe.wire_keys(index.key_schema),
        "Projection": dict(index.projection),
    }
    if billing == "PROVISIONED" and isinstance(index, StrictIndex):
        value["ProvisionedThroughput"] = _units(index.capacity)
    return value


async def _fill(world: StrictWorld, call: IncomingCall, target: str, items: list[bytes]) -> None:
    batch: list[bytes] = []
    size = 0
    for item in items:
        if batch and (len(batch) == BATCH or size + len(item) > BATCH_BYTES):
            await _write(world, call, target, batch)
            batch, size = [], 0
        batch.append(item)
        size += len(item)
    if batch:
        await _write(world, call, target, batch)


async def _write(world: StrictWorld, call: IncomingCall, target: str, batch: list[bytes]) -> None:
    left: Any = {target: [{"PutRequest": {"Item": msgspec.Raw(item)}} for item in batch]}
    while left:
        reply, said = await world.ask(call, "BatchWriteItem", {"RequestItems": left})
        if reply.status != 200:
            raise OSError(f"the engine refused to fill {target}: {reply.body[:200]!r}")
        left = said.get("UnprocessedItems")


async def update_backups(world: StrictWorld, call: IncomingCall) -> WireReply:
    """UpdateContinuousBackups; turning it off ends the window, on again begins another."""
    table = call.account.tables[call.tables[0]]
    reply = await world.forward(call)
    if reply.status != 200:
        return reply
    async with world.writers_of(table):
        effects.pitr_changed(table, call.body["PointInTimeRecoverySpecification"], call.now)
        if not table.pitr.enabled:
            world.histories.pop(table.arn, None)
    return value_reply(describe.backups_description(table, call.now))
