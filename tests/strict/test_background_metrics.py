"""What DynamoDB does by itself is measured: it copies to replicas, builds indexes, and deletes expired items."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from dynasmith.strict import StrictServer
from strict_tables import defined, index, ready, refused

ITEM = {"pk": {"S": "1"}, "a": {"S": "x"}}
STREAM: dict[str, Any] = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}}


def points(server: StrictServer, cloudwatch: Any, name: str, statistic: str, **dimensions: str) -> list[float]:
    """The values of a metric by minute, of the hours around now."""
    now = server.clock.now()
    found = cloudwatch.get_metric_statistics(
        Namespace="AWS/DynamoDB",
        MetricName=name,
        Dimensions=[{"Name": one, "Value": value} for one, value in dimensions.items()],
        StartTime=now - timedelta(hours=2),
        EndTime=now + timedelta(hours=1),
        Period=60,
        Statistics=[statistic],
    )["Datapoints"]
    return [float(point[statistic]) for point in sorted(found, key=lambda one: one["Timestamp"])]


def test_each_write_says_how_late_it_is_in_each_region(
    server: StrictServer, client: Any, client_of: Callable[..., Any]
) -> None:
    cloudwatch = client_of(server.endpoint, "cloudwatch")
    ready(server, client, **STREAM)
    for region in ("eu-west-1", "eu-west-2"):
        client.update_table(TableName="tab", ReplicaUpdates=[{"Create": {"RegionName": region}}])
        server.clock.advance(600)
    client.put_item(TableName="tab", Item=ITEM)
    client.execute_statement(Statement="INSERT INTO tab VALUE {'pk': '2'}")
    client.execute_statement(Statement="SELECT * FROM tab")
    client.get_item(TableName="tab", Key={"pk": {"S": "1"}})
    refused(client.put_item, TableName="tab", Item=ITEM, ConditionExpression="attribute_not_exists(pk)")
    for region in ("eu-west-1", "eu-west-2"):
        dimensions = {"TableName": "tab", "ReceivingRegion": region}
        assert sum(points(server, cloudwatch, "ReplicationLatency", "SampleCount", **dimensions)) == 2
        assert min(points(server, cloudwatch, "ReplicationLatency", "Average", **dimensions)) > 0
    assert points(server, cloudwatch, "ReplicationLatency", "SampleCount", TableName="tab") == []


def test_an_index_says_how_far_it_is_built(server: StrictServer, client: Any, client_of: Callable[..., Any]) -> None:
    cloudwatch = client_of(server.endpoint, "cloudwatch")
    ready(server, client)
    for one in range(3):
        client.put_item(TableName="tab", Item={**ITEM, "pk": {"S": str(one)}})
    client.update_table(
        TableName="tab",
        AttributeDefinitions=defined("pk", "a"),
        GlobalSecondaryIndexUpdates=[{"Create": index("by_a")}],
    )
    for _ in range(6):
        server.clock.advance(60)
        client.describe_table(TableName="tab")
    dimensions = {"TableName": "tab", "GlobalSecondaryIndexName": "by_a"}
    progress = points(server, cloudwatch, "OnlineIndexPercentageProgress", "Maximum", **dimensions)
    assert len(progress) > 2
    assert (progress, progress[-1]) == (sorted(progress), 100.0)
    assert progress[0] < 50
    assert points(server, cloudwatch, "OnlineIndexConsumedWriteCapacity", "Sum", **dimensions) == [3.0]
    assert points(server, cloudwatch, "OnlineIndexThrottleEvents", "Sum", **dimensions) == []


def test_expired_items_are_deleted_in_a_few_days_and_counted(
    server: StrictServer, client: Any, client_of: Callable[..., Any]
) -> None:
    cloudwatch = client_of(server.endpoint, "cloudwatch")
    ready(server, client)
    client.update_time_to_live(
        TableName="tab", TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"}
    )
    server.clock.advance(hours=1)
    soon = server.clock.time() + 3600
    values = {"1": {"N": f"{soon:.0f}"}, "2": {"N": f"{soon + 30 * 86_400:.0f}"}, "3": {"S": "1"}}
    for key, value in values.items():
        client.put_item(TableName="tab", Item={"pk": {"S": key}, "expires_at": value})
    client.put_item(TableName="tab", Item={"pk": {"S": "4"}})
    server.clock.advance(days=1)
    assert client.scan(TableName="tab")["Count"] == 4
    server.clock.advance(days=2)
    assert {item["pk"]["S"] for item in client.scan(TableName="tab")["Items"]} == {"2", "3", "4"}
    assert points(server, cloudwatch, "TimeToLiveDeletedItemCount", "Sum", TableName="tab") == [1.0]
    server.clock.advance(days=1)
    assert client.scan(TableName="tab")["Count"] == 3
