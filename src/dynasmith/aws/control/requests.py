"""From a `Call` to what the service wants to be sent: pure. One step is one request and one kind of change.

Steps that an item, autoscaling or another Region is about are requests too; only their service or Region differs.
"""

from collections.abc import Sequence
from typing import Any, assert_never

from msgspec import UNSET, UnsetType

from dynasmith.aws.control.request_items import change_item, delete_item, put_item
from dynasmith.aws.control.request_parts import (
    arn_there,
    beyond_the_start,
    definitions,
    if_set,
    index_of,
    index_updates,
    key_schema,
    local_index_of,
    new_maximum,
    starting_capacity,
    tags_of,
)
from dynasmith.aws.control.request_scaling import scaling_request
from dynasmith.aws.settings import DESCRIBED, service_setting_of
from dynasmith.aws.settings.point_in_time_recovery import recovery_request
from dynasmith.aws.settings.request import ServiceRequest, update_table
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
    CallOnDemandMaximum,
    CallPutItem,
    CallRegisterScaling,
    CallScalingPolicy,
    CallTag,
    CallUntag,
    CallUpdateReplica,
    CallWarm,
)
from dynasmith.tables.settings.base import SettingCall
from dynasmith.tables.table import (
    Billing,
    Recovery,
    Replica,
    Table,
    known,
)


def request_of(table: str, arn: str, step: Call, key: Sequence[str] = ()) -> ServiceRequest:
    """The request that a step is. ``arn`` is the table's, which tags and policies are addressed by; ``key`` are the
    names of the attributes of its key, which a change of an item is addressed by."""
    match step:
        case CallCreateTable():
            return ServiceRequest(operation="CreateTable", parameters=create_table(step.table))
        case CallTag():
            there, region = arn_there(arn, step.region)
            tagged = {"ResourceArn": there, "Tags": tags_of(step.tags)}
            return ServiceRequest(operation="TagResource", parameters=tagged, region=region)
        case CallUntag():
            there, region = arn_there(arn, step.region)
            untagged = {"ResourceArn": there, "TagKeys": list(step.keys)}
            return ServiceRequest(operation="UntagResource", parameters=untagged, region=region)
        case CallRegisterScaling() | CallScalingPolicy() | CallDeregisterScaling():
            return scaling_request(table, step)
        case CallUpdateReplica():
            return _update_replica(table, step)
        case CallPutItem(before=None):
            return ServiceRequest(operation="PutItem", parameters=put_item(table, step.item))
        case CallPutItem():
            return ServiceRequest(operation="UpdateItem", parameters=change_item(table, step, key))
        case CallDeleteItem():
            return ServiceRequest(operation="DeleteItem", parameters=delete_item(table, step))
        case SettingCall():
            return service_setting_of(step).request(table, arn, step)
        case _:
            return update_table(table, _update(step))


_Update = (
    CallBilling
    | CallCapacity
    | CallOnDemandMaximum
    | CallWarm
    | CallCreateIndex
    | CallDeleteIndex
    | CallCreateReplica
    | CallDeleteReplica
)


def _update(step: _Update) -> dict[str, Any]:
    """What UpdateTable is told besides the table's name."""
    match step:
        case CallBilling():
            told: dict[str, Any] = {
                "BillingMode": step.billing.value,
                **if_set("ProvisionedThroughput", step.capacity),
            }
            return {**told, **index_updates("ProvisionedThroughput", step.index_capacities)}
        case CallCapacity():
            return {
                **if_set("ProvisionedThroughput", step.table),
                **index_updates("ProvisionedThroughput", step.indexes),
            }
        case CallOnDemandMaximum():
            return {**if_set("OnDemandThroughput", step.table), **index_updates("OnDemandThroughput", step.indexes)}
        case CallWarm():
            return {**if_set("WarmThroughput", step.table), **index_updates("WarmThroughput", step.indexes)}
        case CallCreateIndex():
            return {
                "AttributeDefinitions": definitions(step.attributes),
                "GlobalSecondaryIndexUpdates": [{"Create": index_of(step.index)}],
            }
        case CallDeleteIndex():
            return {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": step.name}}]}
        case CallCreateReplica():
            return _create_replica(step)
        case CallDeleteReplica():
            return _delete_replica(step)
        case _:
            assert_never(step)


def create_table(table: Table) -> dict[str, Any]:
    """What CreateTable is told. A default of the service is left out, so that an older engine takes it too."""
    provisioned = table.billing is Billing.PROVISIONED
    told: dict[str, Any] = {
        "TableName": table.name,
        "AttributeDefinitions": definitions(table.key_attributes()),
        "KeySchema": key_schema(table.key),
        "BillingMode": Billing.PROVISIONED.value if provisioned else Billing.ON_DEMAND.value,
    }
    capacity = starting_capacity(table.capacity, table.autoscaling) if provisioned else UNSET
    told |= if_set("ProvisionedThroughput", capacity)
    told |= new_maximum(table.on_demand_maximum)
    told |= if_set("WarmThroughput", beyond_the_start(table.warm, capacity))
    if not isinstance(table.indexes, UnsetType) and table.indexes:
        told["GlobalSecondaryIndexes"] = [index_of(index) for index in table.indexes]
    if not isinstance(table.local_indexes, UnsetType) and table.local_indexes:
        told["LocalSecondaryIndexes"] = [local_index_of(index) for index in table.local_indexes]
    for each in DESCRIBED:
        told |= each.create(table)
    if not isinstance(table.tags, UnsetType) and table.tags:
        told["Tags"] = tags_of(table.tags)
    return told


def _create_replica(step: CallCreateReplica) -> dict[str, Any]:
    told: dict[str, Any] = {"ReplicaUpdates": [{"Create": _replica(replica)} for replica in step.replicas]}
    if not isinstance(step.consistency, UnsetType):
        told["MultiRegionConsistency"] = step.consistency.value
    if not isinstance(step.witness_region, UnsetType):
        told["GlobalTableWitnessUpdates"] = [{"Create": {"RegionName": step.witness_region}}]
    return told


def _delete_replica(step: CallDeleteReplica) -> dict[str, Any]:
    regions = (step.region, *known(step.others, ()))
    told: dict[str, Any] = {"ReplicaUpdates": [{"Delete": {"RegionName": region}} for region in regions]}
    if not isinstance(step.witness_region, UnsetType):
        told["GlobalTableWitnessUpdates"] = [{"Delete": {"RegionName": step.witness_region}}]
    return told


def _replica(replica: Replica) -> dict[str, Any]:
    told: dict[str, Any] = {"RegionName": replica.region}
    if not isinstance(replica.key, UnsetType):
        told["KMSMasterKeyId"] = replica.key
    if not isinstance(replica.table_class, UnsetType):
        told["TableClassOverride"] = replica.table_class.value
    return told


def _update_replica(table: str, step: CallUpdateReplica) -> ServiceRequest:
    if not isinstance(step.recovery, UnsetType):
        recovery = Recovery() if step.recovery else None
        return recovery_request(table, recovery, step.region)
    if not isinstance(step.deletion_protection, UnsetType):
        return update_table(table, {"DeletionProtectionEnabled": step.deletion_protection}, step.region)
    update: dict[str, Any] = {"RegionName": step.region}
    if not isinstance(step.table_class, UnsetType):
        update["TableClassOverride"] = step.table_class.value
    return update_table(table, {"ReplicaUpdates": [{"Update": update}]})
