"""Metrics stand-in: what the endpoint measures is in the engine's CloudWatch, under the dimensions of the service."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from botocore.exceptions import ClientError

from dynasmith.strict import StrictServer
from strict_tables import defined, index, ready, refused

Read = Callable[..., dict[str, float]]
ITEM = {"pk": {"S": "1"}, "a": {"S": "x"}}


@pytest.fixture
def cloudwatch(server: StrictServer, client_of: Callable[..., Any]) -> Any:
    return client_of(server.endpoint, "cloudwatch")


@pytest.fixture
def total(server: StrictServer, cloudwatch: Any) -> Callable[..., float]:
    """The sum (or another statistic) of a metric over the hours around now."""

    def read(name: str, statistic: str = "Sum", **dimensions: str) -> float:
        now = server.clock.now()
        found = cloudwatch.get_metric_statistics(
            Namespace="AWS/DynamoDB",
            MetricName=name,
            Dimensions=[{"Name": one, "Value": value} for one, value in dimensions.items()],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(hours=1),
            Period=3600,
            Statistics=[statistic],
        )
        return float(sum(point[statistic] for point in found["Datapoints"]))

    return read


def still(server: StrictServer) -> None:
    """Let capacity flow on the moved clock only."""
    server.clock.flow = server.clock.monotonic  # type: ignore[method-assign]  # the seam between real and virtual time


INDEXED: dict[str, Any] = {"AttributeDefinitions": defined("pk", "a"), "GlobalSecondaryIndexes": [index("by_a")]}


def write(client: Any, count: int) -> int:
    """How many of so many writes of one item are throttled."""
    throttled = 0
    for _ in range(count):
        try:
            client.put_item(TableName="tab", Item=ITEM)
        except ClientError as error:
            throttled += "hrottlingReasons" in str(error.response)
    return throttled


def test_units_count_on_the_table_and_on_each_index(server: StrictServer, client: Any, total: Any) -> None:
    ready(server, client, **INDEXED)
    assert write(client, 3) == 0
    client.get_item(TableName="tab", Key={"pk": {"S": "1"}}, ConsistentRead=True)
    said = {"KeyConditionExpression": "a = :a", "ExpressionAttributeValues": {":a": {"S": "x"}}}
    client.query(TableName="tab", IndexName="by_a", **said)
    assert total("ConsumedWriteCapacityUnits", TableName="tab") == 3
    assert total("ConsumedWriteCapacityUnits", TableName="tab", GlobalSecondaryIndexName="by_a") == 3
    assert total("ConsumedReadCapacityUnits", TableName="tab") == 1
    assert total("ConsumedReadCapacityUnits", TableName="tab", GlobalSecondaryIndexName="by_a") == 0.5
    assert total("SuccessfulRequestLatency", "SampleCount", TableName="tab", Operation="PutItem") == 3
    assert total("ReturnedItemCount", TableName="tab", Operation="Query") == 1


def test_statements_count_as_the_calls_that_they_stand_for(server: StrictServer, client: Any, total: Any) -> None:
    still(server)
    ready(server, client)
    server.throttle(table="tab", write_units=1)
    statements = [{"Statement": f"INSERT INTO tab VALUE {{'pk': '{one}'}}"} for one in range(3)]
    client.batch_execute_statement(Statements=statements)
    assert total("ConsumedWriteCapacityUnits", TableName="tab") == 1
    assert total("WriteThrottleEvents", TableName="tab") == 2
    assert total("ThrottledRequests", TableName="tab", Operation="BatchExecuteStatement") == 0


def test_a_batch_in_part_raises_events_and_no_throttled_request(server: StrictServer, client: Any, total: Any) -> None:
    still(server)
    ready(server, client)
    server.throttle(write_units=10)
    writes = [{"PutRequest": {"Item": {"pk": {"S": str(one)}}}} for one in range(25)]
    left = client.batch_write_item(RequestItems={"tab": writes})["UnprocessedItems"]
    assert total("WriteThrottleEvents", TableName="tab") == 15
    assert total("ThrottledRequests", TableName="tab", Operation="BatchWriteItem") == 0
    with pytest.raises(ClientError):
        client.batch_write_item(RequestItems=left)
    assert total("ThrottledRequests", TableName="tab", Operation="BatchWriteItem") == 1
    assert total("WriteThrottleEvents", TableName="tab") == 30


UNITS: dict[str, Any] = {
    "BillingMode": "PROVISIONED",
    "ProvisionedThroughput": {"ReadCapacityUnits": 9, "WriteCapacityUnits": 9},
}
CAUSES: tuple[Any, ...] = (
    ({}, {}, "WriteMaxOnDemandThroughputThrottleEvents"),
    (UNITS, {}, "WriteProvisionedThroughputThrottleEvents"),
    ({}, {"cause": "account"}, "WriteAccountLimitThrottleEvents"),
    (UNITS, {"cause": "account"}, "WriteAccountLimitThrottleEvents"),
    ({}, {"key": "1"}, "WriteKeyRangeThroughputThrottleEvents"),
)


@pytest.mark.parametrize(("table", "limit", "metric"), CAUSES, ids=lambda one: str(one)[:30])
def test_each_cause_has_its_metric(
    server: StrictServer, client: Any, total: Any, table: Any, limit: Any, metric: str
) -> None:
    still(server)
    ready(server, client, **table)
    server.throttle(table="tab", write_units=1, **limit)
    assert write(client, 4) == 3
    client.put_item(TableName="tab", Item={"pk": {"S": "2"}}) if "key" in limit else None
    assert total(metric, TableName="tab") == 3
    assert total("WriteThrottleEvents", TableName="tab") == 3
    assert total("ThrottledRequests", TableName="tab", Operation="PutItem") == 3


@pytest.mark.parametrize("limit", [{}, {"key": "x"}], ids=["index", "key of the index"])
def test_the_limit_of_an_index_counts_on_the_index(
    server: StrictServer, client: Any, total: Any, limit: dict[str, Any]
) -> None:
    still(server)
    ready(server, client, **INDEXED)
    server.throttle(table="tab", index="by_a", write_units=1, read_units=1, **limit)
    assert write(client, 3) == 2
    client.put_item(TableName="tab", Item={"pk": {"S": "2"}})
    said = {"KeyConditionExpression": "a = :a", "ExpressionAttributeValues": {":a": {"S": "x"}}}
    client.query(TableName="tab", IndexName="by_a", **said)
    client.query(TableName="tab", IndexName="by_a", **said)
    with pytest.raises(ClientError):
        client.query(TableName="tab", IndexName="by_a", **said)
    cause = "KeyRangeThroughput" if limit else "MaxOnDemandThroughput"
    for side, events in (("Write", 2), ("Read", 1)):
        on_index = {"TableName": "tab", "GlobalSecondaryIndexName": "by_a"}
        assert total(f"{side}ThrottleEvents", **on_index) == events
        assert total(f"{side}{cause}ThrottleEvents", **on_index) == events
        assert total(f"{side}ThrottleEvents", TableName="tab") == 0


def test_a_fault_that_throttles_is_measured(server: StrictServer, client: Any, total: Any) -> None:
    ready(server, client)
    server.fault("PutItem", kind="throttle", times=2)
    assert write(client, 3) == 2
    assert total("WriteProvisionedThroughputThrottleEvents", TableName="tab") == 2
    assert total("ThrottledRequests", TableName="tab", Operation="PutItem") == 2


def test_errors_count_by_their_kind(server: StrictServer, client: Any, total: Any) -> None:
    ready(server, client)
    client.put_item(TableName="tab", Item=ITEM)
    refused(client.put_item, TableName="tab", Item=ITEM, ConditionExpression="attribute_not_exists(pk)")
    refused(client.put_item, TableName="tab", Item={"no": {"S": "key"}})
    server.fault("PutItem", kind="500")
    refused(client.put_item, TableName="tab", Item=ITEM)
    assert total("ConditionalCheckFailedRequests", TableName="tab") == 1
    assert total("SystemErrors", TableName="tab", Operation="PutItem") == 1
    assert total("UserErrors") == 1
    assert total("UserErrors", TableName="tab") == 0


def test_provisioned_units_are_known(server: StrictServer, client: Any, total: Any) -> None:
    ready(server, client, **UNITS)
    client.put_item(TableName="tab", Item=ITEM)
    assert total("ProvisionedWriteCapacityUnits", "Maximum", TableName="tab") == 9


def test_a_query_without_dimensions_is_empty(
    server: StrictServer, client: Any, cloudwatch: Any, total: Any, account: str
) -> None:
    ready(server, client)
    client.put_item(TableName="tab", Item=ITEM)
    assert total("ConsumedWriteCapacityUnits") == 0
    found = data(cloudwatch, server, [query("a"), query("b", "tab")])
    assert [one["Values"] for one in found["MetricDataResults"]] == [[], [1.0]]
    for headers, body in bare_queries(server):
        assert raw(server, account, headers, body).count("<member>") == 0


def test_minutes_that_are_over_are_in_the_engine(
    server: StrictServer, client: Any, client_of: Any, ministack_endpoint: str
) -> None:
    engine = client_of(ministack_endpoint, "cloudwatch")
    ready(server, client)
    client.put_item(TableName="tab", Item=ITEM)
    assert engine.list_metrics(Namespace="AWS/DynamoDB")["Metrics"] == []
    server.clock.advance(minutes=1)
    client.put_item(TableName="tab", Item=ITEM)
    names = {one["MetricName"] for one in engine.list_metrics(Namespace="AWS/DynamoDB")["Metrics"]}
    assert "ConsumedWriteCapacityUnits" in names


def query(identity: str, table: str = "", **more: Any) -> dict[str, Any]:
    dimensions = [{"Name": "TableName", "Value": table}] if table else []
    metric = {"Namespace": "AWS/DynamoDB", "MetricName": "ConsumedWriteCapacityUnits", "Dimensions": dimensions}
    return {"Id": identity, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum", **more}}


def data(cloudwatch: Any, server: StrictServer, queries: list[dict[str, Any]], **more: Any) -> Any:
    now = server.clock.now()
    window = {"StartTime": now - timedelta(hours=1), "EndTime": now + timedelta(hours=1)}
    return cloudwatch.get_metric_data(MetricDataQueries=queries, **{**window, **more})


def bare_queries(server: StrictServer) -> list[tuple[dict[str, str], str]]:
    """The same question without dimensions, in the two protocols that boto3 does not use."""
    now = server.clock.time()
    said: dict[str, Any] = {"Namespace": "AWS/DynamoDB", "MetricName": "ConsumedWriteCapacityUnits", "Period": 60}
    body = json.dumps({**said, "StartTime": now - 3600, "EndTime": now + 3600, "Statistics": ["Sum"]})
    times = [datetime.fromtimestamp(now + one, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for one in (-3600, 3600)]
    form = {"Action": "GetMetricStatistics", "Version": "2010-08-01", **said, "Statistics.member.1": "Sum"}
    target = "GraniteServiceVersion20100801.GetMetricStatistics"
    return [
        ({"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.0"}, body),
        (
            {"Content-Type": "application/x-www-form-urlencoded"},
            urlencode({**form, "StartTime": times[0], "EndTime": times[1]}),
        ),
    ]


def raw(server: StrictServer, account: str, headers: dict[str, str], body: str) -> str:
    """What CloudWatch answers, as text; each data point of JSON as a member of XML."""
    scope = f"Credential={account}/20260101/us-east-1/monitoring/aws4_request"
    signed = {"Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0", **headers}
    request = Request(server.endpoint, body.encode(), signed)  # the endpoint of this test
    with urlopen(request) as reply:  # the same
        assert reply.status == 200
        return str(reply.read().decode()).replace('"Timestamp"', "<member>")


def test_what_the_service_refuses_is_refused(server: StrictServer, cloudwatch: Any) -> None:
    now = server.clock.now()
    many = [query(f"q{one}", "tab") for one in range(501)]
    for queries, more in (
        (many, {}),
        ([query("a", "tab", Period=90)], {}),
        ([query("a", "tab")], {"EndTime": now - timedelta(hours=2)}),
        ([query("a", "tab"), query("a", "tab")], {}),
        ([query("A", "tab")], {}),
    ):
        code, _ = refused(data, cloudwatch=cloudwatch, server=server, queries=queries, **more)
        assert code == "ValidationError"
    own = [{"MetricName": "Mine", "Value": 1.0}]
    assert refused(cloudwatch.put_metric_data, Namespace="AWS/DynamoDB", MetricData=own)[0] == "InvalidParameterValue"
    cloudwatch.put_metric_data(Namespace="Mine", MetricData=own)


def test_pages_are_as_long_as_the_service_s(server: StrictServer, client: Any, cloudwatch: Any) -> None:
    ready(server, client)
    for _ in range(4):
        client.put_item(TableName="tab", Item=ITEM)
        server.clock.advance(minutes=1)
    queries = [query(f"q{one}", "tab") for one in range(3)]
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=queries,
        StartTime=server.clock.now() - timedelta(hours=1),
        EndTime=server.clock.now(),
        MaxDatapoints=9,
    )
    found = [[len(one["Values"]) for one in page["MetricDataResults"]] for page in pages]
    assert found == [[4, 4], [4]]


def test_a_wiped_endpoint_leaves_no_sums(server: StrictServer, client: Any, total: Any) -> None:
    still(server)
    ready(server, client)
    server.throttle(write_units=1)
    assert write(client, 4) == 3
    assert total("WriteThrottleEvents", TableName="tab") == 3
    server.wipe()
    server.calm()
    ready(server, client)
    assert write(client, 2) == 0
    assert total("ConsumedWriteCapacityUnits", TableName="tab") == 2
    for name in ("WriteThrottleEvents", "WriteMaxOnDemandThroughputThrottleEvents"):
        assert total(name, TableName="tab") == 0
