"""The kept engine with the strict endpoint in front: one address for all, kept, and gone as one."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest

from dynasmith.errors import DynasmithError, ProjectError, UsageError
from dynasmith.local import persistent_engine as kept
from dynasmith.local.front import rules_off
from dynasmith.local.processes import birth, is_alive

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def scaling_of() -> "Iterator[Callable[[str], ApplicationAutoScalingClient]]":
    """A function from an endpoint to a client of Application Auto Scaling, closed when the test ends."""
    made: list[ApplicationAutoScalingClient] = []

    def make(endpoint: str) -> "ApplicationAutoScalingClient":
        client = boto3.client(
            "application-autoscaling",
            endpoint_url=endpoint,
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


@pytest.mark.engine
def test_one_address_serves_tables_and_autoscaling_and_both_are_kept(
    folder: Path,
    client_of: "Callable[[str], DynamoDBClient]",
    new_table: "Callable[[DynamoDBClient, str], None]",
    scaling_of: "Callable[[str], ApplicationAutoScalingClient]",
) -> None:
    running = kept.start(0, folder=folder, strict=True)
    assert running.strict
    client = client_of(running.endpoint)
    new_table(client, "strict-kept")
    client.get_waiter("table_exists").wait(TableName="strict-kept", WaiterConfig={"Delay": 1})
    client.put_item(TableName="strict-kept", Item={"pk": {"S": "a"}})
    scaling_of(running.endpoint).register_scalable_target(
        ServiceNamespace="dynamodb",
        ResourceId="table/strict-kept",
        ScalableDimension="dynamodb:table:ReadCapacityUnits",
        MinCapacity=5,
        MaxCapacity=50,
    )
    with pytest.raises(client.exceptions.ClientError, match="ValidationException"):
        client.batch_write_item(
            RequestItems={"strict-kept": [{"PutRequest": {"Item": {"pk": {"S": str(n)}}}} for n in range(26)]}
        )
    assert kept.stop(folder=folder).clean

    again = kept.start(0, folder=folder, strict=True)
    assert again.last_stop_clean
    assert client_of(again.endpoint).scan(TableName="strict-kept")["Items"] == [{"pk": {"S": "a"}}]
    targets = scaling_of(again.endpoint).describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
    assert [(target["ResourceId"], target["MaxCapacity"]) for target in targets] == [("table/strict-kept", 50)]


@pytest.mark.engine
def test_its_engines_end_and_save_when_it_is_killed(
    folder: Path, client_of: "Callable[[str], DynamoDBClient]", new_table: "Callable[[DynamoDBClient, str], None]"
) -> None:
    running = kept.start(0, folder=folder, strict=True)
    new_table(client_of(running.endpoint), "strict-killed")
    born = birth(running.pid)
    assert born is not None
    os.kill(running.pid, signal.SIGKILL)
    while is_alive(running.pid, born):
        threading.Event().wait(0.01)
    again = kept.start(0, folder=folder, strict=True)
    assert not again.last_stop_clean
    assert client_of(again.endpoint).list_tables()["TableNames"] == ["strict-killed"]


@pytest.mark.engine
def test_a_plain_start_does_not_take_a_strict_engine_for_what_it_wants(folder: Path) -> None:
    kept.start(0, folder=folder, strict=True)
    with pytest.raises(UsageError, match="runs already, with strict"):
        kept.start(0, folder=folder)


@pytest.mark.engine
def test_a_rule_that_is_switched_off_does_not_hold(
    folder: Path,
    tmp_path: Path,
    client_of: "Callable[[str], DynamoDBClient]",
    new_table: "Callable[[DynamoDBClient, str], None]",
) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('off = ["ttl-once-an-hour"]\n')
    client = client_of(kept.start(0, folder=folder, strict=True, clock="fast", rules=rules).endpoint)
    new_table(client, "ruled")
    client.get_waiter("table_exists").wait(TableName="ruled", WaiterConfig={"Delay": 1})
    for enabled in (True, False):
        client.update_time_to_live(
            TableName="ruled", TimeToLiveSpecification={"Enabled": enabled, "AttributeName": "expires_at"}
        )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('off = ["no-such-rule"]', "no strict rule 'no-such-rule'"),
        ('on = ["ttl-once-an-hour"]', "one list of names, off"),
        ("off = ", "is not a rules file"),
    ],
)
def test_a_rules_file_with_a_mistake_is_refused_before_anything_starts(
    text: str, said: str, tmp_path: Path, folder: Path
) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(text)
    with pytest.raises(ProjectError, match=said):
        kept.start(0, folder=folder, strict=True, rules=rules)
    assert not folder.exists()


def test_a_rules_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DynasmithError, match=r"rules\.toml cannot be read"):
        rules_off(tmp_path / "rules.toml")
