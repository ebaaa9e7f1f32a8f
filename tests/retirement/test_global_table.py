"""retire of a global table with everything around it: killed after each call and continued, it leaves in every Region
what its list named, and touches nothing else. The oracle is a snapshot of the engine by boto3."""

from collections.abc import Iterator
from typing import Any

import pytest

from cli.story import gsi, table
from dynasmith.aws.control.session import Session
from dynasmith.aws.data.allow_list import own_call_reads
from item_stories.kit import ItemStory
from retirement.snapshot import REGIONS, client, snapshot
from stream_functions import StreamFunctions, archive

ORDERS = "retired-orders"
DAILY = {"rules": [{"name": "daily", "schedule": "cron(0 2 * * ? *)", "keep_days": 30}]}
SCALING = {"read": {"min": 5, "max": 50, "target": 70}, "write": {"min": 5, "max": 50, "target": 70}}


class Killed(BaseException):
    """The process is gone."""


def kill_after(monkeypatch: pytest.MonkeyPatch, nth: int) -> list[str]:
    """Raise Killed after the ``nth`` call of the control plane that changes something; the calls that were sent."""
    send, sent = Session._send, list[str]()

    def dying(self: Session, session: Any, service: str, name: str, parameters: Any, of: str) -> dict[str, Any]:
        answer = send(self, session, service, name, parameters, of)
        if not own_call_reads(service, name, parameters):
            sent.append(f"{service}:{name}")
            if len(sent) == nth:
                raise Killed
        return answer

    monkeypatch.setattr(Session, "_send", dying)
    return sent


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


def test_killed_after_each_call_it_is_continued_to_the_end(world: ItemStory, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = world("retire", ORDERS, "--backup", "last", "--dry-run", "--json").json[0]["steps"]
    planned = {(each["step"], each["region"]) for each in listed if each["state"] == "planned"}
    assert {step for step, _ in planned} == {
        *(
            "backup",
            "triggers",
            "access",
            "autoscaling",
            "alarms",
            "backup_selection",
            "contributor_insights",
            "kinesis_destination",
        ),
        *("replicas", "deletion_protection", "table", "roles", "backup_vault", "backup_plan"),
    }
    assert {region for step, region in planned if step in ("replicas", "table")} == {*REGIONS}
    assert {region for step, region in planned if step == "triggers"} == {"us-east-1", "eu-west-1"}
    monkeypatch.setattr(Session, "regions", lambda _self, _service: REGIONS)  # of 34, which takes its time
    calls: list[str] = []
    while True:
        with monkeypatch.context() as patch:
            sent = kill_after(patch, 1)
            try:
                answer = world("retire", ORDERS, "--no-export", "--confirm", ORDERS)
            except Killed:
                calls += sent
                assert len(calls) < 40, calls
                continue
        break
    # After the last call nothing says that there was a table.
    assert (answer.code, answer.error, sent) == (1, f"Table {ORDERS} does not exist.", []), answer.err
    assert calls[-1] == "backup:DeleteBackupPlan"
    assert [call for call in calls if call == "dynamodb:DeleteTable"] == ["dynamodb:DeleteTable"]
    assert len(calls) >= 15
    kinesis = {"us-east-1 kinesis stream changes"}
    assert snapshot(world) == world.before | kinesis  # type: ignore[attr-defined]
