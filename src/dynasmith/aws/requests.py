"""From a `Call` to what the service wants to be sent: pure. One step is one request and one kind of change.

Steps that an item, autoscaling or another Region is about are requests too; only their service or Region differs.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, assert_never

from msgspec import UNSET, Struct, UnsetType

from dynasmith.limits import NEW_ON_DEMAND_READ_UNITS_PER_SECOND, NEW_ON_DEMAND_WRITE_UNITS_PER_SECOND
from dynasmith.plans.change import Dimension
from dynasmith.plans.step import (
    Call,
    CallBilling,
    CallCapacity,
    CallCreateIndex,
    CallCreateReplica,
    CallCreateTable,
    CallDeleteIndex,
    CallDeleteItem,
    CallDeleteReplica,
    CallDeregisterScaling,
    CallEncryption,
    CallInsights,
    CallKinesis,
    CallOnDemandMaximum,
    CallPolicy,
    CallProtection,
    CallPutItem,
    CallRecovery,
    CallRegisterScaling,
    CallScalingPolicy,
    CallStream,
    CallTableClass,
    CallTag,
    CallTimeToLive,
    CallUntag,
    CallUpdateReplica,
    CallWarm,
)
from dynasmith.tables.table import (
    Autoscaling,
    Billing,
    Capacity,
    Encryption,
    EncryptionKind,
    Index,
    Key,
    KeyAttribute,
    LocalIndex,
    OnDemandMaximum,
    Projection,
    ProjectionKind,
    Recovery,
    Replica,
    Scaling,
    Table,
    TableClass,
    Warm,
    known,
)

POLICY_NAME_LENGTH_MAX = 256
"""Application Auto Scaling, PutScalingPolicy, PolicyName."""


class Request(Struct, frozen=True, kw_only=True):
    """One call: which service and operation, with what; in another Region where ``region`` names one."""

    operation: str
    parameters: dict[str, Any]
    service: str = "dynamodb"
    region: str = ""


def request_of(table: str, arn: str, step: Call) -> Request:
    """The request that a step is. ``arn`` is the table's, which tags and policies are addressed by."""
    match step:
        case CallCreateTable():
            return Request(operation="CreateTable", parameters=create_table(step.table))
        case CallTimeToLive():
            told = {"Enabled": step.enabled, "AttributeName": step.attribute}
            return Request(
                operation="UpdateTimeToLive", parameters={"TableName": table, "TimeToLiveSpecification": told}
            )
        case CallRecovery():
            return Request(operation="UpdateContinuousBackups", parameters=_recovery(table, step.recovery))
        case CallTag():
            return Request(operation="TagResource", parameters={"ResourceArn": arn, "Tags": _tags(step.tags)})
        case CallUntag():
            return Request(operation="UntagResource", parameters={"ResourceArn": arn, "TagKeys": list(step.keys)})
        case CallPolicy(policy=None):
            return Request(operation="DeleteResourcePolicy", parameters={"ResourceArn": arn})
        case CallPolicy():
            return Request(operation="PutResourcePolicy", parameters={"ResourceArn": arn, "Policy": step.policy})
        case CallInsights():
            action = "ENABLE" if step.enabled else "DISABLE"
            return Request(
                operation="UpdateContributorInsights",
                parameters={"TableName": table, "ContributorInsightsAction": action},
            )
        case CallKinesis():
            verb = "Enable" if step.enabled else "Disable"
            return Request(
                operation=f"{verb}KinesisStreamingDestination",
                parameters={"TableName": table, "StreamArn": step.stream},
            )
        case CallRegisterScaling() | CallScalingPolicy() | CallDeregisterScaling():
            return _scaling(table, step)
        case CallUpdateReplica():
            return _update_replica(table, step)
        case CallPutItem():
            return Request(operation="PutItem", parameters=_put_item(table, step))
        case CallDeleteItem():
            return Request(operation="DeleteItem", parameters=_delete_item(table, step))
        case _:
            return Request(operation="UpdateTable", parameters={"TableName": table, **_update(step)})


_Update = (
    CallBilling
    | CallCapacity
    | CallOnDemandMaximum
    | CallWarm
    | CallCreateIndex
    | CallDeleteIndex
    | CallStream
    | CallEncryption
    | CallTableClass
    | CallProtection
    | CallCreateReplica
    | CallDeleteReplica
)


def _update(step: _Update) -> dict[str, Any]:
    """What UpdateTable is told besides the table's name."""
    match step:
        case CallBilling():
            told: dict[str, Any] = {
                "BillingMode": step.billing.value,
                **_if_set("ProvisionedThroughput", step.capacity),
            }
            return {**told, **_index_updates("ProvisionedThroughput", step.index_capacities)}
        case CallCapacity():
            return {
                **_if_set("ProvisionedThroughput", step.table),
                **_index_updates("ProvisionedThroughput", step.indexes),
            }
        case CallOnDemandMaximum():
            return {**_if_set("OnDemandThroughput", step.table), **_index_updates("OnDemandThroughput", step.indexes)}
        case CallWarm():
            return {**_if_set("WarmThroughput", step.table), **_index_updates("WarmThroughput", step.indexes)}
        case CallCreateIndex():
            return {
                "AttributeDefinitions": _definitions(step.attributes),
                "GlobalSecondaryIndexUpdates": [{"Create": _index(step.index)}],
            }
        case CallDeleteIndex():
            return {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": step.name}}]}
        case CallStream(view=None):
            return {"StreamSpecification": {"StreamEnabled": False}}
        case CallStream(view=view):
            return {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": str(view)}}
        case CallEncryption():
            return {"SSESpecification": _encryption(step.encryption)}
        case CallTableClass():
            return {"TableClass": step.table_class.value}
        case CallProtection():
            return {"DeletionProtectionEnabled": step.enabled}
        case CallCreateReplica():
            return _create_replica(step)
        case CallDeleteReplica():
            return {"ReplicaUpdates": [{"Delete": {"RegionName": step.region}}]}
        case _:
            assert_never(step)


def create_table(table: Table) -> dict[str, Any]:
    """What CreateTable is told. A default of the service is left out, so that an older engine takes it too."""
    provisioned = table.billing is Billing.PROVISIONED
    told: dict[str, Any] = {
        "TableName": table.name,
        "AttributeDefinitions": _definitions(table.key_attributes()),
        "KeySchema": _key(table.key),
        "BillingMode": Billing.PROVISIONED.value if provisioned else Billing.ON_DEMAND.value,
    }
    capacity = _starting_capacity(table.capacity, table.autoscaling) if provisioned else UNSET
    told |= _if_set("ProvisionedThroughput", capacity)
    told |= _if_set("OnDemandThroughput", _without_ceilings_that_are_none(table.on_demand_maximum))
    told |= _if_set("WarmThroughput", _beyond_the_start(table.warm, capacity))
    if not isinstance(table.indexes, UnsetType) and table.indexes:
        told["GlobalSecondaryIndexes"] = [_index(index, creating=True) for index in table.indexes]
    if not isinstance(table.local_indexes, UnsetType) and table.local_indexes:
        told["LocalSecondaryIndexes"] = [_local_index(index) for index in table.local_indexes]
    if not isinstance(table.stream, UnsetType) and table.stream is not None:
        told["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": table.stream.value}
    if not isinstance(table.encryption, UnsetType) and table.encryption.kind is not EncryptionKind.AWS_OWNED:
        told["SSESpecification"] = _encryption(table.encryption)
    if table.table_class is TableClass.INFREQUENT_ACCESS:
        told["TableClass"] = table.table_class.value
    if table.deletion_protection is True:
        told["DeletionProtectionEnabled"] = True
    if not isinstance(table.tags, UnsetType) and table.tags:
        told["Tags"] = _tags(table.tags)
    return told


def resource_id(table: str, index: str | None = None) -> str:
    """How Application Auto Scaling names a table, or an index of it."""
    return f"table/{table}" if index is None else f"table/{table}/index/{index}"


def dimension_of(dimension: Dimension, index: str | None = None) -> str:
    """How Application Auto Scaling names a dimension of a table or an index."""
    what = "Read" if dimension == "read" else "Write"
    return f"dynamodb:{'table' if index is None else 'index'}:{what}CapacityUnits"


def policy_name(table: str, dimension: Dimension, index: str | None = None) -> str:
    """The name of a policy that dynasmith makes; a name that is too long is cut and stays distinct by a digest."""
    what = "Read" if dimension == "read" else "Write"
    name = f"DynamoDB{what}CapacityUtilization:{resource_id(table, index)}"
    if len(name) <= POLICY_NAME_LENGTH_MAX:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    return f"{name[: POLICY_NAME_LENGTH_MAX - 17]}:{digest}"


def _scaling(table: str, step: CallRegisterScaling | CallScalingPolicy | CallDeregisterScaling) -> Request:
    target = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": resource_id(table, step.index),
        "ScalableDimension": dimension_of(step.dimension, step.index),
    }
    match step:
        case CallRegisterScaling():
            operation = "RegisterScalableTarget"
            told: dict[str, Any] = {"MinCapacity": step.scaling.min, "MaxCapacity": step.scaling.max}
        case CallScalingPolicy():
            operation = "PutScalingPolicy"
            told = {
                "PolicyName": policy_name(table, step.dimension, step.index),
                "PolicyType": "TargetTrackingScaling",
                "TargetTrackingScalingPolicyConfiguration": _tracking(step.scaling, step.dimension),
            }
        case CallDeregisterScaling():
            operation, told = "DeregisterScalableTarget", {}
        case _:
            assert_never(step)
    return Request(service="application-autoscaling", operation=operation, parameters={**target, **told})


def _tracking(scaling: Scaling, dimension: Dimension) -> dict[str, Any]:
    what = "Read" if dimension == "read" else "Write"
    told: dict[str, Any] = {
        "TargetValue": float(scaling.target),
        "PredefinedMetricSpecification": {"PredefinedMetricType": f"DynamoDB{what}CapacityUtilization"},
    }
    if not isinstance(scaling.scale_in_cooldown_seconds, UnsetType):
        told["ScaleInCooldown"] = scaling.scale_in_cooldown_seconds
    if not isinstance(scaling.scale_out_cooldown_seconds, UnsetType):
        told["ScaleOutCooldown"] = scaling.scale_out_cooldown_seconds
    return told


def _definitions(attributes: Iterable[KeyAttribute]) -> list[dict[str, str]]:
    return [{"AttributeName": attribute.name, "AttributeType": attribute.type} for attribute in attributes]


def _key(key: Key) -> list[dict[str, str]]:
    partition = [{"AttributeName": attribute.name, "KeyType": "HASH"} for attribute in key.partition]
    return partition + [{"AttributeName": attribute.name, "KeyType": "RANGE"} for attribute in key.sort]


def _projection(projection: Projection) -> dict[str, Any]:
    told: dict[str, Any] = {"ProjectionType": projection.kind.value}
    if projection.kind is ProjectionKind.INCLUDE:
        told["NonKeyAttributes"] = list(projection.attributes)
    return told


def _index(index: Index, *, creating: bool = False) -> dict[str, Any]:
    maximum = _without_ceilings_that_are_none(index.on_demand_maximum) if creating else index.on_demand_maximum
    capacity = _starting_capacity(index.capacity, index.autoscaling)
    return {
        "IndexName": index.name,
        "KeySchema": _key(index.key),
        "Projection": _projection(index.projection),
        **_if_set("ProvisionedThroughput", capacity),
        **_if_set("OnDemandThroughput", maximum),
        **_if_set("WarmThroughput", _beyond_the_start(index.warm, capacity)),
    }


def _local_index(index: LocalIndex) -> dict[str, Any]:
    return {"IndexName": index.name, "KeySchema": _key(index.key), "Projection": _projection(index.projection)}


def _starting_capacity(capacity: Capacity | UnsetType, scaling: Autoscaling | UnsetType) -> Capacity | UnsetType:
    """The capacity to begin with: as said, or the least that autoscaling is to keep."""
    if not isinstance(capacity, UnsetType) or isinstance(scaling, UnsetType):
        return capacity
    if isinstance(scaling.read, Scaling) and isinstance(scaling.write, Scaling):
        return Capacity(read=scaling.read.min, write=scaling.write.min)
    return capacity


def _beyond_the_start(warm: Warm | UnsetType, capacity: Capacity | UnsetType) -> Warm | UnsetType:
    """Warm throughput to ask a new table or index for: what it begins with anyway is refused if it is asked for less.

    On demand that is 12,000 read and 4,000 write units a second, provisioned the capacity.
    """
    if isinstance(warm, UnsetType):
        return warm
    least = (
        (NEW_ON_DEMAND_READ_UNITS_PER_SECOND, NEW_ON_DEMAND_WRITE_UNITS_PER_SECOND)
        if isinstance(capacity, UnsetType)
        else (capacity.read, capacity.write)
    )
    read, write = max(known(warm.read, 0), least[0]), max(known(warm.write, 0), least[1])
    return UNSET if (read, write) == least else Warm(read=read, write=write)


def _without_ceilings_that_are_none(maximum: OnDemandMaximum | UnsetType) -> OnDemandMaximum | UnsetType:
    """A new table has no ceiling: saying so would be refused by engines that do not know ceilings."""
    return UNSET if maximum == OnDemandMaximum() else maximum


def _units(said: Capacity | OnDemandMaximum | Warm) -> dict[str, int]:
    match said:
        case Capacity():
            return {"ReadCapacityUnits": said.read, "WriteCapacityUnits": said.write}
        case OnDemandMaximum():
            # -1 removes a ceiling (API reference, OnDemandThroughput).
            return {
                "MaxReadRequestUnits": -1 if said.read is None else said.read,
                "MaxWriteRequestUnits": -1 if said.write is None else said.write,
            }
        case Warm():
            pairs = (("ReadUnitsPerSecond", said.read), ("WriteUnitsPerSecond", said.write))
            return {name: value for name, value in pairs if not isinstance(value, UnsetType)}
        case _:
            assert_never(said)


def _if_set(name: str, said: Capacity | OnDemandMaximum | Warm | UnsetType | None) -> dict[str, Any]:
    return {} if said is None or isinstance(said, UnsetType) else {name: _units(said)}


def _index_updates(name: str, indexes: Mapping[str, Capacity | OnDemandMaximum | Warm]) -> dict[str, Any]:
    if not indexes:
        return {}
    updates = [{"Update": {"IndexName": index, name: _units(said)}} for index, said in sorted(indexes.items())]
    return {"GlobalSecondaryIndexUpdates": updates}


def _encryption(encryption: Encryption) -> dict[str, Any]:
    if encryption.kind is EncryptionKind.AWS_OWNED:
        return {"Enabled": False}
    told: dict[str, Any] = {"Enabled": True, "SSEType": "KMS"}
    if encryption.kind is EncryptionKind.CUSTOMER and not isinstance(encryption.key, UnsetType):
        told["KMSMasterKeyId"] = encryption.key
    return told


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def _recovery(table: str, recovery: Recovery | None) -> dict[str, Any]:
    told: dict[str, Any] = {"PointInTimeRecoveryEnabled": recovery is not None}
    if recovery is not None and not isinstance(recovery.days, UnsetType):
        told["RecoveryPeriodInDays"] = recovery.days
    return {"TableName": table, "PointInTimeRecoverySpecification": told}


def _create_replica(step: CallCreateReplica) -> dict[str, Any]:
    told: dict[str, Any] = {"ReplicaUpdates": [{"Create": _replica(replica)} for replica in step.replicas]}
    if not isinstance(step.consistency, UnsetType):
        told["MultiRegionConsistency"] = step.consistency.value
    if not isinstance(step.witness_region, UnsetType):
        told["GlobalTableWitnessUpdates"] = [{"Create": {"RegionName": step.witness_region}}]
    return told


def _replica(replica: Replica) -> dict[str, Any]:
    told: dict[str, Any] = {"RegionName": replica.region}
    if not isinstance(replica.key, UnsetType):
        told["KMSMasterKeyId"] = replica.key
    if not isinstance(replica.table_class, UnsetType):
        told["TableClassOverride"] = replica.table_class.value
    return told


def _update_replica(table: str, step: CallUpdateReplica) -> Request:
    if not isinstance(step.recovery, UnsetType):
        recovery = Recovery() if step.recovery else None
        return Request(operation="UpdateContinuousBackups", parameters=_recovery(table, recovery), region=step.region)
    if not isinstance(step.deletion_protection, UnsetType):
        told: dict[str, Any] = {"TableName": table, "DeletionProtectionEnabled": step.deletion_protection}
        return Request(operation="UpdateTable", parameters=told, region=step.region)
    update: dict[str, Any] = {"RegionName": step.region}
    if not isinstance(step.table_class, UnsetType):
        update["TableClassOverride"] = step.table_class.value
    return Request(operation="UpdateTable", parameters={"TableName": table, "ReplicaUpdates": [{"Update": update}]})


def _put_item(table: str, step: CallPutItem) -> dict[str, Any]:
    told: dict[str, Any] = {"TableName": table, "Item": step.item}
    return {**told, **(unchanged(step.before) if step.before is not None else absent(step.item))}


def _delete_item(table: str, step: CallDeleteItem) -> dict[str, Any]:
    return {"TableName": table, "Key": step.key, **unchanged(step.before)}


def unchanged(before: Mapping[str, Any]) -> dict[str, Any]:
    """The condition that an item still is what was read: each attribute that it had has the same value."""
    names = {f"#a{number}": name for number, name in enumerate(sorted(before))}
    values = {f":a{number}": before[name] for number, name in enumerate(sorted(before))}
    conditions = [f"#a{number} = :a{number}" for number in range(len(before))]
    return {
        "ConditionExpression": " AND ".join(conditions),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }


def absent(item: Mapping[str, Any]) -> dict[str, Any]:
    """The condition that there is no item of that key: none of ``item``'s attributes exists, the key among them."""
    names = {f"#a{number}": name for number, name in enumerate(sorted(item))}
    conditions = [f"attribute_not_exists({placeholder})" for placeholder in names]
    return {"ConditionExpression": " AND ".join(conditions), "ExpressionAttributeNames": names}
