"""Metrics of AWS/DynamoDB, measured where units are charged and calls answered. The engine's CloudWatch holds them.

Source of names, dimensions and what counts where: "DynamoDB metrics and dimensions", Developer Guide. A batch that is
throttled in part raises the throttle events of its parts, and ThrottledRequests only where nothing of it passed. A
write that an index holds back is an event of the index.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from dynasmith.strict.measures.units import ConsumedUnits
from dynasmith.strict.rules.data import ITEM_OPERATIONS
from dynasmith.strict.services.world import LOG, IncomingCall, StrictWorld
from dynasmith.strict.state.capacity import Side, ThrottleSetting
from dynasmith.strict.state.journal import STATEMENTS
from dynasmith.strict.state.metrics import DATA_MAX, Dimensions
from dynasmith.strict.state.state import Account, StrictTable
from dynasmith.strict.wire.credentials import credentials_of
from dynasmith.strict.wire.messages import WireReply, WireRequest, error_code

NAMESPACE = "AWS/DynamoDB"
FIVE_MINUTES = 300
# Developer guide, ServiceQuotas: the initial quotas of an account and of a table.
ACCOUNT_METRICS = {
    "AccountMaxReads": 80_000.0,
    "AccountMaxWrites": 80_000.0,
    "AccountMaxTableLevelReads": 40_000.0,
    "AccountMaxTableLevelWrites": 40_000.0,
}
TARGET = b"GraniteServiceVersion20100801."
_MEASURED = frozenset((*ITEM_OPERATIONS, *STATEMENTS))
_THROTTLES = frozenset({"ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"})
_CONDITION = "ConditionalCheckFailedException"
# On the "fast" clock a minute is a sixtieth of a second, and a call of the engine for each would be most of the work.
FAST_FLUSH_SECONDS = 1.0


def dimensions_of(table: StrictTable, resource: str) -> Dimensions:
    """The dimensions of a table, or of one of its global indexes; a local index counts on its table."""
    own = (("TableName", table.name),)
    return (*own, ("GlobalSecondaryIndexName", resource)) if resource in table.gsis else own


def measure_units(
    world: StrictWorld, account: Account, table: StrictTable, consumed: ConsumedUnits, side: Side
) -> None:
    """Consumed units, of the table and of each index."""
    now, name = world.clock.time(), f"Consumed{side.capitalize()}CapacityUnits"
    for resource, units in consumed.by_resource.items():
        if units:
            account.metrics.add(now, name, dimensions_of(table, resource), units)


def measure_throttle(world: StrictWorld, account: Account, throttle: ThrottleSetting) -> None:
    """One throttled item, page or statement, with its cause."""
    now, side = world.clock.time(), throttle.side.capitalize()
    dimensions = dimensions_of(throttle.table, throttle.resource)
    cause = throttle.limit.removesuffix("Exceeded")
    account.metrics.add(now, f"{side}ThrottleEvents", dimensions, 1.0)
    account.metrics.add(now, f"{side}{cause}ThrottleEvents", dimensions, 1.0)


def measure_reply(world: StrictWorld, call: IncomingCall, reply: WireReply, seconds: float, *, injected: bool) -> None:
    """What a call of items came to; ``injected``: a fault answered it, and nothing was measured on the way."""
    if call.operation not in _MEASURED:
        return
    add, now = call.account.metrics.add, world.clock.time()
    tables = [name for name in call.tables if name in call.account.tables]
    if reply.reset or reply.cut is not None or reply.status == 200:
        for name in tables:
            by_operation = (("TableName", name), ("Operation", call.operation))
            # Two digits are exact enough, and few different values are few points for the engine to keep.
            add(now, "SuccessfulRequestLatency", by_operation, float(f"{1000 * seconds:.2g}"))
            if call.operation in {"Query", "Scan"} and reply.status == 200:
                add(now, "ReturnedItemCount", by_operation, float(call.items))
        return
    if reply.status >= 500:
        for name in tables:
            add(now, "SystemErrors", (("TableName", name), ("Operation", call.operation)), 1.0)
        return
    _measure_refusal(world, call, reply, tables, injected=injected)


def _measure_refusal(
    world: StrictWorld, call: IncomingCall, reply: WireReply, tables: list[str], *, injected: bool
) -> None:
    add, now = call.account.metrics.add, world.clock.time()
    code, said = error_code(reply), _json(reply)
    reasons = [str(one.get("Code")) for one in said.get("CancellationReasons") or () if isinstance(one, dict)]
    if code in _THROTTLES or "ThrottlingError" in reasons:
        for name in tables:
            add(now, "ThrottledRequests", (("TableName", name), ("Operation", call.operation)), 1.0)
        if injected:
            _measure_injected(world, call, said)
        return
    conditions = 1 if code == _CONDITION else reasons.count("ConditionalCheckFailed")
    conflicts = 1 if code == "TransactionConflictException" else reasons.count("TransactionConflict")
    for name in tables:
        if conditions:
            add(now, "ConditionalCheckFailedRequests", (("TableName", name),), 1.0, conditions)
        if conflicts:
            add(now, "TransactionConflict", (("TableName", name),), 1.0, conflicts)
    if code != _CONDITION:
        add(now, "UserErrors", (), 1.0)


def _measure_injected(world: StrictWorld, call: IncomingCall, said: Mapping[str, Any]) -> None:
    """The events of a fault that throttles: its reply names resource and limit."""
    for one in said.get("ThrottlingReasons") or ():
        reason, _, resource = str(one["reason"]), *str(one["resource"]).rpartition(":table/")[1:]
        table = call.account.tables.get(resource.partition("/")[0])
        side: Side = "read" if "Read" in reason else "write"
        if table is not None:
            limit = reason.partition(side.capitalize())[2]
            measure_throttle(world, call.account, ThrottleSetting(table, "", side, limit))


def _json(reply: WireReply) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(reply.body)
    except msgspec.DecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def count_account(world: StrictWorld, account: Account) -> None:
    """What the account may use at most, which the service publishes whether or not a table is used."""
    now = world.clock.time()
    marked = (int(now - now % FIVE_MINUTES), "")
    if marked not in account.metrics.provisioned:
        account.metrics.provisioned.add(marked)
        for name, units in ACCOUNT_METRICS.items():
            account.metrics.add(now, name, (), units)


async def store_due(world: StrictWorld, account: Account) -> None:
    """Store what was measured in minutes that are over."""
    if not account.metrics.is_due(world.clock.time()):
        return
    if world.clock.mode == "fast" and world.clock.flow() < account.metrics.stored_at + FAST_FLUSH_SECONDS:
        return
    await store(world, account)


async def store(world: StrictWorld, account: Account) -> None:
    """Store everything that was measured in the engine's CloudWatch; an engine without one loses it."""
    async with account.metrics.storing:
        await _store(world, account)


async def _store(world: StrictWorld, account: Account) -> None:
    _provisioned(account)
    account.metrics.stored_at = world.clock.flow()
    await _put(world, account, account.metrics.taken())


async def take_back(world: StrictWorld, account: Account) -> None:
    """Make the sums of what was stored nothing: the next table of the same name has done nothing yet."""
    async with account.metrics.storing:
        await _put(world, account, account.metrics.taken_back())


async def _put(world: StrictWorld, account: Account, data: list[dict[str, Any]]) -> None:
    headers = {
        **credentials_of(account.key, "monitoring"),
        b"x-amz-target": TARGET + b"PutMetricData",
        b"content-type": b"application/x-amz-json-1.0",
    }
    for start in range(0, len(data), DATA_MAX):
        body = msgspec.json.encode({"Namespace": NAMESPACE, "MetricData": data[start : start + DATA_MAX]})
        reply = await world.upstream.send(WireRequest(b"POST", b"/", headers, body))
        if reply.status != 200:
            LOG.debug("the engine stores no metrics: %s", error_code(reply))
            return


def _provisioned(account: Account) -> None:
    """What is provisioned, once in five minutes in which something was measured of a table."""
    tally = account.metrics
    used = {
        (minute - minute % FIVE_MINUTES, dict(dimensions).get("TableName")) for minute, _, dimensions in tally.counts
    }
    for minute, name in used:
        table = account.tables.get(str(name))
        if table is None or table.on_demand_billing or (minute, table.arn) in tally.provisioned:
            continue
        tally.provisioned.add((minute, table.arn))
        capacities = {"": table.capacity} | {index.name: index.capacity for index in table.gsis.values()}
        for resource, capacity in capacities.items():
            dimensions = dimensions_of(table, resource)
            tally.add(minute, "ProvisionedReadCapacityUnits", dimensions, float(capacity.read))
            tally.add(minute, "ProvisionedWriteCapacityUnits", dimensions, float(capacity.write))
