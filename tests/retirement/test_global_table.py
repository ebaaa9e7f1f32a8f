"""retire of a global table with everything around it: killed by a SIGKILL after its calls (every third in `make test`,
each in `make soak`: `kill_points`) and continued, it leaves in every Region what its list named, and touches nothing
else. The oracle is a snapshot of the engine by boto3."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.story import gsi, table
from item_stories.kit import ItemStory
from kill_points import STEP, first_call
from retirement.snapshot import REGIONS, client, snapshot
from stream_functions import StreamFunctions, archive

ORDERS = "retired-orders"
DAILY = {"rules": [{"name": "daily", "schedule": "cron(0 2 * * ? *)", "keep_days": 30}]}
SCALING = {"read": {"min": 5, "max": 50, "target": 70}, "write": {"min": 5, "max": 50, "target": 70}}


@pytest.fixture
def mortal(world: ItemStory) -> Iterator[Callable[..., dict[str, Any]]]:
    """Runs a command in a process that is killed after its nth call that changes something, 0 for never."""
    script = Path(__file__).with_name("killed.py")
    process = subprocess.Popen(
        [sys.executable, str(script)], cwd=world.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )

    def run(nth: int, *words: str) -> dict[str, Any]:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps([nth, *words]) + "\n")
        process.stdin.flush()
        answer: dict[str, Any] = json.loads(process.stdout.readline())
        return answer

    yield run
    process.communicate(timeout=60)
    assert process.returncode == 0


def everything(story: ItemStory) -> dict[str, Any]:
    """A definition with everything that outlives a table, and things of others in the same engine."""
    kinesis = client(story, "kinesis")
    kinesis.create_stream(StreamName="changes", ShardCount=1)
    arn = kinesis.describe_stream(StreamName="changes")["StreamDescription"]["StreamARN"]
    capacity = {"provisioned_throughput": {"read": 5, "write": 5}, "autoscaling": SCALING}
    return table(
        ORDERS,
        billing_mode="PROVISIONED",
        stream={"view_type": "NEW_AND_OLD_IMAGES"},
        global_secondary_indexes=[gsi("by_day", "day", **capacity)],
        deletion_protection=True,
        contributor_insights={"enabled": True},
        kinesis_destination={"stream_arn": arn},
        backup_plan=DAILY,
        alarms=[{"kind": "write_throttled", "threshold": 1, "minutes": 5}],
        access=[{"function": "ship", "allow": ["read", "stream"]}],
        triggers=[{"function": "ship", "maximum_retry_attempts": 1}],
        replicas=[
            {"region": "eu-west-1", "deletion_protection": True},
            {"region": "ap-southeast-1"},
        ],
        **capacity,
    )


def others(story: ItemStory) -> None:
    """Tables of others, in two Regions, with the same kinds of things around them."""
    more = table(
        "retired-others",
        billing_mode="PROVISIONED",
        provisioned_throughput={"read": 5, "write": 5},
        autoscaling=SCALING,
    )
    story.define(more, name="others.json")
    assert story("apply", "--config", "others.json", "--yes").code == 0
    elsewhere = client(story, "dynamodb", "eu-west-1")
    elsewhere.create_table(
        TableName="scratch",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    elsewhere.get_waiter("table_exists").wait(TableName="scratch", WaiterConfig={"Delay": 1, "MaxAttempts": 120})


@pytest.fixture
def world(story: ItemStory, functions: StreamFunctions) -> Iterator[ItemStory]:
    others(story)
    functions.deploy("ship")
    elsewhere = client(story, "lambda", "eu-west-1")
    elsewhere.create_function(
        FunctionName="ship-there",
        Runtime="python3.12",
        Role=client(story, "iam").get_role(RoleName="ship")["Role"]["Arn"],
        Handler="function.handler",
        Code={"ZipFile": archive()},
    )
    client(story, "cloudwatch").put_metric_alarm(
        AlarmName="made-by-hand",
        Namespace="AWS/DynamoDB",
        MetricName="WriteThrottleEvents",
        Dimensions=[{"Name": "TableName", "Value": ORDERS}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=5,
        ComparisonOperator="GreaterThanThreshold",
    )
    before = snapshot(story)
    story.define(everything(story))
    answer = story("apply", "--yes")
    assert answer.code == 0, answer.err
    story.put(ORDERS, {"pk": {"S": "a"}})
    answer = story("backup", "schedule", ORDERS, "--daily", "--region", "eu-west-1", "--yes")
    assert answer.code == 0, answer.err
    # A replica is autoscaled in its Region by nobody but a person: what of it is about the table goes too.
    scaling = client(story, "application-autoscaling", "eu-west-1")
    scaling.register_scalable_target(
        ServiceNamespace="dynamodb",
        ResourceId="table/retired-orders",
        ScalableDimension="dynamodb:table:WriteCapacityUnits",
        MinCapacity=5,
        MaxCapacity=50,
    )
    stream = client(story, "dynamodb", "eu-west-1").describe_table(TableName=ORDERS)["Table"]["LatestStreamArn"]
    elsewhere.create_event_source_mapping(EventSourceArn=stream, FunctionName="ship-there", StartingPosition="LATEST")
    assert len(snapshot(story) - before) > 15
    story.before = before  # type: ignore[attr-defined]  # what was there without the table
    yield story
    elsewhere.delete_function(FunctionName="ship-there")


def test_killed_after_its_calls_it_is_continued_to_the_end(
    world: ItemStory, mortal: Callable[..., dict[str, Any]]
) -> None:
    words = ("retire", ORDERS, "--backup", "last", "--confirm", ORDERS)
    listed = world(*words, "--dry-run", "--json").json[0]["steps"]
    planned = {(each["step"], each["region"]) for each in listed if each["state"] == "planned"}
    assert {step for step, _ in planned} == {
        *("backup", "triggers", "access", "autoscaling", "alarms", "backup_selection", "contributor_insights"),
        *("kinesis_destination", "replicas", "deletion_protection", "table", "roles", "backup_vault", "backup_plan"),
    }
    assert {region for step, region in planned if step in ("replicas", "table")} == {*REGIONS}
    for step in ("triggers", "backup_selection", "backup_vault", "backup_plan"):
        assert {region for each, region in planned if each == step} == {"us-east-1", "eu-west-1"}
    assert mortal(1, *words)["calls"] == ["dynamodb:CreateBackup"]
    first = mortal(1 + first_call(), *words)  # each run makes a backup: what is written meanwhile is in the last one
    assert (first["code"], first["calls"][0]) == (-9, "dynamodb:CreateBackup"), first
    calls, rest = first["calls"], ("retire", ORDERS, "--no-export", "--confirm", ORDERS)
    while (answer := mortal(STEP, *rest))["code"] == -9:
        calls += answer["calls"]
        assert len(calls) < 50, calls
    if STEP > 1:
        assert answer["code"] == 0, answer["err"]
        calls += answer["calls"]
        answer = mortal(0, *rest)
    # After the last call it says that nothing is left, and touches nothing.
    assert (answer["code"], answer["calls"]) == (0, []), answer["err"]
    assert f"Nothing to retire: table {ORDERS} is gone" in answer["err"]
    assert f"2 backups of {ORDERS} made on demand stay" in answer["err"]
    assert calls[-1] == "backup:DeleteBackupPlan"
    assert [call for call in calls if call == "dynamodb:DeleteTable"] == ["dynamodb:DeleteTable"]
    assert len(calls) >= 15
    kinesis = {"us-east-1 kinesis stream changes"}
    backups = {f"us-east-1 backup last of {ORDERS} USER"}
    assert snapshot(world) == world.before | kinesis | backups  # type: ignore[attr-defined]
