"""Tables in the service's own shape: what CreateTable takes, DescribeTable gives and CloudFormation has."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from dynasmith.errors import UsageError
from dynasmith.iac.readers.foreign_tables import Document, ForeignTables
from dynasmith.tables.kms_key import is_managed_alias

READ: Final = frozenset(
    (
        *(
            "TableName",
            "AttributeDefinitions",
            "KeySchema",
            "BillingMode",
            "BillingModeSummary",
            "ProvisionedThroughput",
        ),
        *("OnDemandThroughput", "WarmThroughput", "GlobalSecondaryIndexes", "LocalSecondaryIndexes", "Tags"),
        *("StreamSpecification", "SSESpecification", "SSEDescription", "TableClass", "TableClassSummary"),
        *("DeletionProtectionEnabled", "TimeToLiveSpecification", "PointInTimeRecoverySpecification"),
        *("ContributorInsightsSpecification", "KinesisStreamSpecification", "ResourcePolicy", "Replicas"),
        *("MultiRegionConsistency", "GlobalTableWitnesses"),
    )
)
"""The members that become keys of a definition."""

_READ_REPLICA: Final = frozenset(
    (
        *("Region", "RegionName", "PointInTimeRecoverySpecification", "DeletionProtectionEnabled", "TableClass"),
        *("KMSMasterKeyId", "SSESpecification", "ReplicaTableClassSummary", "ReplicaStatus", "Tags"),
        *("ReplicaStatusDescription", "ReplicaStatusPercentProgress", "ReplicaInaccessibleDateTime", "ReplicaArn"),
    )
)
_READ_INDEX: Final = frozenset(
    (
        *("IndexName", "KeySchema", "Projection", "ProvisionedThroughput", "OnDemandThroughput", "WarmThroughput"),
        *("ContributorInsightsSpecification", "IndexStatus", "Backfilling", "IndexSizeBytes", "ItemCount", "IndexArn"),
    )
)
"""What of a replica and of an index becomes a key of a definition, or is how a live one is."""

STATES: Final = frozenset(
    (
        *("TableStatus", "CreationDateTime", "TableSizeBytes", "ItemCount", "TableArn", "TableId", "LatestStreamLabel"),
        *("LatestStreamArn", "GlobalTableVersion", "RestoreSummary", "ArchivalSummary"),
    )
)
"""The members that say how a live table is, and nothing that a definition wants."""


def service_tables(document: Any, source: str) -> ForeignTables:
    """The tables of JSON of the AWS CLI: `describe-table`, `create-table --generate-cli-skeleton`, or a list of them.

    Raises UsageError for what is no such JSON."""
    shapes = [_shape(each, source) for each in (document if isinstance(document, list) else [document])]
    notes = [
        f"{shape['TableName']}: {name} is not in this definition."
        for shape in shapes
        for name in unread({name: each for name, each in shape.items() if name not in STATES})
    ]
    return ForeignTables(documents=tuple(map(document_of_shape, shapes)), notes=tuple(notes))


def _shape(value: Any, source: str) -> dict[str, Any]:
    for name in ("Table", "TableDescription"):
        if isinstance(value, Mapping) and isinstance(value.get(name), Mapping):
            value = value[name]
    if not isinstance(value, Mapping) or not isinstance(value.get("TableName"), str) or "KeySchema" not in value:
        raise UsageError(f"{source} is not a table of the AWS CLI: it has no TableName and KeySchema.")
    return dict(value)


def is_service_shape(document: Any) -> bool:
    """Whether a document looks like JSON of the AWS CLI."""
    first = document[0] if isinstance(document, list) and document else document
    if not isinstance(first, Mapping):
        return False
    inner = first.get("Table", first.get("TableDescription", first))
    return isinstance(inner, Mapping) and "KeySchema" in inner and "TableName" in inner


def document_of_shape(shape: Mapping[str, Any]) -> Document:
    """The definition of a table in the service's shape; what it does not say is not mentioned."""
    found: Document = {"name": shape["TableName"]}
    found["attributes"] = [
        {"name": each["AttributeName"], "type": each["AttributeType"]} for each in _list(shape, "AttributeDefinitions")
    ]
    found["key_schema"] = _key(shape["KeySchema"])
    billing = shape.get("BillingMode") or _get(shape, "BillingModeSummary", "BillingMode")
    if billing is None and "ProvisionedThroughput" in shape:
        billing = "PROVISIONED"  # what both CreateTable and DescribeTable mean where they do not say it
    if billing is not None:
        found["billing_mode"] = billing
    found |= _throughput(shape, provisioned=billing == "PROVISIONED")
    if indexes := _list(shape, "GlobalSecondaryIndexes"):
        found["global_secondary_indexes"] = [_index(each, provisioned=billing == "PROVISIONED") for each in indexes]
    if local := _list(shape, "LocalSecondaryIndexes"):
        found["local_secondary_indexes"] = [_local(each) for each in local]
    return found | _settings(shape)


def _settings(shape: Mapping[str, Any]) -> Document:
    found: Document = {}
    stream = shape.get("StreamSpecification")
    if stream is not None and stream.get("StreamEnabled", True):
        found["stream"] = {"view_type": stream["StreamViewType"]}
    elif stream is not None:
        found["stream"] = {"enabled": False}
    if (encryption := _encryption(shape)) is not None:
        found["encryption"] = encryption
    for name, value in (
        ("table_class", shape.get("TableClass") or _get(shape, "TableClassSummary", "TableClass")),
        ("deletion_protection", shape.get("DeletionProtectionEnabled")),
        ("multi_region_consistency", shape.get("MultiRegionConsistency")),
    ):
        if value is not None:
            found[name] = value
    if (ttl := shape.get("TimeToLiveSpecification")) is not None:
        on = ttl.get("Enabled", True) and "AttributeName" in ttl
        found["time_to_live"] = {"attribute": ttl["AttributeName"]} if on else {"enabled": False}
    if (recovery := shape.get("PointInTimeRecoverySpecification")) is not None:
        on = recovery.get("PointInTimeRecoveryEnabled", False)
        days = {"recovery_days": recovery["RecoveryPeriodInDays"]} if "RecoveryPeriodInDays" in recovery else {}
        found["point_in_time_recovery"] = {"enabled": True, **days} if on else {"enabled": False}
    found |= insights(shape)
    if (kinesis := shape.get("KinesisStreamSpecification")) is not None:
        precision = kinesis.get("ApproximateCreationDateTimePrecision")
        more = {} if precision is None else {"precision": precision}
        found["kinesis_destination"] = {"stream_arn": kinesis["StreamArn"], **more}
    if (policy := _get(shape, "ResourcePolicy", "PolicyDocument")) is not None:
        found["resource_policy"] = json.loads(policy) if isinstance(policy, str) else policy
    if "Tags" in shape:
        found["tags"] = tags_of(shape["Tags"])
    if replicas := [_replica(each) for each in _list(shape, "Replicas")]:
        found["replicas"] = replicas
    if witnesses := _list(shape, "GlobalTableWitnesses"):
        found["witness_region"] = witnesses[0].get("RegionName", witnesses[0].get("Region"))
    return found


def unread(shape: Mapping[str, Any]) -> Iterator[str]:
    """What a table in the service's shape says and a definition has no key for, each by its place."""
    yield from sorted(shape.keys() - READ)
    if "ResourcePolicy" in (shape.get("StreamSpecification") or {}):
        yield "StreamSpecification.ResourcePolicy"
    for replica in _list(shape, "Replicas"):
        region = replica.get("RegionName", replica.get("Region"))
        yield from (f"Replicas.{region}.{name}" for name in sorted(replica.keys() - _READ_REPLICA) if replica[name])
    for index in _list(shape, "GlobalSecondaryIndexes"):
        names = sorted(index.keys() - _READ_INDEX)
        yield from (f"GlobalSecondaryIndexes.{index.get('IndexName')}.{name}" for name in names)


def _get(shape: Mapping[str, Any], *way: str) -> Any:
    value: Any = shape
    for part in way:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _list(shape: Mapping[str, Any], name: str) -> list[Any]:
    return list(shape.get(name) or ())


def _key(schema: Sequence[Mapping[str, str]]) -> list[Document]:
    return [{"attribute_name": each["AttributeName"], "key_type": each["KeyType"]} for each in schema]


def tags_of(tags: Iterable[Mapping[str, str]] | Mapping[str, str]) -> dict[str, str]:
    """Tags as a map; some resources have a list of Key and Value."""
    return dict(tags) if isinstance(tags, Mapping) else {each["Key"]: each["Value"] for each in tags}


def insights(shape: Mapping[str, Any]) -> Document:
    """The contributor insights of a table or an index."""
    said = shape.get("ContributorInsightsSpecification")
    if said is None:
        return {}
    mode = {"mode": said["Mode"]} if "Mode" in said and said.get("Enabled") else {}
    return {"contributor_insights": {"enabled": bool(said.get("Enabled")), **mode}}


def _throughput(shape: Mapping[str, Any], *, provisioned: bool) -> Document:
    found: Document = {}
    units = shape.get("ProvisionedThroughput")
    if provisioned and units is not None:
        found["provisioned_throughput"] = {"read": units["ReadCapacityUnits"], "write": units["WriteCapacityUnits"]}
    ceiling = shape.get("OnDemandThroughput")
    if not provisioned and ceiling is not None:
        names = {"max_read": "MaxReadRequestUnits", "max_write": "MaxWriteRequestUnits"}
        found["on_demand_throughput"] = {name: ceiling[each] for name, each in names.items() if each in ceiling}
    warm = shape.get("WarmThroughput")
    if warm is not None and "Status" not in warm:  # a described one grows by itself and is no wish
        names = {"read": "ReadUnitsPerSecond", "write": "WriteUnitsPerSecond"}
        found["warm_throughput"] = {name: warm[each] for name, each in names.items() if each in warm}
    return {name: value for name, value in found.items() if value}


def _projection(index: Mapping[str, Any]) -> Document:
    said = index.get("Projection") or {}
    if said.get("ProjectionType", "ALL") == "ALL":
        return {}
    names = {"attributes": list(said["NonKeyAttributes"])} if said.get("NonKeyAttributes") else {}
    return {"projection": {"type": said["ProjectionType"], **names}}


def _index(index: Mapping[str, Any], *, provisioned: bool) -> Document:
    said = {"name": index["IndexName"], "key_schema": _key(index["KeySchema"]), **_projection(index)}
    return said | _throughput(index, provisioned=provisioned) | insights(index)


def _local(index: Mapping[str, Any]) -> Document:
    return {"name": index["IndexName"], "key_schema": _key(index["KeySchema"]), **_projection(index)}


def _encryption(shape: Mapping[str, Any]) -> Document | None:
    described = shape.get("SSEDescription")
    if described is not None:
        key = described.get("KMSMasterKeyArn", "")
        return {"type": "CUSTOMER", "key": key} if key and not is_managed_alias(key) else {"type": "AWS_MANAGED"}
    said = shape.get("SSESpecification")
    if said is None:
        return None
    if not said.get("SSEEnabled", said.get("Enabled", False)):
        return {"type": "AWS_OWNED"}
    key = said.get("KMSMasterKeyId")
    return {"type": "CUSTOMER", "key": key} if key else {"type": "AWS_MANAGED"}


def _replica(replica: Mapping[str, Any]) -> Document:
    found: Document = {"region": replica.get("RegionName", replica.get("Region"))}
    recovery = _get(replica, "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled")
    key = replica.get("KMSMasterKeyId") or _get(replica, "SSESpecification", "KMSMasterKeyId")
    table_class = replica.get("TableClass") or _get(replica, "ReplicaTableClassSummary", "TableClass")
    for name, value in (
        ("point_in_time_recovery", recovery),
        ("deletion_protection", replica.get("DeletionProtectionEnabled")),
        ("table_class", table_class),
        ("key", key),
        ("tags", tags_of(replica["Tags"]) if replica.get("Tags") else None),
    ):
        if value is not None:
            found[name] = value
    return found
