"""Tables, indexes and their settings pass through the service's states on the endpoint's clock."""

from typing import Any

from dynasmith.strict import StrictServer
from strict_tables import create, defined, index, index_states, ready, refused, status


def test_a_table_is_creating_then_active_and_deleting_then_gone(server: StrictServer, client: Any) -> None:
    create(client)
    assert status(client) == "CREATING"
    assert refused(client.put_item, TableName="tab", Item={"pk": {"S": "1"}})[0] == "ResourceNotFoundException"
    server.clock.advance(10)
    assert status(client) == "ACTIVE"
    client.put_item(TableName="tab", Item={"pk": {"S": "1"}})
    client.delete_table(TableName="tab")
    assert status(client) == "DELETING"
    assert client.list_tables()["TableNames"] == ["tab"]
    assert refused(client.create_table, **_body("tab"))[0] == "ResourceInUseException"
    server.clock.advance(10)
    assert refused(client.describe_table, TableName="tab")[0] == "ResourceNotFoundException"
    assert client.list_tables()["TableNames"] == []


def _body(name: str) -> dict[str, Any]:
    return {
        "TableName": name,
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": defined("pk"),
        "BillingMode": "PAY_PER_REQUEST",
    }


def test_an_index_is_allocated_then_backfilled_while_the_table_is_active(server: StrictServer, client: Any) -> None:
    ready(server, client)
    client.put_item(TableName="tab", Item={"pk": {"S": "1"}, "a": {"S": "x"}})
    add = {"GlobalSecondaryIndexUpdates": [{"Create": index("by_a")}], "AttributeDefinitions": defined("pk", "a")}
    client.update_table(TableName="tab", **add)
    assert (status(client), index_states(client)) == ("UPDATING", {"by_a": ("CREATING", False)})
    server.clock.advance(30)
    assert (status(client), index_states(client)) == ("ACTIVE", {"by_a": ("CREATING", True)})
    query = {
        "TableName": "tab",
        "IndexName": "by_a",
        "KeyConditionExpression": "a = :a",
        "ExpressionAttributeValues": {":a": {"S": "x"}},
    }
    assert refused(client.query, **query) == (
        "ValidationException",
        "Cannot read from backfilling global secondary index: by_a",
    )
    server.clock.advance(240)
    assert index_states(client) == {"by_a": ("ACTIVE", None)}
    assert client.query(**query)["Count"] == 1
    client.update_table(TableName="tab", GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by_a"}}])
    assert index_states(client) == {"by_a": ("DELETING", None)}
    assert refused(client.query, **query)[1] == "The table does not have the specified index: by_a"
    server.clock.advance(60)
    assert index_states(client) == {}
    described = client.describe_table(TableName="tab")["Table"]
    assert described["AttributeDefinitions"] == defined("pk")


def test_polling_moves_the_clock_where_it_is_asked_to(server: StrictServer, client: Any) -> None:
    server.auto_advance = True
    began = server.clock.time()
    ready(server, client)
    seen = []
    for name in ("by_a", "by_b", "by_c"):
        add = {"GlobalSecondaryIndexUpdates": [{"Create": index(name)}], "AttributeDefinitions": defined("pk", "a")}
        client.update_table(TableName="tab", **add)
        while (state := index_states(client)[name]) != ("ACTIVE", None):
            seen.append((name, *state, status(client)))
    assert next(state for state in seen if state[0] == "by_c") == ("by_c", "CREATING", False, "UPDATING")
    assert ("by_a", "CREATING", True, "ACTIVE") in seen
    assert server.clock.time() - began > 600
    assert len(server.journal.of("UpdateTable", error="")) == 3


def test_time_to_live_takes_half_an_hour_and_one_change_an_hour(server: StrictServer, client: Any) -> None:
    ready(server, client)
    on = {"TableName": "tab", "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "x"}}
    off = {"TableName": "tab", "TimeToLiveSpecification": {"Enabled": False, "AttributeName": "x"}}
    other = {"TableName": "tab", "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "y"}}
    assert refused(client.update_time_to_live, **off)[1] == "TimeToLive is already disabled"
    client.update_time_to_live(**on)
    state = client.describe_time_to_live(TableName="tab")["TimeToLiveDescription"]
    assert state == {"TimeToLiveStatus": "ENABLING", "AttributeName": "x"}
    server.clock.advance(minutes=30)
    assert client.describe_time_to_live(TableName="tab")["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED"
    assert refused(client.update_time_to_live, **off) == (
        "ValidationException",
        "Time to live has been modified multiple times within a fixed interval",
    )
    assert refused(client.update_time_to_live, **on)[1] == "TimeToLive is already enabled"
    assert "current AttributeName is x" in refused(client.update_time_to_live, **other)[1]
    server.clock.advance(minutes=30)
    client.update_time_to_live(**off)
    server.clock.advance(minutes=30)
    assert client.describe_time_to_live(TableName="tab")["TimeToLiveDescription"] == {"TimeToLiveStatus": "DISABLED"}


def test_an_application_that_takes_its_clock_waits_virtual_minutes(server: StrictServer, client: Any) -> None:
    create(client)
    before = server.clock.monotonic()
    polls = 0
    while status(client) != "ACTIVE":
        server.clock.sleep(3)
        polls += 1
    assert polls == 4
    assert server.clock.monotonic() - before == 12
