"""Metrics of what DynamoDB does by itself: it copies writes to replicas, builds indexes and deletes expired items.

Source: "DynamoDB metrics and dimensions", Developer Guide. Nothing throttles the building of an index here, so
OnlineIndexThrottleEvents, which has a value only where something was throttled, never has one.
"""

from collections.abc import Mapping
from typing import Any

from dynasmith.strict.measures.sizes import item_bytes
from dynasmith.strict.measures.units import write_units
from dynasmith.strict.services.metrics import dimensions_of
from dynasmith.strict.services.world import IncomingCall, StrictWorld
from dynasmith.strict.state import timing
from dynasmith.strict.state.journal import STATEMENTS, WRITES
from dynasmith.strict.state.state import StrictIndex, StrictTable


def measure_replication(world: StrictWorld, call: IncomingCall, seconds: float) -> None:
    """How late a write that was answered is in each other Region. Engines copy it inside the call, so it took as long
    as the call (``seconds``)."""
    if call.operation not in WRITES and not (call.operation in STATEMENTS and _writes(call.body)):
        return
    for name in call.tables:
        table = call.account.tables.get(name)
        for region, status in () if table is None else table.replicas.items():
            if status == "ACTIVE":
                dimensions = (("TableName", name), ("ReceivingRegion", region))
                call.account.metrics.add(
                    world.clock.time(), "ReplicationLatency", dimensions, float(f"{1000 * seconds:.2g}")
                )


def _writes(body: Mapping[str, Any]) -> bool:
    statements = [body, *(body.get("Statements") or ()), *(body.get("TransactStatements") or ())]
    words = [str(one.get("Statement") or "").split(maxsplit=1)[:1] for one in statements if isinstance(one, dict)]
    return any(word and word[0].upper() != "SELECT" for word in words)


async def measure_indexes(world: StrictWorld, call: IncomingCall, table: StrictTable) -> None:
    """How far each index is built that is being built, and at its end what its entries cost."""
    metrics, now = call.account.metrics, world.clock.time()
    for index in tuple(table.gsis.values()):
        key, dimensions = (table.arn, index.name), dimensions_of(table, index.name)
        if index.backfilling:
            due = next((one.due for one in table.pending if one.what == "index-active" and one.name == index.name), now)
            left = max(0.0, due - now) / world.clock.lasting(timing.INDEX_BACKFILL_SECONDS)
            metrics.add(now, "OnlineIndexPercentageProgress", dimensions, round(100 * (1 - min(1.0, left)), 1))
            metrics.building.add(key)
        elif key in metrics.building and index.status == "ACTIVE":
            metrics.building.discard(key)
            metrics.add(now, "OnlineIndexPercentageProgress", dimensions, 100.0)
            units = await _entry_units(world, call, table, index)
            if units:
                metrics.add(now, "OnlineIndexConsumedWriteCapacity", dimensions, units)


async def _entry_units(world: StrictWorld, call: IncomingCall, table: StrictTable, index: StrictIndex) -> float:
    """The write units of all entries of an index: engines count no entries, so they are read."""
    asked: dict[str, Any] = {"TableName": table.name, "IndexName": index.name}
    units = 0
    while True:
        _, said = await world.ask(call, "Scan", asked)
        units += sum(write_units(item_bytes(item)) for item in said.get("Items") or ())
        if not said.get("LastEvaluatedKey"):
            return float(units)
        asked["ExclusiveStartKey"] = said["LastEvaluatedKey"]
