"""diagnose TABLE trigger: each cause is made on the strict endpoint, found, and fixed where it can be."""

from typing import Any

import boto3

from cli.story import table
from item_stories.kit import ItemStory
from stream_functions import StreamFunctions, until
from triggers.test_setting import VIEW, mappings, put


def codes(story: ItemStory, *words: str) -> list[str]:
    answer = story("diagnose", "orders", "trigger", *words, "--json")
    assert answer.code == (3 if any(not each["fixed"] for each in answer.json) else 0), answer.err
    return [each["code"] for each in answer.json]


def engine_client(story: ItemStory, service: str) -> Any:
    return boto3.client(  # type: ignore[call-overload]  # the service is an argument here
        service,
        endpoint_url=story.engine,
        region_name="us-east-1",
        aws_access_key_id=story.account,
        aws_secret_access_key="secret",
    )


def found(story: ItemStory, *words: str) -> dict[str, Any]:
    return {each["code"]: each for each in story("diagnose", "orders", "trigger", *words, "--json").json}


def test_what_is_off_or_old_is_found_and_fixed(story: ItemStory, functions: StreamFunctions) -> None:
    functions.deploy("ship")
    story.define(table("orders"))
    assert story("ensure").code == 0
    assert codes(story) == ["DG302"]
    assert found(story)["DG302"]["fix"].startswith("set stream: ")
    assert codes(story, "ship") == ["DG301", "DG302"]
    assert codes(story, "nobody") == ["DG301", "DG305", "DG302"]
    story.define(table("orders", stream=VIEW))
    assert story("apply", "--yes").code == 0
    assert story("lambda", "attach", "orders", "ship", "--yes").code == 0
    assert codes(story) == []
    assert story("lambda", "attach", "orders", "ship", "--disabled", "--yes").code == 0
    assert codes(story) == ["DG303"]
    assert story("diagnose", "orders", "trigger", "--fix").code == 4
    fixed = found(story, "--fix", "--yes")
    assert (fixed["DG303"]["fixable"], fixed["DG303"]["fixed"], codes(story)) == (True, True, [])
    dynamodb = functions.client_of("dynamodb")
    for spec in ({"StreamEnabled": False}, {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}):
        dynamodb.update_table(TableName="orders", StreamSpecification=spec)
        story.served.clock.advance(minutes=2)
    assert codes(story) == ["DG304"]
    assert codes(story, "--fix", "--yes") == ["DG304"]
    put(story, functions, "a")
    functions.got("ship", "a")
    assert codes(story) == []


def test_a_role_that_lost_its_policy_gets_it_back(story: ItemStory, functions: StreamFunctions) -> None:
    functions.deploy("ship")
    story.define(table("orders", stream=VIEW))
    assert story("ensure").code == 0
    assert story("lambda", "attach", "orders", "ship", "--yes").code == 0
    functions.client_of("iam").delete_role_policy(RoleName="ship", PolicyName="streams")
    causes = found(story)
    assert [*causes] == ["DG306"]
    assert "dynamodb:GetRecords" in causes["DG306"]["evidence"]
    assert codes(story, "--fix", "--yes") == ["DG306"]
    assert codes(story) == []


def test_a_function_that_fails_is_named_with_its_error_and_what_it_gave_up(
    story: ItemStory, functions: StreamFunctions
) -> None:
    functions.deploy("ship")
    dead = functions.queue("dead")
    functions.allow("ship", "dead", ["sqs:SendMessage"], dead)
    story.define(table("orders", stream=VIEW))
    assert story("ensure").code == 0
    give_up = ("--maximum-retry-attempts", "0", "--on-failure-destination", dead)
    assert story("lambda", "attach", "orders", "ship", *give_up, "--yes").code == 0
    put(story, functions, "poison")
    until(lambda: {"DG308", "DG310"} <= {*codes(story)}, "both causes are found")
    causes = found(story)
    assert "PROBLEM" in causes["DG308"]["evidence"]
    assert causes["DG310"]["evidence"].endswith("has 1 message")
    functions.client_of("iam").delete_role_policy(RoleName="ship", PolicyName="dead")
    assert "DG307" in codes(story, "ship")
    assert mappings(functions)[0]["State"] == "Enabled"


def test_changes_that_come_late_are_found(story: ItemStory, functions: StreamFunctions) -> None:
    functions.deploy("ship")
    story.define(table("orders", stream=VIEW))
    assert story("ensure").code == 0
    assert story("lambda", "attach", "orders", "ship", "--yes").code == 0
    aged = {"Name": "FunctionName", "Value": "ship"}
    metric = {"MetricName": "IteratorAge", "Dimensions": [aged], "Value": 61_000.0, "Unit": "Milliseconds"}
    at = story.served.clock.time() - 60
    cloudwatch = engine_client(story, "cloudwatch")  # Lambda itself writes it
    cloudwatch.put_metric_data(Namespace="AWS/Lambda", MetricData=[{**metric, "Timestamp": at}])
    late = found(story)
    assert (list(late), "61 s old" in late["DG309"]["evidence"]) == (["DG309"], True)
    (seen,) = [each for each in story("validate", "orders", "--json").json if each["code"] == "DS058"]
    assert (seen["severity"], "61 s old" in seen["why"]) == ("warning", True)
    (row,) = story("lambda", "list", "orders", "--json").json
    assert (row["iterator_age_ms"], row["age_unknown"]) == (61_000, "")
    story.served.fault("GetMetricData", kind="access-denied", times=None)
    (row,) = story("lambda", "list", "orders", "--json").json
    assert (row["iterator_age_ms"], "GetMetricData" in row["age_unknown"]) == (None, True)
    assert "How old changes were is unknown: " in story("lambda", "list", "orders").err
    blind = story("diagnose", "orders", "trigger")
    assert (blind.code, "Not looked at: trigger, in part. How old changes were is unknown: " in blind.err) == (1, True)


def test_a_function_belongs_to_the_part_of_triggers(story: ItemStory) -> None:
    assert story("diagnose", "orders", "backup", "ship").code == 2
