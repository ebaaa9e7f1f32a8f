"""What the service refuses of the control plane is refused, with its codes, and nothing reaches the engine."""

from typing import Any

import pytest

from dynasmith.strict import StrictServer
from strict_tables import UNITS, create, defined, index, ready, refused, status

PROVISIONED: dict[str, Any] = {"BillingMode": "PROVISIONED", "ProvisionedThroughput": UNITS}


def _units(read: int, write: int) -> dict[str, int]:
    return {"ReadCapacityUnits": read, "WriteCapacityUnits": write}


def test_two_index_creates_in_one_call_are_refused(server: StrictServer, client: Any) -> None:
    ready(server, client)
    code, message = refused(
        client.update_table,
        TableName="tab",
        AttributeDefinitions=defined("pk", "a", "b"),
        GlobalSecondaryIndexUpdates=[{"Create": index("by_a")}, {"Create": index("by_b", "b")}],
    )
    assert code == "LimitExceededException"
    assert message == (
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table"
    )


def test_an_index_create_while_another_builds_is_refused(server: StrictServer, client: Any) -> None:
    ready(server, client)
    first = {"AttributeDefinitions": defined("pk", "a"), "GlobalSecondaryIndexUpdates": [{"Create": index("by_a")}]}
    second = {"AttributeDefinitions": defined("pk", "a"), "GlobalSecondaryIndexUpdates": [{"Create": index("by_b")}]}
    gone = {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by_a"}}]}
    client.update_table(TableName="tab", **first)
    assert refused(client.update_table, TableName="tab", **second)[0] == "ResourceInUseException"
    assert refused(client.update_table, TableName="tab", **gone)[0] == "ResourceInUseException"
    assert refused(client.delete_table, TableName="tab")[0] == "ResourceInUseException"
    server.clock.advance(30)
    assert status(client) == "ACTIVE"
    assert refused(client.update_table, TableName="tab", **second)[0] == "LimitExceededException"
    client.update_table(TableName="tab", **gone)
    server.clock.advance(60)
    client.update_table(TableName="tab", **second)


def test_definitions_are_exact(server: StrictServer, client: Any) -> None:
    code, message = refused(create, client=client, AttributeDefinitions=defined("pk", "unused"))
    assert code == "ValidationException"
    assert "does not exactly match number of attributes defined" in message
    with_index = {"GlobalSecondaryIndexes": [index("by_a")]}
    _, message = refused(create, client=client, AttributeDefinitions=defined("pk", "a", "b"), **with_index)
    assert "Some AttributeDefinitions are not used. AttributeDefinitions: [pk, a, b], keys used: [a, pk]" in message
    _, message = refused(create, client=client, AttributeDefinitions=defined("pk"), **with_index)
    assert "Some index key attributes are not defined in AttributeDefinitions. Keys: [a]" in message
    ready(server, client)
    add = {"GlobalSecondaryIndexUpdates": [{"Create": index("by_a")}]}
    _, message = refused(client.update_table, TableName="tab", AttributeDefinitions=defined("pk"), **add)
    assert "Keys: [a], AttributeDefinitions: [pk]" in message
    more = defined("pk", "a", "z")
    assert "are not used" in refused(client.update_table, TableName="tab", AttributeDefinitions=more, **add)[1]
    other = defined("a", pk="N")
    assert "cannot change" in refused(client.update_table, TableName="tab", AttributeDefinitions=other, **add)[1]


def test_no_second_update_while_updating(server: StrictServer, client: Any) -> None:
    ready(server, client, **PROVISIONED)
    client.update_table(TableName="tab", ProvisionedThroughput=_units(9, 9))
    assert status(client) == "UPDATING"
    code, message = refused(client.update_table, TableName="tab", ProvisionedThroughput=_units(10, 9))
    assert (code, message) == (
        "ResourceInUseException",
        "Attempt to change a resource which is still in use: Table is being updated: tab",
    )
    client.put_item(TableName="tab", Item={"pk": {"S": "1"}})


def test_a_third_table_class_in_thirty_days_is_refused(server: StrictServer, client: Any) -> None:
    ready(server, client)
    for table_class in ("STANDARD_INFREQUENT_ACCESS", "STANDARD"):
        client.update_table(TableName="tab", TableClass=table_class)
        server.clock.advance(minutes=5)
    third = {"TableName": "tab", "TableClass": "STANDARD_INFREQUENT_ACCESS"}
    assert refused(client.update_table, **third)[0] == "LimitExceededException"
    server.clock.advance(days=30)
    client.update_table(**third)
    summary = client.describe_table(TableName="tab")["Table"]["TableClassSummary"]
    assert summary["TableClass"] == "STANDARD_INFREQUENT_ACCESS"


def test_capacity_falls_four_times_then_hourly_and_27_times_a_day(server: StrictServer, client: Any) -> None:
    ready(server, client, BillingMode="PROVISIONED", ProvisionedThroughput=_units(1000, 1000))
    server.clock.advance(86_400 - server.clock.time() % 86_400)
    done = 0
    for minute in range(0, 24 * 60 - 1, 10):
        body = {"TableName": "tab", "ProvisionedThroughput": _units(999 - done, 1000)}
        if done < 4 or minute % 60 == 30:
            client.update_table(**body)
            done += 1
            described = client.describe_table(TableName="tab")["Table"]["ProvisionedThroughput"]
            assert described["NumberOfDecreasesToday"] == done
        else:
            code, message = refused(client.update_table, **body)
            assert code == "LimitExceededException"
            assert "Next decrease can be made at" in message
        server.clock.advance(minutes=10)
    assert done == 27
    raised = {"TableName": "tab", "ProvisionedThroughput": _units(2000, 1000)}
    client.update_table(**raised)


def test_a_capacity_that_stays_is_refused(server: StrictServer, client: Any) -> None:
    ready(server, client, **PROVISIONED)
    code, message = refused(client.update_table, TableName="tab", ProvisionedThroughput=UNITS)
    assert code == "ValidationException"
    assert message.startswith("The provisioned throughput for the table will not change.")


def test_billing_switches_carry_every_index_and_are_counted(server: StrictServer, client: Any) -> None:
    ready(server, client, AttributeDefinitions=defined("pk", "a"), GlobalSecondaryIndexes=[index("by_a")])
    to_provisioned: dict[str, Any] = {"TableName": "tab", **PROVISIONED}
    with_index = [{"Update": {"IndexName": "by_a", "ProvisionedThroughput": UNITS}}]
    assert refused(client.update_table, TableName="tab", BillingMode="PROVISIONED")[0] == "ValidationException"
    assert refused(client.update_table, **to_provisioned)[1].endswith(
        "ProvisionedThroughput must be specified for index: by_a"
    )
    for _ in range(4):
        client.update_table(**to_provisioned, GlobalSecondaryIndexUpdates=with_index)
        server.clock.advance(60)
        client.update_table(TableName="tab", BillingMode="PAY_PER_REQUEST")
        server.clock.advance(60)
    client.update_table(**to_provisioned, GlobalSecondaryIndexUpdates=with_index)
    server.clock.advance(60)
    described = client.describe_table(TableName="tab")["Table"]
    assert described["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
    assert described["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]["WriteCapacityUnits"] == 5
    fifth = {"TableName": "tab", "BillingMode": "PAY_PER_REQUEST"}
    assert refused(client.update_table, **fifth)[0] == "LimitExceededException"
    server.clock.advance(days=1)
    client.update_table(**fifth)


def test_streams_are_not_switched_twice_and_begin_anew(server: StrictServer, client: Any) -> None:
    ready(server, client)
    on = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    off = {"StreamEnabled": False}
    assert refused(client.update_table, TableName="tab", StreamSpecification=off)[0] == "ValidationException"
    arns = []
    for _ in range(2):
        client.update_table(TableName="tab", StreamSpecification=on)
        server.clock.advance(60)
        other = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
        code, message = refused(client.update_table, TableName="tab", StreamSpecification=other)
        assert (code, message) == ("ValidationException", "Table already has an enabled stream: TableName: tab")
        arns.append(client.describe_table(TableName="tab")["Table"]["LatestStreamArn"])
        client.update_table(TableName="tab", StreamSpecification=off)
        server.clock.advance(60)
        described = client.describe_table(TableName="tab")["Table"]
        assert "StreamSpecification" not in described
        assert described["LatestStreamArn"] == arns[-1]
    assert arns[0] != arns[1]


def test_encryption_keys_change_four_times_then_every_six_hours(server: StrictServer, client: Any) -> None:
    ready(server, client)
    for number in range(4):
        key = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": f"alias/k{number}"}
        client.update_table(TableName="tab", SSESpecification=key)
        server.clock.advance(minutes=5)
    described = client.describe_table(TableName="tab")["Table"]["SSEDescription"]
    assert described["Status"] == "ENABLED"
    assert described["KMSMasterKeyArn"].endswith("alias/k3")
    again = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": "alias/k9"}
    assert refused(client.update_table, TableName="tab", SSESpecification=again)[0] == "LimitExceededException"
    client.update_table(TableName="tab", SSESpecification={"Enabled": False})
    server.clock.advance(minutes=5)
    assert "SSEDescription" not in client.describe_table(TableName="tab")["Table"]
    server.clock.advance(hours=6)
    client.update_table(TableName="tab", SSESpecification=again)


def test_warm_throughput_only_rises(server: StrictServer, client: Any) -> None:
    ready(server, client)
    assert client.describe_table(TableName="tab")["Table"]["WarmThroughput"] == {
        "ReadUnitsPerSecond": 12_000,
        "WriteUnitsPerSecond": 4_000,
        "Status": "ACTIVE",
    }
    up = {"ReadUnitsPerSecond": 13_000, "WriteUnitsPerSecond": 5_000}
    client.update_table(TableName="tab", WarmThroughput=up)
    assert client.describe_table(TableName="tab")["Table"]["WarmThroughput"]["Status"] == "UPDATING"
    server.clock.advance(60)
    down = {"ReadUnitsPerSecond": 13_000, "WriteUnitsPerSecond": 4_000}
    assert refused(client.update_table, TableName="tab", WarmThroughput=down)[0] == "ValidationException"


def test_a_protected_table_is_not_deleted(server: StrictServer, client: Any) -> None:
    ready(server, client, DeletionProtectionEnabled=True)
    code, message = refused(client.delete_table, TableName="tab")
    assert code == "ValidationException"
    assert "currently protected against deletion" in message
    client.update_table(TableName="tab", DeletionProtectionEnabled=False)
    server.clock.advance(60)
    client.delete_table(TableName="tab")


def test_two_kinds_of_change_in_one_call_are_refused(server: StrictServer, client: Any) -> None:
    ready(server, client)
    both = {"TableClass": "STANDARD_INFREQUENT_ACCESS", "DeletionProtectionEnabled": True}
    code, message = refused(client.update_table, TableName="tab", **both)
    assert code == "ValidationException"
    assert "class, protection" in message


def test_a_refused_call_reaches_no_engine(server: StrictServer, client: Any) -> None:
    ready(server, client, **PROVISIONED)
    client.update_table(TableName="tab", ProvisionedThroughput=_units(9, 9))
    refused(client.update_table, TableName="tab", ProvisionedThroughput=_units(11, 11))
    server.clock.advance(60)
    server.rules.off("item-count-stale")
    assert client.describe_table(TableName="tab")["Table"]["ProvisionedThroughput"]["ReadCapacityUnits"] == 9


def test_rules_are_switched_off_and_on_by_name(server: StrictServer, client: Any) -> None:
    ready(server, client)
    on = {"TableName": "tab", "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "x"}}
    off = {"TableName": "tab", "TimeToLiveSpecification": {"Enabled": False, "AttributeName": "x"}}
    server.rules.off("ttl-once-an-hour")
    client.update_time_to_live(**on)
    client.update_time_to_live(**off)
    server.rules.on("ttl-once-an-hour")
    assert "multiple times" in refused(client.update_time_to_live, **on)[1]
    with pytest.raises(ValueError, match="there is no strict rule 'ttl'"):
        server.rules.off("ttl")


def test_everything_is_ready_at_once_where_states_are_off(server: StrictServer, client: Any) -> None:
    server.rules.off("states")
    create(client)
    assert status(client) == "ACTIVE"
    client.delete_table(TableName="tab")
    assert refused(client.describe_table, TableName="tab")[0] == "ResourceNotFoundException"


def test_an_index_is_updating_longer_than_its_table(server: StrictServer, client: Any) -> None:
    ready(server, client, AttributeDefinitions=defined("pk", "a"), GlobalSecondaryIndexes=[index("by_a")])
    units = [{"Update": {"IndexName": "by_a", "ProvisionedThroughput": UNITS}}]
    client.update_table(TableName="tab", **PROVISIONED, GlobalSecondaryIndexUpdates=units)
    server.clock.advance(10)
    assert status(client) == "ACTIVE"
    drop = {"TableName": "tab", "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by_a"}}]}
    code, message = refused(client.update_table, **drop)
    assert code == "ResourceInUseException"
    assert message.endswith("Index is being updated.  Table: tab Index: by_a")
    assert "Cannot delete table while indexes" in refused(client.delete_table, TableName="tab")[1]
    server.clock.advance(15)
    client.update_table(**drop)


def test_stream_and_capacity_do_not_change_together(server: StrictServer, client: Any) -> None:
    ready(server, client, **PROVISIONED)
    code, message = refused(
        client.update_table,
        TableName="tab",
        ProvisionedThroughput=_units(9, 9),
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    assert code == "ValidationException"
    assert message.endswith("You cannot modify stream status while updating table IOPS")


def test_a_table_names_the_key_behind_an_alias(server: StrictServer, client: Any, client_of: Any) -> None:
    keys = client_of(server.endpoint, "kms")
    key = keys.create_key()["KeyMetadata"]
    keys.create_alias(AliasName="alias/orders", TargetKeyId=key["KeyId"])
    spec = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": "alias/orders"}
    ready(server, client, SSESpecification=spec)
    assert client.describe_table(TableName="tab")["Table"]["SSEDescription"]["KMSMasterKeyArn"] == key["Arn"]
