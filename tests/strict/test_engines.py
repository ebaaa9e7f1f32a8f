"""The endpoint in front of the other engines: what they ignore is kept, what they accept wrongly is refused."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dynasmith.strict import StrictServer
from strict_tables import UNITS, defined, index, index_states, ready, refused, status


@pytest.fixture(params=["moto", "dynalite"])
def other(request: pytest.FixtureRequest) -> Iterator[StrictServer]:
    with StrictServer(request.getfixturevalue(f"{request.param}_endpoint")) as server:
        yield server
        server.wipe()


@pytest.fixture
def moto_server(moto_endpoint: str) -> Iterator[StrictServer]:
    with StrictServer(moto_endpoint) as server:
        yield server
        server.wipe()


def test_states_and_rules_hold_on_every_engine(other: StrictServer, client_of: Callable[..., Any]) -> None:
    client = client_of(other.endpoint)
    # dynalite's own table is CREATING for some milliseconds of real time; the endpoint's for ten virtual seconds.
    ready(
        other,
        client,
        BillingMode="PROVISIONED",
        ProvisionedThroughput=UNITS,
        AttributeDefinitions=defined("pk", n="N"),
        GlobalSecondaryIndexes=[index("by_n", "n", ProvisionedThroughput=UNITS)],
    )
    while True:
        try:
            client.put_item(TableName="tab", Item={"pk": {"S": "1"}, "n": {"N": "1"}})
            break
        except client.exceptions.ResourceNotFoundException:
            continue
    assert (status(client), index_states(client)) == ("ACTIVE", {"by_n": ("ACTIVE", None)})
    wrong = {"pk": {"S": "2"}, "n": {"S": "1"}}
    assert "Type mismatch for Index Key n" in refused(client.put_item, TableName="tab", Item=wrong)[1]
    writes = [{"PutRequest": {"Item": {"pk": {"S": str(number)}}}} for number in range(26)]
    assert refused(client.batch_write_item, RequestItems={"tab": writes})[0] == "ValidationException"
    number = {"pk": {"S": "2"}, "v": {"N": "1" * 39}}
    assert refused(client.put_item, TableName="tab", Item=number)[0] == "ValidationException"
    page = client.scan(TableName="tab", ReturnConsumedCapacity="TOTAL")
    assert (page["Count"], page["ConsumedCapacity"]["CapacityUnits"]) == (1, 0.5)


def test_settings_that_moto_ignores_are_kept_by_the_endpoint(
    moto_server: StrictServer, client_of: Callable[..., Any]
) -> None:
    client = client_of(moto_server.endpoint)
    ready(moto_server, client, OnDemandThroughput={"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 20})
    client.update_table(TableName="tab", TableClass="STANDARD_INFREQUENT_ACCESS")
    moto_server.clock.advance(60)
    table = client.describe_table(TableName="tab")["Table"]
    assert table["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    assert table["OnDemandThroughput"] == {"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 20}
    assert table["TableStatus"] == "ACTIVE"


def test_moto_restores_what_was_there(moto_server: StrictServer, client_of: Callable[..., Any]) -> None:
    client = client_of(moto_server.endpoint)
    ready(moto_server, client)
    on = {"PointInTimeRecoveryEnabled": True}
    client.update_continuous_backups(TableName="tab", PointInTimeRecoverySpecification=on)
    client.put_item(TableName="tab", Item={"pk": {"S": "1"}, "v": {"S": "old"}})
    moto_server.clock.advance(hours=1)
    then = moto_server.clock.time()
    moto_server.clock.advance(hours=1)
    client.put_item(TableName="tab", Item={"pk": {"S": "1"}, "v": {"S": "new"}})
    client.restore_table_to_point_in_time(SourceTableName="tab", TargetTableName="then", RestoreDateTime=then)
    moto_server.clock.advance(hours=1)
    assert client.scan(TableName="then")["Items"] == [{"pk": {"S": "1"}, "v": {"S": "old"}}]
