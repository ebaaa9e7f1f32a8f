"""The fixture of the pytest plugin, used as a project's own tests would."""

import itertools
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from dynasmith.strict import StrictServer
from strict_tables import create, defined, index, ready, refused


def _resource(strict: StrictServer) -> Any:
    return boto3.resource(
        "dynamodb",
        endpoint_url=strict.endpoint,
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


@pytest.fixture
def table(strict: StrictServer) -> Any:
    made = _resource(strict).create_table(
        TableName="users",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=defined("pk"),
        BillingMode="PAY_PER_REQUEST",
    )
    strict.clock.advance(minutes=1)
    return made


# A user's own test, in five lines.
def test_a_throttled_copy_loses_nothing(strict: StrictServer, table: Any) -> None:
    strict.throttle(write_units=50)
    with table.batch_writer() as writer:
        for number in range(150):
            writer.put_item(Item={"pk": str(number)})
    assert sum(call.items for call in strict.journal.writes) == 150
    assert any(call.items < 25 for call in strict.journal.of("BatchWriteItem"))
    assert table.scan(Select="COUNT")["Count"] == 150


def test_every_test_begins_with_no_table(strict: StrictServer) -> None:
    resource = _resource(strict)
    assert list(resource.tables.all()) == []
    client = resource.meta.client
    create(client, "users", DeletionProtectionEnabled=True)


def test_a_protected_table_of_the_test_before_is_gone_too(strict: StrictServer) -> None:
    assert list(_resource(strict).tables.all()) == []


def test_a_clock_that_is_handed_over_drives_every_state(strict: StrictServer) -> None:
    strict.auto_advance = False
    client = _resource(strict).meta.client
    create(client)

    def wait() -> None:
        while client.describe_table(TableName="tab")["Table"]["TableStatus"] != "ACTIVE":
            strict.clock.sleep(5)
        while True:
            indexes = client.describe_table(TableName="tab")["Table"].get("GlobalSecondaryIndexes", [])
            if all(one["IndexStatus"] == "ACTIVE" for one in indexes):
                return
            strict.clock.sleep(5)

    wait()
    client.put_item(TableName="tab", Item={"pk": "1", "a": "x"})
    began = strict.clock.monotonic()
    for name in ("one", "two", "three"):
        client.update_table(
            TableName="tab",
            AttributeDefinitions=defined("pk", "a"),
            GlobalSecondaryIndexUpdates=[{"Create": index(name)}],
        )
        wait()
    assert strict.clock.monotonic() - began > 3 * 4 * 60
    changes = strict.journal.of("UpdateTable")
    assert [call.error for call in changes] == ["", "", ""]
    # No two index changes overlapped: each began when the last one's 270 seconds were over.
    assert all(later.at - earlier.at >= 270 for earlier, later in itertools.pairwise(changes))


def test_the_journal_tells_reads_from_writes(strict: StrictServer, table: Any) -> None:
    client = table.meta.client
    strict.journal.clear()
    table.scan()
    table.get_item(Key={"pk": "1"})
    client.execute_statement(Statement="SELECT * FROM users")
    assert strict.journal.writes == []
    assert strict.journal.changes == []
    client.execute_statement(Statement="INSERT INTO users VALUE {'pk': 'x'}")
    table.delete_item(Key={"pk": "x"})
    client.update_time_to_live(TableName="users", TimeToLiveSpecification={"Enabled": True, "AttributeName": "e"})
    assert [call.operation for call in strict.journal.writes] == ["ExecuteStatement", "DeleteItem"]
    assert [call.operation for call in strict.journal.changes] == ["UpdateTimeToLive"]
    assert strict.journal[-1].request["TimeToLiveSpecification"]["AttributeName"] == "e"
    assert strict.journal[-1].table == "users"


@pytest.mark.usefixtures("table")
def test_application_auto_scaling_is_answered_by_moto(strict: StrictServer) -> None:
    scaling: Any = boto3.client(
        "application-autoscaling",
        endpoint_url=strict.endpoint,
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    target = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": "table/users",
        "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
    }
    absent = {**target, "ResourceId": "table/nobody"}
    with pytest.raises(ClientError, match="DynamoDB table does not exist: table/nobody"):
        scaling.register_scalable_target(**absent, MinCapacity=5, MaxCapacity=50)
    scaling.register_scalable_target(**target, MinCapacity=5, MaxCapacity=50)
    found = scaling.describe_scalable_targets(ServiceNamespace="dynamodb", ResourceIds=["table/users"])
    assert found["ScalableTargets"][0]["MaxCapacity"] == 50
    call = strict.journal.of("RegisterScalableTarget")[1]
    assert (call.service, call.status, call.request["ResourceId"]) == ("application-autoscaling", 200, "table/users")


def test_another_service_of_the_engine_is_passed_through(strict: StrictServer) -> None:
    caller = boto3.client(
        "sts",
        endpoint_url=strict.endpoint,
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    assert caller.get_caller_identity()["Account"].isdigit()
    assert strict.journal[-1].service == "sts"


def test_a_journal_keeps_the_bodies_of_the_newest_calls() -> None:
    from dynasmith.strict import Call, Journal

    journal = Journal(body_bytes_max=25)
    for number in range(5):
        journal.add(Call("PutItem", "t", 200, 1.0, float(number), body=b'{"n": %d}  ' % number))
    assert [call.request.get("n") for call in journal] == [None, None, None, 3, 4]
    assert len(journal) == 5


@pytest.mark.parametrize("lag", [0.0, 5.0])
def test_describe_lags_behind_create_where_it_is_asked_to(strict_upstream: str, lag: float) -> None:
    with StrictServer(strict_upstream, describe_lag_seconds=lag) as server:
        client = _resource(server).meta.client
        create(client)
        found = []
        for _ in range(2):
            try:
                client.describe_table(TableName="tab")
                found.append(True)
            except client.exceptions.ResourceNotFoundException:
                found.append(False)
            server.clock.advance(5)
        assert found == ([True, True] if lag == 0 else [False, True])
        server.wipe()


def test_a_table_that_was_there_before_is_adopted(strict_upstream: str) -> None:
    with StrictServer(strict_upstream) as first, StrictServer(strict_upstream) as second:
        client, other = _resource(first).meta.client, _resource(second).meta.client
        ready(
            first,
            client,
            AttributeDefinitions=defined("pk", "a"),
            GlobalSecondaryIndexes=[index("by_a")],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
        client.update_time_to_live(TableName="tab", TimeToLiveSpecification={"Enabled": True, "AttributeName": "e"})
        mine, theirs = (one.describe_table(TableName="tab")["Table"] for one in (client, other))
        assert theirs["TableStatus"] == "ACTIVE"
        for member in ("KeySchema", "AttributeDefinitions", "StreamSpecification", "BillingModeSummary"):
            assert mine[member] == theirs[member]
        assert theirs["GlobalSecondaryIndexes"][0]["IndexName"] == "by_a"
        ttl = other.describe_time_to_live(TableName="tab")["TimeToLiveDescription"]
        assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "e"}
        second.wipe()


def test_a_replica_wants_both_images_and_scaled_or_on_demand_writes(strict: StrictServer) -> None:
    client = _resource(strict).meta.client
    units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    ready(strict, client, BillingMode="PROVISIONED", ProvisionedThroughput=units)
    add = {"TableName": "tab", "ReplicaUpdates": [{"Create": {"RegionName": "us-west-2"}}]}
    assert "NEW_AND_OLD_IMAGES" in refused(client.update_table, **add)[1]
    images = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    client.update_table(TableName="tab", StreamSpecification=images)
    strict.clock.advance(60)
    assert "Pay-Per-Request or AutoScaled" in refused(client.update_table, **add)[1]
    client.update_table(TableName="tab", BillingMode="PAY_PER_REQUEST")
    strict.clock.advance(60)
    client.update_table(**add)
    strict.clock.advance(60)

    def replicas() -> dict[str, str]:
        table = client.describe_table(TableName="tab")["Table"]
        return {one["RegionName"]: one["ReplicaStatus"] for one in table.get("Replicas", ())}

    strict.auto_advance = False
    assert replicas() == {"us-west-2": "CREATING"}
    off = {"TableName": "tab", "StreamSpecification": {"StreamEnabled": False}}
    assert "Disabling Stream is not allowed" in refused(client.update_table, **off)[1]
    strict.clock.advance(minutes=5)
    assert replicas() == {"us-west-2": "ACTIVE"}
    client.update_table(TableName="tab", ReplicaUpdates=[{"Delete": {"RegionName": "us-west-2"}}])
    strict.clock.advance(minutes=5)
    assert replicas() == {}
