"""What an accepted control-plane call does to the endpoint's own picture of a table."""

import datetime
from collections.abc import Callable, Mapping
from typing import Any

from dynasmith.strict.state import timing
from dynasmith.strict.state.describe import read_keys
from dynasmith.strict.state.state import (
    PointInTime,
    ProvisionedUnits,
    Stream,
    StrictIndex,
    StrictLocalIndex,
    StrictTable,
    TimeToLive,
    Transition,
    WarmUnits,
)

Lasting = Callable[[float], float]
# DescribeTable of a table that never warmed: what an on-demand table serves at once (warm throughput guide).
ON_DEMAND_WARM_READ, ON_DEMAND_WARM_WRITE = 12_000, 4_000


def capacity_of(wire: Any) -> ProvisionedUnits:
    """Provisioned units from the wire; zero where there are none."""
    wire = wire or {}
    return ProvisionedUnits(int(wire.get("ReadCapacityUnits") or 0), int(wire.get("WriteCapacityUnits") or 0))


def on_demand_of(wire: Any) -> dict[str, int] | None:
    """On-demand maxima from the wire; -1 is none."""
    if not wire:
        return None
    value = {name: int(number) for name, number in wire.items() if int(number) != -1}
    return value or None


def warm_of(wire: Any, capacity: ProvisionedUnits) -> WarmUnits:
    """Warm throughput: what was asked for, or what the billing gives by itself."""
    wire = wire or {}
    provisioned = capacity.read > 0
    read = capacity.read if provisioned else ON_DEMAND_WARM_READ
    write = capacity.write if provisioned else ON_DEMAND_WARM_WRITE
    return WarmUnits(
        max(read, int(wire.get("ReadUnitsPerSecond") or 0)), max(write, int(wire.get("WriteUnitsPerSecond") or 0))
    )


def sse_of(spec: Any, status: str, region: str) -> dict[str, Any] | None:
    """SSEDescription from an SSESpecification; None is the AWS owned key, which the service leaves out."""
    if not spec or not spec.get("Enabled"):
        return None
    key = spec.get("KMSMasterKeyId") or "alias/aws/dynamodb"
    arn = (
        key if key.startswith("arn:") else f"arn:aws:kms:{region}:000000000000:{'key/' if '/' not in key else ''}{key}"
    )
    return {"Status": status, "SSEType": "KMS", "KMSMasterKeyArn": arn}


def stream_label(now: float) -> str:
    """A stream's label: its creation time with milliseconds."""
    return datetime.datetime.fromtimestamp(now, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]


def region_of(arn: str) -> str:
    """The Region of an ARN."""
    parts = arn.split(":")
    return parts[3] if len(parts) > 3 and parts[3] else "us-east-1"


def index_of(wire: Mapping[str, Any], status: str = "ACTIVE") -> StrictIndex:
    """A GSI from its wire definition."""
    capacity = capacity_of(wire.get("ProvisionedThroughput"))
    return StrictIndex(
        name=str(wire.get("IndexName")),
        key_schema=read_keys(wire.get("KeySchema")),
        projection=wire.get("Projection") or {"ProjectionType": "ALL"},
        status=status,
        capacity=capacity,
        on_demand=on_demand_of(wire.get("OnDemandThroughput")),
        warm=warm_of(wire.get("WarmThroughput"), capacity),
    )


def table_from(body: Mapping[str, Any], said: Mapping[str, Any], now: float) -> StrictTable:
    """A table from the members that CreateTable and TableDescription share; ``said`` is what the engine answered."""
    name = str(said.get("TableName") or body.get("TableName"))
    arn = str(said.get("TableArn") or f"arn:aws:dynamodb:us-east-1:000000000000:table/{name}")
    capacity = capacity_of(body.get("ProvisionedThroughput"))
    billing = str(body.get("BillingMode") or "PROVISIONED")
    table = StrictTable(
        name=name,
        arn=arn,
        created_at=now,
        key_schema=read_keys(body.get("KeySchema")),
        definitions={d["AttributeName"]: d["AttributeType"] for d in body.get("AttributeDefinitions") or ()},
        billing=billing,
        billing_said=billing == "PAY_PER_REQUEST",
        capacity=capacity,
        on_demand=on_demand_of(body.get("OnDemandThroughput")),
        warm=warm_of(body.get("WarmThroughput"), capacity),
        sse=sse_of(body.get("SSESpecification"), "ENABLED", region_of(arn)),
        table_class=str(body.get("TableClass") or "STANDARD"),
        table_class_said="TableClass" in body,
        protected=bool(body.get("DeletionProtectionEnabled")),
        tags={tag["Key"]: tag["Value"] for tag in body.get("Tags") or ()},
        counted_at=now,
    )
    for one in body.get("GlobalSecondaryIndexes") or ():
        index = index_of(one)
        table.gsis[index.name] = index
    for one in body.get("LocalSecondaryIndexes") or ():
        local = StrictLocalIndex(one["IndexName"], read_keys(one["KeySchema"]), one.get("Projection") or {})
        table.lsis[local.name] = local
    spec = body.get("StreamSpecification") or {}
    if spec.get("StreamEnabled"):
        start_stream(table, str(spec.get("StreamViewType")), said, now)
    return table


def created(table: StrictTable, now: float, lasting: Lasting, lag_seconds: float = 0.0) -> None:
    """A table that CreateTable was just called for: CREATING, its indexes too."""
    table.status = "CREATING"
    due = now + lasting(timing.CREATE_TABLE_SECONDS)
    table.visible_at = now + lag_seconds
    table.pitr_ready_at = due + lasting(timing.CONTINUOUS_BACKUPS_READY_SECONDS)
    table.pending.append(Transition(due, "active"))
    for index in table.gsis.values():
        index.status = "CREATING"
        table.pending.append(Transition(due, "index-active", index.name))


def adopted(said: Mapping[str, Any], ttl: Mapping[str, Any], backups: Mapping[str, Any], now: float) -> StrictTable:
    """A table that was there before the endpoint saw it: what the engine describes, taken as settled."""
    body = dict(said)
    body["BillingMode"] = (said.get("BillingModeSummary") or {}).get("BillingMode")
    body["TableClass"] = (said.get("TableClassSummary") or {}).get("TableClass")
    table = table_from(body, said, float(said.get("CreationDateTime") or now))
    table.table_class_said = body["TableClass"] is not None
    sse = said.get("SSEDescription") or {}
    table.sse = dict(sse) if sse.get("Status") in {"ENABLED", "UPDATING"} else None
    table.item_count, table.size_bytes = int(said.get("ItemCount", 0)), int(said.get("TableSizeBytes", 0))
    for one in said.get("GlobalSecondaryIndexes") or ():
        index = table.gsis[one["IndexName"]]
        index.item_count, index.size_bytes = int(one.get("ItemCount", 0)), int(one.get("IndexSizeBytes", 0))
    table.counted_at = now
    table.replicas = {one["RegionName"]: "ACTIVE" for one in said.get("Replicas") or ()}
    if ttl.get("TimeToLiveStatus") in {"ENABLED", "ENABLING"}:
        table.ttl = TimeToLive("ENABLED", ttl.get("AttributeName"))
    pitr = backups.get("PointInTimeRecoveryDescription") or {}
    if pitr.get("PointInTimeRecoveryStatus") == "ENABLED":
        # The endpoint has seen no write before now: its window begins here, whatever the engine says.
        table.pitr = PointInTime(enabled=True, since=now, days=int(pitr.get("RecoveryPeriodInDays") or 35))
    return table


def start_stream(table: StrictTable, view: str, said: Mapping[str, Any], now: float) -> None:
    """Turn the stream on: a new label and ARN, the engine's own where it gave a new one."""
    arn, label = said.get("LatestStreamArn"), said.get("LatestStreamLabel")
    engine_arn = str(arn) if arn else None
    if not arn or arn in {table.stream.arn, table.stream.engine_arn}:
        label = stream_label(now)
        arn = f"{table.arn}/stream/{label}"
    table.stream = Stream(view, str(label), str(arn), engine_arn)


def change_capacity(capacity: ProvisionedUnits, wire: Mapping[str, Any], now: float) -> None:
    """Set provisioned units, and count a decrease where there is one."""
    read, write = int(wire["ReadCapacityUnits"]), int(wire["WriteCapacityUnits"])
    if read < capacity.read or write < capacity.write:
        capacity.decreased_at = now
        capacity.decreases.append(now)
    if read > capacity.read or write > capacity.write:
        capacity.increased_at = now
    capacity.read, capacity.write = read, write


def switch_billing(table: StrictTable, body: Mapping[str, Any], now: float) -> None:
    """BillingMode of UpdateTable."""
    billing = body.get("BillingMode")
    if billing is None or billing == table.billing:
        return
    table.billing, table.billing_said = str(billing), True
    if table.on_demand_billing:
        table.to_on_demand.append(now)
        holders: list[StrictTable | StrictIndex] = [table, *table.gsis.values()]
        for holder in holders:
            # What was provisioned is warm already; the service never goes below its own default.
            floor = WarmUnits(ON_DEMAND_WARM_READ, ON_DEMAND_WARM_WRITE)
            holder.warm = WarmUnits(max(holder.warm.read, floor.read), max(holder.warm.write, floor.write))
            holder.capacity.read = holder.capacity.write = 0
    else:
        table.on_demand = None
        for index in table.gsis.values():
            index.on_demand = None


def raise_warm(warm: WarmUnits, wire: Mapping[str, Any]) -> None:
    """WarmThroughput of UpdateTable; it only grows."""
    warm.read = max(warm.read, int(wire.get("ReadUnitsPerSecond") or 0))
    warm.write = max(warm.write, int(wire.get("WriteUnitsPerSecond") or 0))
    warm.status = "UPDATING"


def updated(table: StrictTable, body: Mapping[str, Any], said: Mapping[str, Any], now: float, lasting: Lasting) -> None:
    """An accepted UpdateTable."""
    was_on_demand = table.on_demand_billing
    switch_billing(table, body, now)
    if body.get("ProvisionedThroughput") and not table.on_demand_billing:
        _set_or_change(table.capacity, body["ProvisionedThroughput"], now, fresh=was_on_demand)
        table.warm.read = max(table.warm.read, table.capacity.read)
        table.warm.write = max(table.warm.write, table.capacity.write)
    if "OnDemandThroughput" in body:
        table.on_demand = on_demand_of({**(table.on_demand or {}), **body["OnDemandThroughput"]})
    if body.get("WarmThroughput"):
        raise_warm(table.warm, body["WarmThroughput"])
    if body.get("StreamSpecification"):
        spec = body["StreamSpecification"]
        if spec.get("StreamEnabled"):
            start_stream(table, str(spec.get("StreamViewType")), said, now)
        else:
            table.stream.view = None
    if body.get("SSESpecification") is not None:
        _change_sse(table, body["SSESpecification"], now, lasting)
    if body.get("TableClass") and body["TableClass"] != table.table_class:
        table.table_class, table.table_class_said = str(body["TableClass"]), True
        table.class_changes.append(now)
    if "DeletionProtectionEnabled" in body:
        table.protected = bool(body["DeletionProtectionEnabled"])
    if table.on_demand_billing != was_on_demand:
        for index in table.gsis.values():
            _index_updating(table, index, now, lasting)
    for update in body.get("GlobalSecondaryIndexUpdates") or ():
        _update_index(table, update, body, now, lasting, fresh=was_on_demand)
    for update in body.get("ReplicaUpdates") or ():
        _update_replica(table, update, now, lasting)
    table.status = "UPDATING"
    # While an index is allocated the table is UPDATING; when it is being filled or deleted the table is ACTIVE again.
    if not any(pending.what == "backfill" for pending in table.pending):
        table.pending.append(Transition(now + lasting(timing.UPDATE_TABLE_SECONDS), "active"))


def _set_or_change(capacity: ProvisionedUnits, wire: Mapping[str, Any], now: float, *, fresh: bool) -> None:
    if fresh:
        capacity.read, capacity.write = int(wire["ReadCapacityUnits"]), int(wire["WriteCapacityUnits"])
    else:
        change_capacity(capacity, wire, now)


def _change_sse(table: StrictTable, spec: Mapping[str, Any], now: float, lasting: Lasting) -> None:
    new = sse_of(spec, "UPDATING", region_of(table.arn))
    if new is None and table.sse is None:
        return
    table.sse_changes.append(now)
    table.sse = new if new is not None else {**(table.sse or {}), "Status": "DISABLING"}
    if table.sse.get("Status") == "UPDATING" and len(table.sse_changes) == 1 and new is not None:
        table.sse = {**table.sse, "Status": "ENABLING"}
    table.pending.append(Transition(now + lasting(timing.SSE_CHANGE_SECONDS), "sse"))


def _update_index(
    table: StrictTable, update: Mapping[str, Any], body: Mapping[str, Any], now: float, lasting: Lasting, *, fresh: bool
) -> None:
    if "Create" in update:
        index = index_of(update["Create"], "CREATING")
        index.backfilling = False
        table.gsis[index.name] = index
        wanted = {name for name, _ in index.key_schema}
        for definition in body.get("AttributeDefinitions") or ():
            if definition["AttributeName"] in wanted:
                table.definitions.setdefault(definition["AttributeName"], definition["AttributeType"])
        allocated = now + lasting(timing.INDEX_ALLOCATION_SECONDS)
        table.pending.append(Transition(allocated, "backfill", index.name))
        table.pending.append(Transition(allocated + lasting(timing.INDEX_BACKFILL_SECONDS), "index-active", index.name))
        return
    if "Delete" in update:
        going = table.gsis.get(str(update["Delete"].get("IndexName")))
        if going is None:
            return
        going.status, going.backfilling = "DELETING", None
        table.pending = [pending for pending in table.pending if pending.name != going.name]
        table.pending.append(Transition(now + lasting(timing.DELETE_INDEX_SECONDS), "index-gone", going.name))
        return
    change = update.get("Update") or {}
    changed = table.gsis.get(str(change.get("IndexName")))
    if changed is None:
        return
    if change.get("ProvisionedThroughput") and not table.on_demand_billing:
        _set_or_change(changed.capacity, change["ProvisionedThroughput"], now, fresh=fresh)
        changed.warm.read = max(changed.warm.read, changed.capacity.read)
        changed.warm.write = max(changed.warm.write, changed.capacity.write)
    if "OnDemandThroughput" in change:
        changed.on_demand = on_demand_of({**(changed.on_demand or {}), **change["OnDemandThroughput"]})
    if change.get("WarmThroughput"):
        raise_warm(changed.warm, change["WarmThroughput"])
    _index_updating(table, changed, now, lasting)


def _index_updating(table: StrictTable, index: StrictIndex, now: float, lasting: Lasting) -> None:
    if index.status == "ACTIVE":
        index.status = "UPDATING"
        table.pending.append(Transition(now + lasting(timing.UPDATE_INDEX_SECONDS), "index-active", index.name))


def _update_replica(table: StrictTable, update: Mapping[str, Any], now: float, lasting: Lasting) -> None:
    if "Create" in update:
        region = str(update["Create"].get("RegionName"))
        table.replicas[region] = "CREATING"
        table.pending.append(Transition(now + lasting(timing.REPLICA_CREATE_SECONDS), "replica-active", region))
    elif "Delete" in update:
        region = str(update["Delete"].get("RegionName"))
        table.replicas[region] = "DELETING"
        table.pending.append(Transition(now + lasting(timing.REPLICA_DELETE_SECONDS), "replica-gone", region))


def deleting(table: StrictTable, now: float, lasting: Lasting) -> None:
    """An accepted DeleteTable."""
    table.status = "DELETING"
    table.pending = [Transition(now + lasting(timing.DELETE_TABLE_SECONDS), "gone")]


def ttl_changed(table: StrictTable, spec: Mapping[str, Any], now: float, lasting: Lasting) -> None:
    """An accepted UpdateTimeToLive."""
    on = bool(spec.get("Enabled"))
    attribute = str(spec.get("AttributeName"))
    table.ttl = TimeToLive("ENABLING" if on else "DISABLING", attribute, now)
    table.pending.append(Transition(now + lasting(timing.TTL_CHANGE_SECONDS), "ttl-on" if on else "ttl-off"))


def pitr_changed(table: StrictTable, spec: Mapping[str, Any], now: float) -> bool:
    """An accepted UpdateContinuousBackups; True when the window starts again."""
    on = bool(spec.get("PointInTimeRecoveryEnabled"))
    days = int(spec.get("RecoveryPeriodInDays") or (table.pitr.days if table.pitr.enabled else 35))
    begins = on and not table.pitr.enabled
    table.pitr = PointInTime(on, (now if begins else table.pitr.since) if on else None, days)
    return begins
