"""diagnose TABLE throttling: each cause by its own metric, with what was seen and what ends it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aws_backup_calls import TRUST
from backups.test_schedules import client as service
from cli.story import gsi
from dynasmith import Autoscaling, Consent, Diagnosis, Project, Scaling
from dynasmith.aws.control.actions import METRICS
from dynasmith.engine.metrics.throttle_causes import throttled_resources
from dynasmith.ports.metrics import MetricPoint, MetricSeries
from dynasmith.strict import StrictServer
from item_stories.kit import ItemStory
from metrics.traffic import orders, read, still, strict, write
from triggers.test_diagnosis import engine_client

UNITS = {"read": 5, "write": 5}
PROVISIONED: dict[str, Any] = {"billing_mode": "PROVISIONED", "provisioned_throughput": UNITS}
INDEX: dict[str, Any] = {"global_secondary_indexes": [gsi("by_status", "status", provisioned_throughput=UNITS)]}
MAXIMUM: dict[str, Any] = {"on_demand_throughput": {"max_read": 10, "max_write": 10}}
SCALED: dict[str, Any] = {"autoscaling": {"write": {"min": 2, "max": 5}, "read": {"min": 2, "max": 5}}}


def codes(story: ItemStory, *words: str) -> dict[str, dict[str, Any]]:
    """The findings by code; the exit code is what they mean."""
    answer = story("diagnose", "orders", "throttling", "--json", *words)
    assert answer.code == (3 if any(not each["fixed"] for each in answer.json) else 0), answer.err
    return {each["code"]: each for each in answer.json}


def test_nothing_is_found_without_throttling(story: ItemStory) -> None:
    client = orders(story)
    assert codes(story) == {}
    assert (write(client, 10), read(client, 5)) == (0, 0)
    assert codes(story) == {}
    assert "Nothing was throttled." in story("diagnose", "orders", "throttling").err


@pytest.mark.parametrize(
    ("more", "limit", "code"),
    [
        ({}, {"key": "hot"}, "DG201"),
        ({}, {"index": "by_status"}, "DG202"),
        ({**PROVISIONED, **INDEX}, {"index": "by_status"}, "DG202"),
        ({**PROVISIONED, **INDEX}, {}, "DG203"),
        (MAXIMUM, {}, "DG204"),
        ({}, {"cause": "account"}, "DG205"),
    ],
    ids=["hot key", "index", "provisioned index", "capacity", "maximum", "account"],
)
def test_each_cause_is_named(story: ItemStory, more: dict[str, Any], limit: dict[str, Any], code: str) -> None:
    client = orders(story, **more)
    story.served.throttle("orders", write_units=1, **limit)
    throttled = write(client, 8, key="hot")
    found = codes(story)
    assert list(found) == [code]
    assert found[code]["evidence"].startswith(f"{throttled} Write")
    assert "dynasmith" in found[code]["fix"] or "aws " in found[code]["fix"]
    shown = story("diagnose", "orders", "throttling")
    assert (shown.code, code in shown.err, "Seen: " in shown.err) == (3, True, True)


def test_reads_of_an_index_hold_back_no_write(story: ItemStory) -> None:
    client = orders(story)
    story.served.throttle("orders", index="by_status", read_units=0.5, cause="maximum")
    write(client, 1)
    said: dict[str, Any] = {"KeyConditionExpression": "#s = :s", "ExpressionAttributeNames": {"#s": "status"}}
    for _ in range(4):
        try:
            client.query(
                TableName="orders", IndexName="by_status", ExpressionAttributeValues={":s": {"S": "new"}}, **said
            )
        except client.exceptions.ClientError:
            continue
    assert list(codes(story)) == ["DG204"]


def test_what_is_older_than_asked_is_not_found(story: ItemStory) -> None:
    client = orders(story)
    story.served.throttle("orders", write_units=1)
    assert write(client, 5) > 0
    story.served.clock.advance(hours=30)
    assert codes(story) == {}
    assert list(codes(story, "--since", "2d")) == ["DG204"]


def test_fixed_capacity_is_billed_on_demand(story: ItemStory) -> None:
    client = orders(story, **PROVISIONED, **INDEX)
    story.served.throttle("orders", write_units=1)
    assert write(client, 5) > 0
    assert story("diagnose", "orders", "throttling", "--fix").code == 4
    assert story("diagnose", "orders", "throttling", "--fix", "--dry-run").code == 3
    before = story.direct.describe_table(TableName="orders")["Table"]
    assert before["ProvisionedThroughput"]["WriteCapacityUnits"] == 5
    fixed = codes(story, "--fix", "--yes")["DG203"]
    assert (fixed["fixable"], fixed["fixed"]) == (True, True)
    assert "billing_mode: PAY_PER_REQUEST into the definition" in fixed["fix"]
    after = strict(story).describe_table(TableName="orders")["Table"]
    assert after["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


@pytest.fixture
def scaled(
    ministack_endpoint: str, moto_endpoint: str, story: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ItemStory]:
    """A story whose endpoint has Application Auto Scaling."""
    with StrictServer(ministack_endpoint, moto_endpoint, clock="real", capacity=False) as server:
        still(server)
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", server.endpoint)
        yield replace(story, endpoint=server.endpoint, served=server)


def test_autoscaling_that_is_at_its_end_is_given_more(scaled: ItemStory) -> None:
    client = orders(scaled, **PROVISIONED, **INDEX, **SCALED)
    scaled.served.throttle("orders", write_units=1)
    assert write(client, 5) > 0
    found = codes(scaled)["DG203"]
    assert "ends at 5 write units" in found["why"]
    assert "let write capacity of the table orders scale up to 10 units" in found["fix"]
    fixed = codes(scaled, "--fix", "--yes")["DG203"]
    assert (fixed["fixed"], "autoscaling.write.max: 10 into the definition" in fixed["fix"]) == (True, True)
    with Project.load(directory=scaled.folder) as project:
        scaling = project.describe("orders").table.autoscaling
    assert isinstance(scaling, Autoscaling)
    assert isinstance(scaling.write, Scaling)
    assert isinstance(scaling.read, Scaling)
    assert (scaling.write.max, scaling.read.max) == (10, 5)


def test_a_maximum_on_demand_is_doubled(story: ItemStory) -> None:
    indexes = [gsi("by_status", "status", on_demand_throughput={"max_write": 7})]
    client = orders(story, **MAXIMUM, global_secondary_indexes=indexes)
    story.served.throttle("orders", index="by_status", write_units=2)
    assert write(client, 9) > 0
    story.served.calm()
    story.served.throttle("orders", read_units=1)
    assert read(client, 9) > 0
    found = codes(story, "--fix", "--yes")
    assert {code: each["fixed"] for code, each in found.items()} == {"DG202": True, "DG204": True}
    live = strict(story).describe_table(TableName="orders")["Table"]
    assert live["OnDemandThroughput"] == {"MaxReadRequestUnits": 20, "MaxWriteRequestUnits": 10}
    assert live["GlobalSecondaryIndexes"][0]["OnDemandThroughput"]["MaxWriteRequestUnits"] == 14


def test_events_without_a_cause_are_said(story: ItemStory) -> None:
    orders(story)
    assert codes(story) == {}
    engine_client(story, "cloudwatch").put_metric_data(  # the service itself writes it
        Namespace="AWS/DynamoDB",
        MetricData=[
            {
                "MetricName": "WriteThrottleEvents",
                "Dimensions": [{"Name": "TableName", "Value": "orders"}],
                "Timestamp": story.served.clock.time() - 60,
                "Value": 3.0,
                "Unit": "Count",
            }
        ],
    )
    assert {code: each["evidence"][:1] for code, each in codes(story).items()} == {"DG206": "3"}


def test_what_only_a_person_can_end_is_not_fixed(story: ItemStory) -> None:
    client = orders(story)
    story.served.throttle("orders", write_units=1, key="hot")
    assert write(client, 5, key="hot") > 0
    (found,) = codes(story, "--fix", "--yes").values()
    assert (found["fixable"], found["fixed"]) == (False, False)


def test_without_a_part_every_part_is_looked_at(story: ItemStory) -> None:
    client = orders(story)
    answer = story("diagnose", "orders")
    assert (answer.code, "Nothing was found." in answer.err) == (0, True)
    story.served.throttle("orders", write_units=1)
    write(client, 5)
    story.served.fault("ListBackupPlans", kind="access-denied", times=None)
    answer = story("diagnose", "orders", "--json")
    assert (answer.code, [each["code"] for each in answer.json]) == (3, ["DG204"])
    assert "Not looked at: backup." in answer.err


def test_what_cannot_be_listed_is_said_and_the_rest_is_looked_at(story: ItemStory) -> None:
    client = orders(story)
    story.served.throttle("orders", write_units=1)
    assert write(client, 5) > 0
    story.served.fault("ListMetrics", kind="access-denied", times=None)
    diagnosis = story("diagnose", "orders", "throttling")
    assert (diagnosis.code, "DG204" in diagnosis.err) == (3, True), diagnosis.err
    assert "Not looked at: throttling, in part. Some metrics may be unknown: cloudwatch:ListMetrics " in diagnosis.err
    story.served.calm()
    story.served.fault("ListMetrics", kind="500", times=None)
    metrics = story("metrics", "orders", "--json")
    reasons = {each["metric"]: each["why"] for each in metrics.json["unknown"]}
    assert (metrics.code, "ListMetrics" in reasons["ThrottledRequests"]) == (0, True), metrics.err
    assert "ConsumedWriteCapacityUnits" in {each["metric"] for each in metrics.json["series"] if each["total"]}


def test_figures_that_cloudwatch_fails_to_answer_are_unknown(story: ItemStory) -> None:
    orders(story)
    story.served.fault("GetMetricData", kind="500", times=None)
    metrics = story("metrics", "orders", "--json")
    reasons = {each["metric"]: each["why"] for each in metrics.json["unknown"]}
    assert (metrics.code, metrics.json["series"]) == (0, [])
    assert "GetMetricData" in reasons["ConsumedWriteCapacityUnits"]


def test_what_cannot_be_looked_at_is_an_error(story: ItemStory) -> None:
    orders(story)
    story.served.fault("GetMetricData", kind="access-denied", times=None)
    answer = story("diagnose", "orders", "throttling")
    assert (answer.code, "could not be looked at" in answer.error, bool(answer.hint)) == (1, True, True)
    assert story("diagnose", "nothing", "throttling").code == 1
    assert story("diagnose", "orders", "throttling", "--since", "soon").code == 2
    assert story("diagnose", "orders", "throttling", "--since", "3y").code == 2
    assert story("diagnose", "orders", "throttling", "--since", "0h").code == 2
    assert story("diagnose", "orders", "backup", "--since", "1h").code == 2
    assert story("diagnose", "orders", "nonsense").code == 2


def test_an_engine_without_metrics_says_so(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> None:
    orders(story)
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", story.engine)
    answer = story("diagnose", "orders", "throttling")
    assert (answer.code, "publishes no metrics" in answer.error, bool(answer.hint)) == (1, True, True)


def test_the_python_face(story: ItemStory) -> None:
    client = orders(story, **PROVISIONED, **INDEX)
    story.served.throttle("orders", write_units=1)
    write(client, 5)
    with Project.load(directory=story.folder) as project:
        found = project.diagnose("orders", "throttling", since=timedelta(hours=1), fix=True, consent=Consent(yes=True))
        assert isinstance(found, Diagnosis)
        assert [(each.code, each.fixed) for each in found.findings] == [("DG203", True)]


def test_events_that_no_cause_explains_are_named_so() -> None:
    at = datetime(2026, 11, 20, 10, tzinfo=UTC)
    events = MetricSeries(
        metric="WriteThrottleEvents",
        dimensions={"TableName": "t"},
        statistic="Sum",
        unit="Count",
        period=60,
        points=(MetricPoint(at, 9.0),),
        total=9.0,
    )
    (found,) = throttled_resources([events])
    assert (found.cause, found.events, found.metric) == ("", 9.0, "WriteThrottleEvents")


def test_just_these_actions_are_needed(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the actions of the permissions page both verbs work; without one, what it is for is named."""
    client = orders(story)
    story.served.throttle("orders", write_units=1)
    assert write(client, 5) > 0
    iam, sts = service(story, "iam"), service(story, "sts")
    arn = iam.create_role(RoleName="watcher", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]

    def allow(*actions: str) -> None:
        body = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}
        iam.put_role_policy(RoleName="watcher", PolicyName="p", PolicyDocument=json.dumps(body))

    needed = ("dynamodb:DescribeTable", *METRICS)
    allow(*needed)
    keys = sts.assume_role(RoleArn=arn, RoleSessionName="one")["Credentials"]
    for name, member in (("ACCESS_KEY_ID", "AccessKeyId"), ("SECRET_ACCESS_KEY", "SecretAccessKey")):
        monkeypatch.setenv(f"AWS_{name}", keys[member])
    monkeypatch.setenv("AWS_SESSION_TOKEN", keys["SessionToken"])
    assert story("metrics", "orders", "--json").json["unknown"] == []
    assert list(codes(story)) == ["DG204"]
    for action in needed:
        allow(*(each for each in needed if each != action))
        diagnosis, metrics = story("diagnose", "orders", "throttling"), story("metrics", "orders", "--json")
        assert (diagnosis.code, action in diagnosis.err) == (3 if action == METRICS[0] else 1, True)
        assert action in metrics.out
        assert metrics.code == (1 if action == "dynamodb:DescribeTable" else 0)
