"""What the engine behind the endpoint does not offer is refused with 400, and tags of scaling targets are kept here."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dynasmith.strict import StrictServer
from strict.request_case import CaseClient
from strict_tables import ready, refused


@pytest.fixture
def scaled(ministack_endpoint: str, moto_endpoint: str) -> Iterator[StrictServer]:
    """A strict endpoint whose Application Auto Scaling is moto's."""
    with StrictServer(ministack_endpoint, moto_endpoint) as server:
        yield server


def test_an_operation_that_fails_in_the_engine_is_not_offered(moto_endpoint: str) -> None:
    with StrictServer(moto_endpoint) as server:
        client = CaseClient(server.endpoint, "none-")
        for operation in ("DescribeGlobalTableSettings", "ListImports", "NoSuchOperation"):
            status, value = client.send(operation, {"GlobalTableName": "none", "TableName": "none"})
            assert status == 400
            assert value["__type"] == "com.amazon.coral.service#UnknownOperationException"
        client.close()


def test_an_autoscaling_call_that_moto_lacks_is_not_offered(
    scaled: StrictServer, client_of: Callable[..., Any]
) -> None:
    client = client_of(scaled.endpoint, "application-autoscaling")
    code, message = refused(client.describe_scaling_activities, ServiceNamespace="dynamodb")
    assert code == "UnknownOperationException"
    assert message == "The engine behind the strict endpoint does not offer DescribeScalingActivities"


def test_tags_of_a_scaling_target(scaled: StrictServer, client: Any, client_of: Callable[..., Any]) -> None:
    ready(scaled, client_of(scaled.endpoint))
    scaling = client_of(scaled.endpoint, "application-autoscaling")
    arn = scaling.register_scalable_target(
        ServiceNamespace="dynamodb",
        ResourceId="table/tab",
        ScalableDimension="dynamodb:table:ReadCapacityUnits",
        MinCapacity=1,
        MaxCapacity=5,
        Tags={"team": "shop"},
    )["ScalableTargetARN"]
    scaling.tag_resource(ResourceARN=arn, Tags={"stage": "test"})
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"team": "shop", "stage": "test"}
    scaling.untag_resource(ResourceARN=arn, TagKeys=["team", "none"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"stage": "test"}
    many = {f"tag{number}": "" for number in range(50)}
    assert refused(scaling.tag_resource, ResourceARN=arn, Tags=many)[0] == "TooManyTagsException"
    assert refused(scaling.list_tags_for_resource, ResourceARN=f"{arn}x")[0] == "ResourceNotFoundException"


MALFORMED: tuple[Any, ...] = (
    *(None, True, 5, 1.5, "x", "", [], [None], [[]], [{}], ["x"]),
    *({}, {"x": 5}, {"x": {}}, {"S": []}),
)


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("GetItem", ("TableName", "Key", "AttributesToGet", "ProjectionExpression", "ExpressionAttributeNames")),
        ("PutItem", ("Item", "Expected", "ConditionExpression", "ExpressionAttributeValues", "ReturnValues")),
        ("UpdateItem", ("Key", "AttributeUpdates", "UpdateExpression", "ExpressionAttributeNames")),
        ("Query", ("KeyConditions", "QueryFilter", "KeyConditionExpression", "ExclusiveStartKey", "Limit", "Select")),
        ("Scan", ("ScanFilter", "FilterExpression", "Segment", "TotalSegments", "IndexName", "ConditionalOperator")),
        ("BatchGetItem", ("RequestItems",)),
        ("BatchWriteItem", ("RequestItems",)),
        ("TransactWriteItems", ("TransactItems", "ClientRequestToken")),
        ("TransactGetItems", ("TransactItems",)),
        ("ExecuteStatement", ("Statement", "Parameters")),
        ("BatchExecuteStatement", ("Statements",)),
        ("CreateTable", ("KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes", "Tags", "SSESpecification")),
        ("UpdateTable", ("GlobalSecondaryIndexUpdates", "ReplicaUpdates", "ProvisionedThroughput")),
        ("UpdateTimeToLive", ("TimeToLiveSpecification",)),
        ("TagResource", ("ResourceArn", "Tags")),
    ],
)
def test_a_malformed_request_is_never_500(
    server: StrictServer, client: Any, account: str, operation: str, members: tuple[str, ...]
) -> None:
    ready(server, client)
    bare = CaseClient(server.endpoint, "none-", account)
    usual = {"TableName": "tab", "Key": {"pk": {"S": "1"}}, "Item": {"pk": {"S": "1"}}}
    for member in members:
        for wrong in (*MALFORMED, {"tab": 5}, {"tab": []}, {"tab": [5]}, {"tab": {"Keys": 5}}, {"pk": {"Value": 5}}):
            status, value = bare.send(operation, {**usual, member: wrong})
            assert status in {200, 400}, (operation, member, wrong, value)
    bare.close()
