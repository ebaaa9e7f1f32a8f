"""Throttling: whole calls, parts of batches, short pages, indexes that throttle their table, hot partitions."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from dynasmith.strict import StrictServer
from strict_tables import defined, index, ready, refused

KB = "x" * 900


def _writes(count: int, prefix: str = "", **more: Any) -> list[dict[str, Any]]:
    return [{"PutRequest": {"Item": {"pk": {"S": f"{prefix}{n}"}, "v": {"S": KB}, **more}}} for n in range(count)]


def _load(client: Any, count: int, **more: Any) -> None:
    for first in range(0, count, 25):
        client.batch_write_item(RequestItems={"tab": _writes(25, f"{first}-", **more)})


def _still(server: StrictServer) -> None:
    """Let capacity flow on the moved clock only, so that the test does not depend on how fast it runs."""
    moved = server.clock.monotonic
    server.clock.flow = moved  # type: ignore[method-assign]  # the one seam between real and virtual time


def test_a_batch_over_the_limit_is_written_in_part(server: StrictServer, client: Any) -> None:
    _still(server)
    ready(server, client)
    server.throttle(write_units=10)
    answer = client.batch_write_item(RequestItems={"tab": _writes(25)})
    assert len(answer["UnprocessedItems"]["tab"]) == 15
    with pytest.raises(ClientError) as met:
        client.batch_write_item(RequestItems=answer["UnprocessedItems"])
    assert met.value.response["Error"]["Code"] == "ThrottlingException"
    reasons = met.value.response["throttlingReasons"]  # type: ignore[typeddict-item]  # a member of the error
    assert reasons[0]["reason"] == "TableWriteMaxOnDemandThroughputExceeded"
    assert reasons[0]["resource"].endswith(":table/tab")
    server.clock.advance(1)
    left = client.batch_write_item(RequestItems=answer["UnprocessedItems"])["UnprocessedItems"]
    assert len(left["tab"]) == 5
    calls = server.journal.of("BatchWriteItem")
    assert [(call.items, call.units) for call in calls] == [(10, 10.0), (0, None), (10, 10.0)]
    assert client.scan(TableName="tab", Select="COUNT")["Count"] == 20


def test_a_provisioned_table_throttles_after_its_burst(server: StrictServer, client: Any) -> None:
    _still(server)
    units = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 2}
    ready(server, client, BillingMode="PROVISIONED", ProvisionedThroughput=units)
    server._world.capacity.enforced = True
    put = {"TableName": "tab", "Item": {"pk": {"S": "1"}}}
    client.put_item(**put)
    client.put_item(**put)
    with pytest.raises(ClientError) as met:
        client.put_item(**put)
    error: Any = met.value.response
    assert error["Error"]["Code"] == "ProvisionedThroughputExceededException"
    assert error["ThrottlingReasons"][0]["reason"] == "TableWriteProvisionedThroughputExceeded"
    server.clock.advance(minutes=10)
    # Ten minutes have passed, five of them count: 600 units, at five an item.
    for _ in range(120):
        client.put_item(TableName="tab", Item={"pk": {"S": "1"}, "v": {"S": KB * 5}})
    assert refused(client.put_item, **put)[0] == "ProvisionedThroughputExceededException"


def test_a_large_item_overdraws_and_is_paid_back(server: StrictServer, client: Any) -> None:
    _still(server)
    ready(server, client)
    server.throttle(write_units=10)
    client.put_item(TableName="tab", Item={"pk": {"S": "1"}, "v": {"S": "x" * 40_000}})
    assert server.journal[-1].units == 40
    server.clock.advance(2.9)
    assert refused(client.put_item, TableName="tab", Item={"pk": {"S": "2"}})[0] == "ThrottlingException"
    server.clock.advance(0.2)
    client.put_item(TableName="tab", Item={"pk": {"S": "2"}})


def test_an_index_throttles_its_table(server: StrictServer, client: Any) -> None:
    _still(server)
    ready(server, client, AttributeDefinitions=defined("pk", "a"), GlobalSecondaryIndexes=[index("by_a")])
    server.throttle(table="tab", index="by_a", write_units=2)
    for number in range(2):
        client.put_item(TableName="tab", Item={"pk": {"S": str(number)}, "a": {"S": "x"}})
    with pytest.raises(ClientError) as met:
        client.put_item(TableName="tab", Item={"pk": {"S": "9"}, "a": {"S": "x"}})
    error: Any = met.value.response
    assert error["throttlingReasons"][0]["reason"] == "IndexWriteMaxOnDemandThroughputExceeded"
    assert error["throttlingReasons"][0]["resource"].endswith(":table/tab/index/by_a")
    client.put_item(TableName="tab", Item={"pk": {"S": "9"}, "b": {"S": "not in the index"}})


def test_units_count_indexes_by_their_projection(server: StrictServer, client: Any) -> None:
    indexes = [index("by_a"), index("keys_of_a", projection="KEYS_ONLY")]
    ready(server, client, AttributeDefinitions=defined("pk", "a"), GlobalSecondaryIndexes=indexes)
    client.put_item(TableName="tab", Item={"pk": {"S": "1"}, "a": {"S": "x"}, "v": {"S": "y" * 3000}})
    assert server.journal[-1].units == 3 + 3 + 1
    client.put_item(TableName="tab", Item={"pk": {"S": "2"}, "v": {"S": "y" * 3000}})
    assert server.journal[-1].units == 3


def test_a_page_is_short_where_little_is_left(server: StrictServer, client: Any) -> None:
    _still(server)
    ready(server, client)
    _load(client, 100)
    server.throttle(read_units=5)
    seen: list[str] = []
    start: dict[str, Any] = {}
    for _ in range(100):
        try:
            page = client.scan(TableName="tab", **start)
        except client.exceptions.ThrottlingException:
            server.clock.advance(1)
            continue
        seen.extend(item["pk"]["S"] for item in page["Items"])
        if "LastEvaluatedKey" not in page:
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    assert len(seen) == len(set(seen)) == 100
    scans = server.journal.of("Scan", error="")
    assert len(scans) > 2
    assert server.journal.of("Scan", error="ThrottlingException")


def test_reads_are_counted_by_what_was_read(server: StrictServer, client: Any) -> None:
    ready(server, client)
    _load(client, 100)
    page = client.scan(TableName="tab", ReturnConsumedCapacity="TOTAL")
    # 100 items of about 911 bytes are 22.3 blocks of 4 KB, eventually consistent.
    assert page["ConsumedCapacity"] == {"TableName": "tab", "CapacityUnits": 11.5}
    strong = client.scan(TableName="tab", ReturnConsumedCapacity="INDEXES", ConsistentRead=True)["ConsumedCapacity"]
    assert strong == {"TableName": "tab", "CapacityUnits": 23.0, "Table": {"CapacityUnits": 23.0}}
    one = client.get_item(TableName="tab", Key={"pk": {"S": "0-1"}}, ReturnConsumedCapacity="TOTAL")
    assert one["ConsumedCapacity"]["CapacityUnits"] == 0.5
    keys = {"tab": {"Keys": [{"pk": {"S": "0-1"}}, {"pk": {"S": "nobody"}}], "ConsistentRead": True}}
    batch = client.batch_get_item(RequestItems=keys, ReturnConsumedCapacity="TOTAL")
    assert batch["ConsumedCapacity"][0]["CapacityUnits"] == 2.0
    filtered = client.scan(
        TableName="tab",
        FilterExpression="pk = :p",
        ExpressionAttributeValues={":p": {"S": "0-1"}},
        ReturnConsumedCapacity="TOTAL",
    )
    assert filtered["ConsumedCapacity"]["CapacityUnits"] == 11.5
    assert [call.items for call in server.journal.of("Scan")] == [100, 100, 1]


def test_keys_of_a_batch_come_back(server: StrictServer, client: Any) -> None:
    _still(server)
    ready(server, client)
    _load(client, 50)
    server.throttle(read_units=10)
    keys = [{"pk": {"S": f"{first}-{n}"}} for first in (0, 25) for n in range(25)]
    answer = client.batch_get_item(RequestItems={"tab": {"Keys": keys}})
    got, left = answer["Responses"]["tab"], answer["UnprocessedKeys"]["tab"]["Keys"]
    assert (len(got), len(left)) == (20, 30)


def test_one_hot_key_is_throttled_and_another_is_not(server: StrictServer, client: Any) -> None:
    _still(server)
    ready(server, client)
    server.hot_partitions(write_units=3)
    for _ in range(3):
        client.put_item(TableName="tab", Item={"pk": {"S": "hot"}})
    with pytest.raises(ClientError) as met:
        client.put_item(TableName="tab", Item={"pk": {"S": "hot"}})
    error: Any = met.value.response
    assert error["ThrottlingReasons"][0]["reason"] == "TableWriteKeyRangeThroughputExceeded"
    client.put_item(TableName="tab", Item={"pk": {"S": "cold"}})


def test_a_throttled_transaction_is_cancelled_with_reasons(server: StrictServer, client: Any) -> None:
    _still(server)
    ready(server, client)
    server.throttle(write_units=1)
    client.put_item(TableName="tab", Item={"pk": {"S": "1"}})
    with pytest.raises(ClientError) as met:
        client.transact_write_items(TransactItems=[{"Put": {"TableName": "tab", "Item": {"pk": {"S": "2"}}}}])
    error: Any = met.value.response
    assert error["Error"]["Code"] == "TransactionCanceledException"
    assert error["CancellationReasons"][0]["Code"] == "ThrottlingError"


def test_updates_and_deletes_cost_what_the_engine_says_and_hide_it(server: StrictServer, client: Any) -> None:
    ready(server, client)
    client.put_item(TableName="tab", Item={"pk": {"S": "1"}, "v": {"S": "y" * 3000}})
    update = {
        "TableName": "tab",
        "Key": {"pk": {"S": "1"}},
        "UpdateExpression": "SET w = :w",
        "ExpressionAttributeValues": {":w": {"S": "z"}},
    }
    assert "ConsumedCapacity" not in client.update_item(**update)
    assert server.journal[-1].units == 3
    said = client.update_item(**update, ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]
    assert said == {"TableName": "tab", "CapacityUnits": 3.0}
    client.delete_item(TableName="tab", Key={"pk": {"S": "1"}})
    assert server.journal[-1].units == 3


def test_limits_end_when_they_are_removed(server: StrictServer, client: Any) -> None:
    _still(server)
    ready(server, client)
    limit = server.throttle(write_units=1)
    client.put_item(TableName="tab", Item={"pk": {"S": "1"}})
    assert refused(client.put_item, TableName="tab", Item={"pk": {"S": "2"}})[0] == "ThrottlingException"
    limit.remove()
    client.put_item(TableName="tab", Item={"pk": {"S": "2"}})
