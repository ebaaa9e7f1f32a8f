"""TableDescription and its neighbours: what the engine says, with what the endpoint knows laid over it."""

from collections.abc import Mapping
from typing import Any

from dynasmith.strict.state.state import (
    KeySchema,
    ProvisionedUnits,
    StrictIndex,
    StrictLocalIndex,
    StrictTable,
    WarmUnits,
)
from dynasmith.strict.state.timing import COUNT_EVERY_SECONDS, LATEST_RESTORABLE_LAG_SECONDS

# Members that the endpoint answers for; whatever else the engine describes is passed on.
_OWNED = (
    "SSEDescription",
    "StreamSpecification",
    "LatestStreamArn",
    "LatestStreamLabel",
    "TableClassSummary",
    "BillingModeSummary",
    "GlobalSecondaryIndexes",
    "LocalSecondaryIndexes",
    "OnDemandThroughput",
    "RestoreSummary",
    "Replicas",
)


def wire_keys(schema: KeySchema) -> list[dict[str, str]]:
    """A key schema as on the wire."""
    return [{"AttributeName": name, "KeyType": kind} for name, kind in schema]


def read_keys(wire: Any) -> KeySchema:
    """A key schema from the wire, partition keys first as the service keeps them."""
    return tuple((str(k.get("AttributeName", "")), str(k.get("KeyType", ""))) for k in wire or ())


def provisioned(capacity: ProvisionedUnits, now: float) -> dict[str, Any]:
    """ProvisionedThroughputDescription."""
    day = now // 86400
    value: dict[str, Any] = {
        "NumberOfDecreasesToday": sum(at // 86400 == day for at in capacity.decreases),
        "ReadCapacityUnits": capacity.read,
        "WriteCapacityUnits": capacity.write,
    }
    if capacity.increased_at is not None:
        value["LastIncreaseDateTime"] = capacity.increased_at
    if capacity.decreased_at is not None:
        value["LastDecreaseDateTime"] = capacity.decreased_at
    return value


def warm(value: WarmUnits) -> dict[str, Any]:
    """TableWarmThroughputDescription."""
    return {"ReadUnitsPerSecond": value.read, "WriteUnitsPerSecond": value.write, "Status": value.status}


def index_description(table: StrictTable, index: StrictIndex, now: float) -> dict[str, Any]:
    """GlobalSecondaryIndexDescription."""
    value: dict[str, Any] = {
        "IndexName": index.name,
        "KeySchema": wire_keys(index.key_schema),
        "Projection": dict(index.projection),
        "IndexStatus": index.status,
        "ProvisionedThroughput": provisioned(index.capacity, now),
        "IndexSizeBytes": index.size_bytes,
        "ItemCount": index.item_count,
        "IndexArn": f"{table.arn}/index/{index.name}",
        "WarmThroughput": warm(index.warm),
    }
    if index.backfilling is not None:
        value["Backfilling"] = index.backfilling
    if index.on_demand is not None:
        value["OnDemandThroughput"] = dict(index.on_demand)
    return value


def _local_description(table: StrictTable, index: StrictLocalIndex, said: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "IndexName": index.name,
        "KeySchema": wire_keys(index.key_schema),
        "Projection": dict(index.projection),
        "IndexSizeBytes": said.get("IndexSizeBytes", 0),
        "ItemCount": said.get("ItemCount", 0),
        "IndexArn": f"{table.arn}/index/{index.name}",
    }


def count(table: StrictTable, said: Mapping[str, Any], now: float, *, exact: bool) -> None:
    """Refresh the counts from the engine's when six hours have passed (or always, where the rule is off)."""
    if not exact and now - table.counted_at < COUNT_EVERY_SECONDS:
        return
    table.counted_at = now
    table.item_count, table.size_bytes = int(said.get("ItemCount", 0)), int(said.get("TableSizeBytes", 0))
    for one in said.get("GlobalSecondaryIndexes") or ():
        index = table.gsis.get(one.get("IndexName", ""))
        if index is not None:
            index.item_count, index.size_bytes = int(one.get("ItemCount", 0)), int(one.get("IndexSizeBytes", 0))


def table_description(table: StrictTable, said: Mapping[str, Any], now: float) -> dict[str, Any]:
    """TableDescription: ``said`` is the engine's (may be empty, for a table that is going away)."""
    value = {name: member for name, member in said.items() if name not in _OWNED}
    value |= {
        "TableName": table.name,
        "TableStatus": table.status,
        "TableArn": table.arn,
        "CreationDateTime": table.created_at,
        "KeySchema": wire_keys(table.key_schema),
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind} for name, kind in table.definitions.items()
        ],
        "ProvisionedThroughput": provisioned(table.capacity, now),
        "ItemCount": table.item_count,
        "TableSizeBytes": table.size_bytes,
        "DeletionProtectionEnabled": table.protected,
        "WarmThroughput": warm(table.warm),
    }
    if table.billing_said:
        summary: dict[str, Any] = {"BillingMode": table.billing}
        if table.to_on_demand:
            summary["LastUpdateToPayPerRequestDateTime"] = table.to_on_demand[-1]
        value["BillingModeSummary"] = summary
    if table.gsis:
        value["GlobalSecondaryIndexes"] = [index_description(table, index, now) for index in table.gsis.values()]
    if table.lsis:
        by_name = {one.get("IndexName"): one for one in said.get("LocalSecondaryIndexes") or ()}
        value["LocalSecondaryIndexes"] = [
            _local_description(table, index, by_name.get(index.name, {})) for index in table.lsis.values()
        ]
    if table.stream.view is not None:
        value["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": table.stream.view}
    if table.stream.arn is not None:
        value |= {"LatestStreamArn": table.stream.arn, "LatestStreamLabel": table.stream.label}
    if table.sse is not None:
        value["SSEDescription"] = dict(table.sse)
    if table.table_class_said:
        value["TableClassSummary"] = {"TableClass": table.table_class}
        if table.class_changes:
            value["TableClassSummary"]["LastUpdateDateTime"] = table.class_changes[-1]
    if table.on_demand is not None:
        value["OnDemandThroughput"] = dict(table.on_demand)
    if table.restored is not None:
        value["RestoreSummary"] = dict(table.restored)
    if table.replicas:
        said_by_region = {one.get("RegionName"): one for one in said.get("Replicas") or ()}
        value["Replicas"] = [
            {**said_by_region.get(region, {}), "RegionName": region, "ReplicaStatus": status}
            for region, status in table.replicas.items()
        ]
        value.setdefault("GlobalTableVersion", "2019.11.21")
    return value


def ttl_description(table: StrictTable) -> dict[str, Any]:
    """TimeToLiveDescription."""
    value: dict[str, Any] = {"TimeToLiveStatus": table.ttl.status}
    if table.ttl.attribute is not None and table.ttl.status != "DISABLED":
        value["AttributeName"] = table.ttl.attribute
    return {"TimeToLiveDescription": value}


def backups_description(table: StrictTable, now: float) -> dict[str, Any]:
    """ContinuousBackupsDescription."""
    pitr: dict[str, Any] = {"PointInTimeRecoveryStatus": "ENABLED" if table.pitr.enabled else "DISABLED"}
    if table.pitr.enabled:
        earliest, latest = window(table, now)
        pitr |= {
            "RecoveryPeriodInDays": table.pitr.days,
            "EarliestRestorableDateTime": earliest,
            "LatestRestorableDateTime": latest,
        }
    return {
        "ContinuousBackupsDescription": {
            "ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": pitr,
        }
    }


def window(table: StrictTable, now: float) -> tuple[float, float]:
    """(earliest, latest) restorable time of a table with PITR on; five minutes behind, never before its beginning."""
    since = table.pitr.since if table.pitr.since is not None else now
    earliest = max(since, now - table.pitr.days * 86400.0)
    return earliest, max(earliest, now - LATEST_RESTORABLE_LAG_SECONDS)
