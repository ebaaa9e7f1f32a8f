"""The setting alarms: planned, applied, checked, imported, pruned, and shown by outputs."""

from typing import Any

import boto3
import pytest

from cli.story import table
from item_stories.kit import ItemStory

TOPIC = "arn:aws:sns:us-east-1:123456789012:oncall"
WRITES = {"kind": "write_throttled", "threshold": 0, "notify": TOPIC}


def cloudwatch(story: ItemStory) -> Any:
    return boto3.client(
        "cloudwatch",
        endpoint_url=story.endpoint,
        region_name="us-east-1",
        aws_access_key_id=story.account,
        aws_secret_access_key="secret",
    )


def alarms(story: ItemStory) -> dict[str, Any]:
    return {each["AlarmName"]: each for each in cloudwatch(story).describe_alarms()["MetricAlarms"]}


def dimensions(alarm: dict[str, Any]) -> dict[str, str]:
    return {each["Name"]: each["Value"] for each in alarm["Dimensions"]}


def test_the_life_of_an_alarm(story: ItemStory) -> None:
    story.define(table("orders", alarms=[WRITES]))
    answer = story("apply", "--yes")
    assert answer.code == 0, answer.err
    (alarm,) = alarms(story).values()
    assert (alarm["AlarmName"], alarm["MetricName"]) == ("orders-write_throttled", "WriteThrottleEvents")
    assert (dimensions(alarm), alarm["AlarmActions"]) == ({"TableName": "orders"}, [TOPIC])
    assert (alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"], alarm["Period"]) == (5, 5, 60)
    assert story("check").code == 0
    assert story("outputs", "orders", "--json").json[0]["alarms"] == ["orders-write_throttled"]

    story.define(table("orders", alarms=[WRITES | {"threshold": 10, "minutes": 2, "of_minutes": 3}]))
    assert story("check").code == 3
    assert story("apply", "--only", "alarms", "--yes").code == 0
    (alarm,) = alarms(story).values()
    assert (alarm["Threshold"], alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == (10, 2, 3)

    story.define(table("orders", alarms=[]))
    plan = story("plan")
    assert "alarm write_throttled is not defined; --prune removes it" in plan.out
    assert story("check").code == 0
    assert story("apply", "--prune", "--yes").code == 0
    assert alarms(story) == {}


def test_a_part_has_an_alarm_of_its_own(story: ItemStory) -> None:
    """Metrics by operation have no figures of the table alone, so that no alarm may watch them so."""
    slow = {"kind": "latency", "threshold": 50, "minutes": 10}
    errors = {"kind": "system_errors", "threshold": 0, "only": "GetItem"}
    story.define(table("orders", alarms=[slow, errors]))
    assert story("apply", "--yes").code == 0
    there = alarms(story)
    assert sorted(there) == [
        *("orders-latency-DeleteItem", "orders-latency-GetItem", "orders-latency-PutItem", "orders-latency-Query"),
        *("orders-latency-UpdateItem", "orders-system_errors-GetItem"),
    ]
    for alarm in there.values():
        assert dimensions(alarm).keys() == {"TableName", "Operation"}
    assert story("check").code == 0
    imported = story("import", "orders").out
    assert "only: [GetItem]" in imported
    assert imported.count("kind:") == 2, imported


def test_what_others_made(story: ItemStory) -> None:
    """What a kind can express is imported with its name and planned empty; the rest is named and left."""
    story.define(table("orders"))
    assert story("ensure").code == 0
    own = {
        "Namespace": "AWS/DynamoDB", "Dimensions": [{"Name": "TableName", "Value": "orders"}], "Statistic": "Sum",
        "Period": 60, "EvaluationPeriods": 3, "Threshold": 5, "ComparisonOperator": "GreaterThanThreshold",
    }  # fmt: skip
    there = cloudwatch(story)
    there.put_metric_alarm(AlarmName="team-reads", MetricName="ReadThrottleEvents", OKActions=[TOPIC], **own)
    there.put_metric_alarm(AlarmName="team-ttl", MetricName="TimeToLiveDeletedItemCount", **own)
    there.put_metric_alarm(AlarmName="alien", MetricName="ReadThrottleEvents", **own | {"Dimensions": []})
    imported = story("import", "orders").out
    assert "name: team-reads" in imported
    assert "alarms that no kind can express are left alone: team-ttl" in imported
    reads = {"kind": "read_throttled", "threshold": 5, "minutes": 3, "name": "team-reads"}
    story.define(table("orders", alarms=[reads]))
    assert story("check").code == 0
    story.define(table("orders", alarms=[reads | {"threshold": 6}]))
    assert story("apply", "--yes", "--prune").code == 0
    assert alarms(story)["team-reads"]["Threshold"] == 6
    assert alarms(story)["team-reads"]["OKActions"] == [TOPIC]
    story.define(table("orders", alarms=[]))
    assert story("apply", "--yes", "--prune").code == 0
    assert sorted(alarms(story)) == ["alien", "team-reads", "team-ttl"]


def test_what_is_not_mentioned_stays(story: ItemStory) -> None:
    story.define(table("orders", alarms=[WRITES]))
    assert story("apply", "--yes").code == 0
    cloudwatch(story).disable_alarm_actions(AlarmNames=["orders-write_throttled"])
    story.define(table("orders", alarms=[{"kind": "write_throttled", "threshold": 3}]))
    assert story("apply", "--yes").code == 0
    (alarm,) = alarms(story).values()
    assert (alarm["Threshold"], alarm["AlarmActions"], alarm["ActionsEnabled"]) == (3, [TOPIC], False)


@pytest.mark.parametrize(
    ("alarm", "part"),
    [
        ({"kind": "slow"}, "expects one of write_throttled"),
        ({"threshold": -1}, "must be at least 0, not -1"),
        ({"minutes": 1441}, "must be between 1 and 1440"),
        ({"minutes": 0}, "must be between 1 and 1440"),
        ({"minutes": 10, "of_minutes": 5}, "is 5, and minutes is 10"),
        ({"kind": "replication_lag", "minutes": 3}, "a figure every 5 minutes"),
        ({"notify": "arn:aws:sns:eu-west-1:123456789012:oncall"}, "calls actions of its own Region only"),
        ({"notify": "oncall"}, "is not the ARN of an action"),
        ({"index": "by_day"}, "which is not an index of the definition"),
        ({"kind": "latency", "index": "by_day"}, "has no index"),
        ({"kind": "latency", "only": ["GetIten"]}, "which is not an operation on items"),
        ({"only": ["GetItem"]}, "has no parts"),
        ({"kind": "latency", "name": "slow"}, "each operation has an alarm of its own"),
    ],
)
def test_a_definition_that_is_refused(story: ItemStory, alarm: dict[str, Any], part: str) -> None:
    entries: list[dict[str, Any]] = [WRITES | alarm]
    story.define(table("orders", alarms=entries, global_secondary_indexes=[]))
    answer = story("apply", "--yes")
    assert (answer.code, part in answer.err, bool(answer.hint)) == (2, True, True), answer.err
    assert alarms(story) == {}


def test_the_same_alarm_twice_is_refused(story: ItemStory) -> None:
    story.define(table("orders", alarms=[WRITES, WRITES]))
    assert story("plan").code == 2
    story.define(table("orders", alarms=[WRITES, WRITES | {"threshold": 9, "name": "orders-writes-bad"}]))
    assert story("apply", "--yes").code == 0
    assert sorted(alarms(story)) == ["orders-write_throttled", "orders-writes-bad"]


def test_lag_of_a_table_without_replicas_is_refused_with_a_way_out(story: ItemStory) -> None:
    story.define(table("orders", alarms=[{"kind": "replication_lag", "threshold": 10_000}, WRITES]))
    answer = story("apply", "--yes")
    assert (answer.code, "the table has no replica" in answer.out + answer.err) == (1, True), answer.out + answer.err
    assert alarms(story) == {}


def test_a_restored_table_has_the_alarms_of_its_source(story: ItemStory) -> None:
    story.define(table("orders", alarms=[WRITES]))
    assert story("apply", "--yes").code == 0
    assert story("backup", "create", "orders", "--name", "before").code == 0
    answer = story("backup", "restore", "before", "--target", "orders-again", "--yes", "--json")
    assert answer.code == 0, answer.out + answer.err
    again = alarms(story)["orders-again-write_throttled"]
    assert (dimensions(again), again["AlarmActions"]) == ({"TableName": "orders-again"}, [TOPIC])
    (row,) = [each for each in answer.json["settings"] if each["setting"] == "alarms"]
    assert row["as_before"]


def test_cloudwatch_denied_is_said_and_the_rest_goes_on(story: ItemStory) -> None:
    story.define(table("orders"))
    assert story("ensure").code == 0
    story.define(table("orders", alarms=[WRITES], deletion_protection=True))
    fault = story.served.fault("DescribeAlarms", kind="access-denied", times=100)
    plan = story("plan")
    assert (plan.code, "alarms is left alone" in plan.out) == (0, True), plan.out + plan.err
    assert story("apply", "--yes").code == 0
    assert story.direct.describe_table(TableName="orders")["Table"]["DeletionProtectionEnabled"]
    fault.remove()
    story.served.fault("PutMetricAlarm", kind="access-denied", times=100)
    answer = story("apply", "--yes")
    assert (answer.code, "PutMetricAlarm on orders is not allowed" in answer.err) == (1, True), answer.err
    assert answer.hint
    assert alarms(story) == {}


@pytest.mark.parametrize("kind", ["500", "503", "throttle"])
def test_a_table_is_described_while_cloudwatch_fails(story: ItemStory, kind: str) -> None:
    story.define(table("orders", alarms=[WRITES]))
    assert story("apply", "--yes").code == 0
    fault = story.served.fault("DescribeAlarms", kind=kind, times=100)
    seen = story("describe", "orders", "--json")
    assert seen.code == 0, seen.err
    assert "alarms" in seen.json["unread"], seen.out
    plan = story("plan")
    assert (plan.code, "alarms is left alone" in plan.out) == (0, True), plan.out + plan.err
    fault.remove()
    assert "alarms" not in story("describe", "orders", "--json").json["unread"]


def test_validate_names_alarms_that_are_missing_and_that_can_never_be_raised(story: ItemStory) -> None:
    story.define(table("orders"), table("gone"))
    assert story("ensure", "orders").code == 0
    never = {
        "Namespace": "AWS/DynamoDB", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold",
    }  # fmt: skip
    for name, metric in (("orders", "SystemErrors"), ("gone", "WriteThrottleEvents")):
        dimension = {"Name": "TableName", "Value": name}
        cloudwatch(story).put_metric_alarm(AlarmName=f"{name}-x", MetricName=metric, Dimensions=[dimension], **never)
    found = [(each["table"], each["code"]) for each in story("validate", "--json").json if each["code"] >= "DS074"]
    assert {("orders", "DS074"), ("orders", "DS075"), ("gone", "DS075")} <= set(found)
    cloudwatch(story).delete_alarms(AlarmNames=["orders-x", "gone-x"])
    both = [WRITES, WRITES | {"kind": "read_throttled"}]
    story.define(table("orders", alarms=both))
    assert story("apply", "--yes").code == 0
    assert {each["code"] for each in story("validate", "--json").json}.isdisjoint({"DS074", "DS075"})
