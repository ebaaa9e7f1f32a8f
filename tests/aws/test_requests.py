"""Each step is the request that the service's own model takes, and nothing else."""

from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore.model import ServiceModel
from botocore.validate import ParamValidator
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from dynasmith.aws.control.actions import WRITES
from dynasmith.aws.control.requests import create_table, request_of
from dynasmith.aws.settings.request import ServiceRequest
from dynasmith.plans.arrange import creatable
from dynasmith.plans.step import (
    Call,
    CallBilling,
    CallCapacity,
    CallCreateIndex,
    CallCreateReplica,
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
from dynasmith.tables.scaling_names import policy_name
from dynasmith.tables.settings.access import CallGrant, CallRevoke
from dynasmith.tables.settings.alarms import CallDeleteAlarm, CallPutAlarm
from dynasmith.tables.settings.backup_plan import (
    CallBackupDeselection,
    CallBackupRole,
    CallBackupRolePolicy,
    CallBackupRules,
    CallBackupSelection,
    CallBackupVault,
)
from dynasmith.tables.settings.contributor_insights import CallInsights
from dynasmith.tables.settings.deletion_protection import CallProtection
from dynasmith.tables.settings.encryption import CallEncryption
from dynasmith.tables.settings.kinesis_destination import CallKinesis, CallKinesisPrecision
from dynasmith.tables.settings.point_in_time_recovery import CallRecovery
from dynasmith.tables.settings.resource_policy import CallPolicy
from dynasmith.tables.settings.stream import CallStream
from dynasmith.tables.settings.table_class import CallTableClass
from dynasmith.tables.settings.time_to_live import CallTimeToLive
from dynasmith.tables.settings.triggers import CallPutTrigger, CallRemoveTrigger
from dynasmith.tables.table import (
    Access,
    Alarm,
    AlarmKind,
    BackupPlan,
    BackupRule,
    Billing,
    Capacity,
    Consistency,
    Encryption,
    EncryptionKind,
    Index,
    InsightsMode,
    Key,
    KeyAttribute,
    KinesisPrecision,
    OnDemandMaximum,
    Projection,
    ProjectionKind,
    Recovery,
    Replica,
    Scaling,
    StreamView,
    Table,
    TableClass,
    Trigger,
    Warm,
)
from strategies import tables

ARN = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders"
BACKUPS = BackupPlan(
    rules=(BackupRule(name="daily", schedule="cron(0 2 * * ? *)", keep_days=3, start_window_minutes=60),)
)
ID = KeyAttribute(name="id", type="S")
STATUS = KeyAttribute(name="status", type="S")
BY_STATUS = Index(
    name="by_status",
    key=Key(partition=(STATUS,), sort=(ID,)),
    projection=Projection(kind=ProjectionKind.INCLUDE, attributes=("total",)),
)
ITEM = {"id": {"S": "1"}, "total": {"N": "2"}}

CALLS: list[tuple[Call, str, dict[str, Any]]] = [
    (
        CallBilling(
            billing=Billing.PROVISIONED,
            capacity=Capacity(read=1, write=2),
            index_capacities={"by_at": Capacity(read=3, write=4)},
        ),
        "UpdateTable",
        {
            "TableName": "orders",
            "BillingMode": "PROVISIONED",
            "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 2},
            "GlobalSecondaryIndexUpdates": [
                {
                    "Update": {
                        "IndexName": "by_at",
                        "ProvisionedThroughput": {"ReadCapacityUnits": 3, "WriteCapacityUnits": 4},
                    }
                }
            ],
        },
    ),
    (
        CallBilling(billing=Billing.ON_DEMAND),
        "UpdateTable",
        {"TableName": "orders", "BillingMode": "PAY_PER_REQUEST"},
    ),
    (
        CallCapacity(indexes={"by_at": Capacity(read=3, write=4)}),
        "UpdateTable",
        {
            "TableName": "orders",
            "GlobalSecondaryIndexUpdates": [
                {
                    "Update": {
                        "IndexName": "by_at",
                        "ProvisionedThroughput": {"ReadCapacityUnits": 3, "WriteCapacityUnits": 4},
                    }
                }
            ],
        },
    ),
    (
        CallOnDemandMaximum(table=OnDemandMaximum(read=5, write=None)),
        "UpdateTable",
        {"TableName": "orders", "OnDemandThroughput": {"MaxReadRequestUnits": 5, "MaxWriteRequestUnits": -1}},
    ),
    (
        CallWarm(table=Warm(read=13_000)),
        "UpdateTable",
        {"TableName": "orders", "WarmThroughput": {"ReadUnitsPerSecond": 13_000}},
    ),
    (
        CallCreateIndex(index=BY_STATUS, attributes=(ID, STATUS)),
        "UpdateTable",
        {
            "TableName": "orders",
            "AttributeDefinitions": [
                {"AttributeName": "id", "AttributeType": "S"},
                {"AttributeName": "status", "AttributeType": "S"},
            ],
            "GlobalSecondaryIndexUpdates": [
                {
                    "Create": {
                        "IndexName": "by_status",
                        "KeySchema": [
                            {"AttributeName": "status", "KeyType": "HASH"},
                            {"AttributeName": "id", "KeyType": "RANGE"},
                        ],
                        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["total"]},
                    }
                }
            ],
        },
    ),
    (
        CallDeleteIndex(name="by_status"),
        "UpdateTable",
        {"TableName": "orders", "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by_status"}}]},
    ),
    (
        CallStream(view=StreamView.NEW_IMAGE),
        "UpdateTable",
        {"TableName": "orders", "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}},
    ),
    (CallStream(view=None), "UpdateTable", {"TableName": "orders", "StreamSpecification": {"StreamEnabled": False}}),
    (
        CallEncryption(encryption=Encryption(kind=EncryptionKind.AWS_OWNED)),
        "UpdateTable",
        {"TableName": "orders", "SSESpecification": {"Enabled": False}},
    ),
    (
        CallEncryption(encryption=Encryption(kind=EncryptionKind.CUSTOMER, key="alias/mine")),
        "UpdateTable",
        {
            "TableName": "orders",
            "SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": "alias/mine"},
        },
    ),
    (
        CallTableClass(table_class=TableClass.INFREQUENT_ACCESS),
        "UpdateTable",
        {"TableName": "orders", "TableClass": "STANDARD_INFREQUENT_ACCESS"},
    ),
    (CallProtection(enabled=False), "UpdateTable", {"TableName": "orders", "DeletionProtectionEnabled": False}),
    (
        CallTimeToLive(attribute="expires_at", enabled=False),
        "UpdateTimeToLive",
        {"TableName": "orders", "TimeToLiveSpecification": {"Enabled": False, "AttributeName": "expires_at"}},
    ),
    (
        CallRecovery(recovery=Recovery(days=7)),
        "UpdateContinuousBackups",
        {
            "TableName": "orders",
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 7},
        },
    ),
    (
        CallRecovery(recovery=None),
        "UpdateContinuousBackups",
        {"TableName": "orders", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": False}},
    ),
    (CallTag(tags={"a": "b"}), "TagResource", {"ResourceArn": ARN, "Tags": [{"Key": "a", "Value": "b"}]}),
    (CallUntag(keys=("a",)), "UntagResource", {"ResourceArn": ARN, "TagKeys": ["a"]}),
    (CallPolicy(policy="{}"), "PutResourcePolicy", {"ResourceArn": ARN, "Policy": "{}"}),
    (CallPolicy(policy=None), "DeleteResourcePolicy", {"ResourceArn": ARN}),
    (
        CallGrant(entry=Access(role="app", allow=("stream",))),
        "PutRolePolicy",
        {
            "RoleName": "app",
            "PolicyName": "dynasmith-orders",
            "PolicyDocument": '{"Version":"2012-10-17","Statement":[{"Sid":"StreamRoleEuwest1app","Effect":"Allow",'
            '"Action":["dynamodb:DescribeStream","dynamodb:GetRecords","dynamodb:GetShardIterator"],"Resource":'
            f'"{ARN}/stream/*"}},{{"Sid":"ListStreamsRoleEuwest1app","Effect":"Allow","Action":'
            '["dynamodb:ListStreams"],"Resource":"*"}]}',
        },
    ),
    (
        CallRevoke(entry=Access(function="api", held_by="api-role")),
        "DeleteRolePolicy",
        {"RoleName": "api-role", "PolicyName": "dynasmith-orders"},
    ),
    (CallBackupVault(plan=BACKUPS), "CreateBackupVault", {"BackupVaultName": "orders-backup-vault"}),
    (
        CallBackupRole(role="backups"),
        "CreateRole",
        {
            "RoleName": "backups",
            "AssumeRolePolicyDocument": '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": '
            '{"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}]}',
        },
    ),
    (
        CallBackupRolePolicy(role="backups", policy="service-role/X"),
        "AttachRolePolicy",
        {"RoleName": "backups", "PolicyArn": "arn:aws:iam::aws:policy/service-role/X"},
    ),
    (
        CallBackupRules(plan=BACKUPS),
        "CreateBackupPlan",
        {
            "BackupPlan": {
                "BackupPlanName": "dynasmith-orders",
                "Rules": [
                    {
                        "RuleName": "daily",
                        "TargetBackupVaultName": "orders-backup-vault",
                        "ScheduleExpression": "cron(0 2 * * ? *)",
                        "Lifecycle": {"DeleteAfterDays": 3},
                        "StartWindowMinutes": 60,
                    }
                ],
            }
        },
    ),
    (
        CallBackupSelection(plan=BACKUPS),
        "CreateBackupSelection",
        {
            "BackupPlanId": "",
            "BackupSelection": {
                "SelectionName": "dynasmith-orders",
                "IamRoleArn": "arn:aws:iam::111122223333:role/dynasmith-backup",
                "Resources": [ARN],
            },
        },
    ),
    (CallBackupDeselection(), "DeleteBackupSelection", {"BackupPlanId": "", "SelectionId": ""}),
    (
        CallPutAlarm(
            alarm=Alarm(kind=AlarmKind.REPLICATION_LAG, threshold=9e4, minutes=5, of_minutes=15, only=("eu-west-1",))
        ),
        "PutMetricAlarm",
        {
            "AlarmName": "orders-replication_lag-eu-west-1",
            "Namespace": "AWS/DynamoDB",
            "MetricName": "ReplicationLatency",
            "Dimensions": [
                {"Name": "TableName", "Value": "orders"},
                {"Name": "ReceivingRegion", "Value": "eu-west-1"},
            ],
            "Statistic": "Average",
            "Period": 300,
            "EvaluationPeriods": 3,
            "DatapointsToAlarm": 1,
            "Threshold": 9e4,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            "AlarmActions": [],
        },
    ),
    (
        CallDeleteAlarm(alarm=Alarm(kind=AlarmKind.WRITE_THROTTLED, index="i", threshold=0, minutes=5, of_minutes=5)),
        "DeleteAlarms",
        {"AlarmNames": ["orders-write_throttled-i"]},
    ),
    (
        CallPutTrigger(
            trigger=Trigger(function="ship:live", maximum_retry_attempts=3, filters=(), on_failure_destination=None)
        ),
        "CreateEventSourceMapping",
        {
            "EventSourceArn": f"{ARN}/stream/",
            "FunctionName": "arn:aws:lambda:eu-west-1:111122223333:function:ship:live",
            "StartingPosition": "LATEST",
            "Enabled": True,
            "MaximumRetryAttempts": 3,
            "FilterCriteria": {"Filters": []},
            "DestinationConfig": {"OnFailure": {"Destination": ""}},
        },
    ),
    (
        CallRemoveTrigger(function="ship"),
        "DeleteEventSourceMapping",
        {"UUID": "00000000-0000-0000-0000-000000000000"},
    ),
    (
        CallInsights(enabled=True),
        "UpdateContributorInsights",
        {"TableName": "orders", "ContributorInsightsAction": "ENABLE"},
    ),
    (
        CallKinesis(stream="arn:aws:kinesis:eu-west-1:111122223333:stream/s", enabled=False),
        "DisableKinesisStreamingDestination",
        {"TableName": "orders", "StreamArn": "arn:aws:kinesis:eu-west-1:111122223333:stream/s"},
    ),
    (
        CallKinesis(
            stream="arn:aws:kinesis:eu-west-1:111122223333:stream/s",
            enabled=True,
            precision=KinesisPrecision.MICROSECOND,
        ),
        "EnableKinesisStreamingDestination",
        {
            "TableName": "orders",
            "StreamArn": "arn:aws:kinesis:eu-west-1:111122223333:stream/s",
            "EnableKinesisStreamingConfiguration": {"ApproximateCreationDateTimePrecision": "MICROSECOND"},
        },
    ),
    (
        CallKinesisPrecision(
            stream="arn:aws:kinesis:eu-west-1:111122223333:stream/s", precision=KinesisPrecision.MILLISECOND
        ),
        "UpdateKinesisStreamingDestination",
        {
            "TableName": "orders",
            "StreamArn": "arn:aws:kinesis:eu-west-1:111122223333:stream/s",
            "UpdateKinesisStreamingConfiguration": {"ApproximateCreationDateTimePrecision": "MILLISECOND"},
        },
    ),
    (
        CallInsights(enabled=True, mode=InsightsMode.THROTTLED_KEYS, index="by_a"),
        "UpdateContributorInsights",
        {
            "TableName": "orders",
            "IndexName": "by_a",
            "ContributorInsightsAction": "ENABLE",
            "ContributorInsightsMode": "THROTTLED_KEYS",
        },
    ),
    (
        CallRegisterScaling(dimension="read", scaling=Scaling(min=1, max=9)),
        "RegisterScalableTarget",
        {
            "ServiceNamespace": "dynamodb",
            "ResourceId": "table/orders",
            "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
            "MinCapacity": 1,
            "MaxCapacity": 9,
        },
    ),
    (
        CallScalingPolicy(
            dimension="write", scaling=Scaling(min=1, max=9, scale_in_cooldown_seconds=60), index="by_status"
        ),
        "PutScalingPolicy",
        {
            "ServiceNamespace": "dynamodb",
            "ResourceId": "table/orders/index/by_status",
            "ScalableDimension": "dynamodb:index:WriteCapacityUnits",
            "PolicyName": "DynamoDBWriteCapacityUtilization:table/orders/index/by_status",
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": {
                "TargetValue": 70.0,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBWriteCapacityUtilization"},
                "ScaleInCooldown": 60,
            },
        },
    ),
    (
        CallDeregisterScaling(dimension="read"),
        "DeregisterScalableTarget",
        {
            "ServiceNamespace": "dynamodb",
            "ResourceId": "table/orders",
            "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
        },
    ),
    (
        CallCreateReplica(
            replicas=(Replica(region="eu-central-1", key="k", table_class=TableClass.STANDARD),),
            consistency=Consistency.STRONG,
            witness_region="eu-west-2",
        ),
        "UpdateTable",
        {
            "TableName": "orders",
            "ReplicaUpdates": [
                {"Create": {"RegionName": "eu-central-1", "KMSMasterKeyId": "k", "TableClassOverride": "STANDARD"}}
            ],
            "MultiRegionConsistency": "STRONG",
            "GlobalTableWitnessUpdates": [{"Create": {"RegionName": "eu-west-2"}}],
        },
    ),
    (
        CallUpdateReplica(region="eu-central-1", table_class=TableClass.STANDARD),
        "UpdateTable",
        {
            "TableName": "orders",
            "ReplicaUpdates": [{"Update": {"RegionName": "eu-central-1", "TableClassOverride": "STANDARD"}}],
        },
    ),
    (
        CallUpdateReplica(region="eu-central-1", recovery=True),
        "UpdateContinuousBackups",
        {"TableName": "orders", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}},
    ),
    (
        CallUpdateReplica(region="eu-central-1", deletion_protection=True),
        "UpdateTable",
        {"TableName": "orders", "DeletionProtectionEnabled": True},
    ),
    (
        CallDeleteReplica(region="eu-central-1"),
        "UpdateTable",
        {"TableName": "orders", "ReplicaUpdates": [{"Delete": {"RegionName": "eu-central-1"}}]},
    ),
    (
        CallPutItem(item=ITEM, before=None),
        "PutItem",
        {
            "TableName": "orders",
            "Item": ITEM,
            "ConditionExpression": "attribute_not_exists(#a0) AND attribute_not_exists(#a1)",
            "ExpressionAttributeNames": {"#a0": "id", "#a1": "total"},
        },
    ),
    (
        CallDeleteItem(key={"id": {"S": "1"}}, before=ITEM),
        "DeleteItem",
        {
            "TableName": "orders",
            "Key": {"id": {"S": "1"}},
            "ConditionExpression": "#a0 = :a0 AND #a1 = :a1",
            "ExpressionAttributeNames": {"#a0": "id", "#a1": "total"},
            "ExpressionAttributeValues": {":a0": {"S": "1"}, ":a1": {"N": "2"}},
            "ReturnValues": "ALL_OLD",
        },
    ),
]


def test_a_change_of_an_item_leaves_other_attributes_alone() -> None:
    step = CallPutItem(item={"id": {"S": "1"}, "new": {"N": "3"}}, before=ITEM)
    request = request_of("orders", ARN, step, ("id",))
    assert request.operation == "UpdateItem"
    assert request.parameters == {
        "TableName": "orders",
        "Key": {"id": {"S": "1"}},
        "ConditionExpression": "#a0 = :a0 AND #a1 = :a1",
        "ExpressionAttributeNames": {"#a0": "id", "#a1": "total", "#b0": "new"},
        "ExpressionAttributeValues": {":a0": {"S": "1"}, ":a1": {"N": "2"}, ":b0": {"N": "3"}},
        "UpdateExpression": "SET #b0 = :b0 REMOVE #a1",
        "ReturnValues": "ALL_NEW",
    }


@cache
def model_of(service: str) -> ServiceModel:
    """A service's model, read by the first test that needs it."""
    return botocore.session.get_session().get_service_model(service)


def refused_by_the_model(request: ServiceRequest) -> str:
    """What botocore's service model says against a request, or nothing."""
    model = model_of(request.service).operation_model(request.operation)
    assert model.input_shape is not None
    return str(ParamValidator().validate(request.parameters, model.input_shape).generate_report())


@pytest.mark.parametrize(("call", "operation", "parameters"), CALLS, ids=[type(call).__name__ for call, _, _ in CALLS])
def test_a_call_is_this_request(call: Call, operation: str, parameters: dict[str, Any]) -> None:
    request = request_of("orders", ARN, call)
    assert (request.operation, request.parameters) == (operation, parameters)
    assert refused_by_the_model(request) == ""
    own_setting = isinstance(call, CallUpdateReplica) and call.table_class is UNSET
    assert request.region == ("eu-central-1" if own_setting else "")


def test_every_kind_of_call_has_its_request_here() -> None:
    import typing

    from dynasmith.plans.step import CallCreateTable

    tested = {type(call) for call, _, _ in CALLS} | {CallCreateTable}
    assert tested == set(typing.get_args(Call))


def test_every_operation_that_a_step_sends_is_among_the_actions() -> None:
    requests = [request_of("orders", ARN, call) for call, _, _ in CALLS]
    assert {f"{request.service}:{request.operation}" for request in requests} <= set(WRITES)


@given(tables())
@settings(max_examples=60, deadline=None)
def test_every_legal_table_makes_a_request_that_the_model_takes(table: Table) -> None:
    request = ServiceRequest(operation="CreateTable", parameters=create_table(creatable(table)))
    assert refused_by_the_model(request) == ""
    keys = [request.parameters["KeySchema"]]
    keys += [index["KeySchema"] for index in request.parameters.get("GlobalSecondaryIndexes", [])]
    keys += [index["KeySchema"] for index in request.parameters.get("LocalSecondaryIndexes", [])]
    used = {part["AttributeName"] for key in keys for part in key}
    defined = [definition["AttributeName"] for definition in request.parameters["AttributeDefinitions"]]
    assert sorted(defined) == sorted(used)


@given(st.text("abc-_.", min_size=3, max_size=255), st.text("abc-_.", min_size=3, max_size=255))
def test_policy_names_fit_and_stay_distinct(table: str, index: str) -> None:
    name = policy_name(table, "read", index)
    assert len(name) <= 256
    assert name != policy_name(table, "read", index + "x")
    assert name != policy_name(table, "write", index)
