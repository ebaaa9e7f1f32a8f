"""From the service's answer to DescribeTable to a `Table` and its states: pure, and the defaults are filled in.

What the service leaves out is what a table has that was never told otherwise: provisioned billing (BillingModeSummary
is there once it was on demand), the class STANDARD, the key that AWS owns (no SSEDescription), no stream (its last
ARN survives), no ceiling (-1).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, get_args

from msgspec import UNSET, UnsetType

from dynasmith.aws.settings import DESCRIBED
from dynasmith.aws.settings.table_class import table_class_of
from dynasmith.errors import NoEffect
from dynasmith.tables.description import IndexState, ReplicaState, TableDescription
from dynasmith.tables.table import (
    Billing,
    Capacity,
    Consistency,
    Encryption,
    EncryptionKind,
    Index,
    Key,
    KeyAttribute,
    KeyType,
    LocalIndex,
    OnDemandMaximum,
    Projection,
    ProjectionKind,
    Replica,
    Table,
    Warm,
    known,
)

Answer = Mapping[str, Any]
_LEAVING = ("DELETING", "DELETED")


def description_of(answer: Answer) -> TableDescription:
    """The description of what DescribeTable says. What takes a call of its own is UNSET and not yet in ``unread``.

    An index or replica that is being deleted has a state and is no longer part of the table.
    """
    types = {a["AttributeName"]: a["AttributeType"] for a in answer.get("AttributeDefinitions", ())}
    indexes = answer.get("GlobalSecondaryIndexes") or ()
    billing = _billing(answer)
    warm = _warm(answer)
    replicas = _foreign_replicas(answer)
    table = Table(
        name=answer["TableName"],
        key=_key(answer["KeySchema"], types),
        billing=billing,
        capacity=_capacity(answer, billing),
        on_demand_maximum=_maximum(answer),
        warm=warm,
        indexes=_sorted(_index(i, types, billing) for i in indexes if i.get("IndexStatus") not in _LEAVING),
        local_indexes=tuple(
            sorted((_local_index(i, types) for i in answer.get("LocalSecondaryIndexes") or ()), key=lambda i: i.name)
        ),
        **{each.setting.field: each.value(answer) for each in DESCRIBED},
        replicas=tuple(_replica(r) for r in replicas if r.get("ReplicaStatus") not in _LEAVING),
        consistency=_consistency(answer, bool(replicas)),
        witness_region=next((w["RegionName"] for w in answer.get("GlobalTableWitnesses") or ()), UNSET),
    )
    return TableDescription(
        table=table,
        status=str(answer.get("TableStatus", "ACTIVE")),
        arn=str(answer.get("TableArn", "")),
        table_id=str(answer.get("TableId", "")),
        created_at=_time(answer.get("CreationDateTime")),
        item_count_estimate=int(answer.get("ItemCount", 0) or 0),
        size_bytes_estimate=int(answer.get("TableSizeBytes", 0) or 0),
        indexes=tuple(sorted((_index_state(i) for i in indexes), key=lambda i: i.name)),
        replicas=tuple(_replica_state(r) for r in replicas),
        encryption_status=answer.get("SSEDescription", {}).get("Status", UNSET),
        stream_arn=str(answer.get("LatestStreamArn", "")),
        stream_label=str(answer.get("LatestStreamLabel", "")),
        unread={"warm": _WARM_UNREAD} if isinstance(warm, UnsetType) else {},
        notices=_notices(answer),
        global_tables_2017=answer.get("GlobalTableVersion") == "2017.11.29",
    )


_WARM_UNREAD = "the answer has no warm throughput (an engine without it, or a table that is still being created)"


def encryption_of(answer: Answer, managed_by_aws: bool, key: str | UnsetType = UNSET) -> Encryption:
    """The encryption of what DescribeTable says; whose the key is has been found out by the caller, and its ARN where
    the answer has only an id."""
    described = answer.get("SSEDescription") or {}
    if described.get("Status") in (None, "DISABLED", "DISABLING"):
        return Encryption(kind=EncryptionKind.AWS_OWNED)
    if managed_by_aws:
        return Encryption(kind=EncryptionKind.AWS_MANAGED)
    return Encryption(kind=EncryptionKind.CUSTOMER, key=known(key, key_arn_of(answer)) or UNSET)


def key_arn_of(answer: Answer) -> str:
    """The KMS key that encrypts the table, or empty where the key is AWS's own."""
    described = answer.get("SSEDescription") or {}
    if described.get("Status") in (None, "DISABLED", "DISABLING"):
        return ""
    return str(described.get("KMSMasterKeyArn", ""))


def region_of(arn: str) -> str:
    """The Region in an ARN, or empty."""
    parts = arn.split(":")
    return parts[3] if len(parts) > 3 else ""


def _key(schema: Sequence[Answer], types: Mapping[str, str]) -> Key:
    def of(kind: str) -> tuple[KeyAttribute, ...]:
        names = (part["AttributeName"] for part in schema if part["KeyType"] == kind)
        return tuple(KeyAttribute(name=name, type=_key_type(types.get(name, ""), name)) for name in names)

    return Key(partition=of("HASH"), sort=of("RANGE"))


def _key_type(said: str, attribute: str) -> KeyType:
    """A guess here would make a false difference of keys, so an answer that does not say the type is an error."""
    for kind in get_args(KeyType):
        if kind == said:
            return kind  # type: ignore[no-any-return]  # one of the literals
    raise NoEffect(
        f"The engine does not say the type of the key attribute {attribute} (it says {said or 'nothing'}).",
        hint="an engine that forgets attribute definitions cannot be planned against; create the table there again",
    )


def _projection(said: Answer) -> Projection:
    kind = ProjectionKind(said.get("ProjectionType", "ALL"))
    attributes = tuple(sorted(set(said.get("NonKeyAttributes") or ()))) if kind is ProjectionKind.INCLUDE else ()
    return Projection(kind=kind, attributes=attributes)


def _billing(answer: Answer) -> Billing:
    said = (answer.get("BillingModeSummary") or {}).get("BillingMode")
    return Billing(said) if said else Billing.PROVISIONED


def _capacity(answer: Answer, billing: Billing) -> Capacity | UnsetType:
    said = answer.get("ProvisionedThroughput")
    if billing is not Billing.PROVISIONED or not said:
        return UNSET
    return Capacity(read=int(said.get("ReadCapacityUnits", 0)), write=int(said.get("WriteCapacityUnits", 0)))


def _maximum(answer: Answer) -> OnDemandMaximum:
    said = answer.get("OnDemandThroughput") or {}

    def ceiling(name: str) -> int | None:
        value = int(said.get(name, -1))
        return value if value > 0 else None

    return OnDemandMaximum(read=ceiling("MaxReadRequestUnits"), write=ceiling("MaxWriteRequestUnits"))


def _warm(answer: Answer) -> Warm | UnsetType:
    """UNSET also for 0, which the service never says and an engine without warm throughput does."""
    said = answer.get("WarmThroughput") or {}
    read, write = int(said.get("ReadUnitsPerSecond", 0)), int(said.get("WriteUnitsPerSecond", 0))
    return Warm(read=read or UNSET, write=write or UNSET) if read or write else UNSET


def _consistency(answer: Answer, replicated: bool) -> Consistency | UnsetType:
    if not replicated:
        return UNSET
    return Consistency(answer.get("MultiRegionConsistency") or "EVENTUAL")


def _index(said: Answer, types: Mapping[str, str], billing: Billing) -> Index:
    return Index(
        name=said["IndexName"],
        key=_key(said["KeySchema"], types),
        projection=_projection(said.get("Projection") or {}),
        capacity=_capacity(said, billing),
        on_demand_maximum=_maximum(said),
        warm=_warm(said),
    )


def _local_index(said: Answer, types: Mapping[str, str]) -> LocalIndex:
    return LocalIndex(
        name=said["IndexName"], key=_key(said["KeySchema"], types), projection=_projection(said.get("Projection") or {})
    )


def _sorted(indexes: Any) -> tuple[Index, ...]:
    return tuple(sorted(indexes, key=lambda index: index.name))


def _index_state(said: Answer) -> IndexState:
    return IndexState(
        name=said["IndexName"],
        status=str(said.get("IndexStatus", "ACTIVE")),
        backfilling=bool(said.get("Backfilling", False)),
        item_count_estimate=int(said.get("ItemCount", 0) or 0),
        size_bytes_estimate=int(said.get("IndexSizeBytes", 0) or 0),
    )


def _foreign_replicas(answer: Answer) -> list[Answer]:
    """The replicas in other Regions, by Region: the service may list the table itself among them."""
    own = region_of(str(answer.get("TableArn", "")))
    return sorted(
        (r for r in answer.get("Replicas") or () if r["RegionName"] != own), key=lambda r: str(r["RegionName"])
    )


def _replica(said: Answer) -> Replica:
    override = said.get("ReplicaTableClassSummary")
    return Replica(
        region=said["RegionName"],
        table_class=table_class_of(override) if override else UNSET,
        key=said.get("KMSMasterKeyId") or UNSET,
    )


def _replica_state(said: Answer) -> ReplicaState:
    return ReplicaState(
        region=said["RegionName"],
        status=str(said.get("ReplicaStatus", "ACTIVE")),
        reason=str(said.get("ReplicaStatusDescription", "")),
    )


def _time(said: object) -> str:
    """A time of the service in RFC 3339, UTC."""
    if not isinstance(said, datetime):
        return ""
    return said.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _notices(answer: Answer) -> tuple[str, ...]:
    notices = []
    vectors = sorted(str(v.get("IndexName", "")) for v in answer.get("VectorIndexes") or ())
    if vectors:
        notices.append(f"vector indexes ({', '.join(vectors)}) are left as they are")
    if answer.get("GlobalTableVersion") == "2017.11.29":
        notices.append("this is a global table of version 2017.11.29, which is not managed: upgrade it to 2019.11.21")
    if answer.get("GlobalTableSettingsReplicationMode") in ("ENABLED", "ENABLED_WITH_OVERRIDES"):
        notices.append("this is a global table over several accounts, whose replicas are left as they are")
    own = region_of(str(answer.get("TableArn", "")))
    overridden = [r["RegionName"] for r in _foreign_replicas(answer) if _overrides(r)]
    if overridden:
        notices.append(f"replicas with a capacity of their own ({', '.join(overridden)}) keep it")
    if answer.get("ArchivalSummary"):
        notices.append(f"the table was archived in {own or 'its Region'}, since its KMS key could not be used")
    return tuple(notices)


def _overrides(replica: Answer) -> bool:
    return bool(
        replica.get("ProvisionedThroughputOverride")
        or replica.get("OnDemandThroughputOverride")
        or any(
            i.get("ProvisionedThroughputOverride") or i.get("OnDemandThroughputOverride")
            for i in replica.get("GlobalSecondaryIndexes") or ()
        )
    )
