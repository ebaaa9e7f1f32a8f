"""The setting ``triggers``: planned, applied, fired, changed in place, moved to a new stream, imported, pruned."""

from typing import Any

import yaml

from cli.story import Answer, table
from item_stories.kit import ItemStory
from stream_functions import StreamFunctions

VIEW = {"view_type": "NEW_AND_OLD_IMAGES"}


def orders(story: ItemStory, *triggers: dict[str, Any], **more: Any) -> None:
    story.define(table("orders", **{"stream": VIEW, "triggers": [*triggers], **more}))


def put(story: ItemStory, functions: StreamFunctions, *keys: str) -> None:
    for key in keys:
        functions.client_of("dynamodb").put_item(TableName="orders", Item={"pk": {"S": key}})


def applied(story: ItemStory, *words: str) -> Answer:
    answer = story("apply", "--yes", *words)
    assert answer.code == 0, answer.err
    check = story("check", *[each for each in words if each == "--prune"])
    assert check.code == 0, check.out
    return answer


def mappings(functions: StreamFunctions) -> list[Any]:
    return list(functions.client_of("lambda").list_event_source_mappings()["EventSourceMappings"])


def test_a_new_table_calls_its_function_and_a_changed_option_stays_the_same_mapping(
    story: ItemStory, functions: StreamFunctions
) -> None:
    functions.deploy("ship")
    orders(story, {"function": "ship", "filters": [{"eventName": ["INSERT"]}]})
    planned = story("plan", "--json").json
    assert planned["tables"][0]["changes"], planned
    applied(story)
    put(story, functions, "a")
    functions.got("ship", "a")
    (made,) = mappings(functions)
    outputs = story("outputs", "orders", "--json").json[0]["triggers"]
    assert [(each["uuid"], each["function"], each["state"]) for each in outputs] == [(made["UUID"], "ship", "Enabled")]
    changed = {"function": "ship", "starting_position": "TRIM_HORIZON", "batch_size": 7, "maximum_retry_attempts": 2}
    orders(story, changed)
    planned = story("plan")
    assert "batch_size 100 -> 7" in planned.out
    assert "the starting position of trigger ship stays LATEST" in planned.out + planned.err
    applied(story)
    (now,) = mappings(functions)
    assert (now["UUID"], now["BatchSize"], now["MaximumRetryAttempts"]) == (made["UUID"], 7, 2)
    assert now["FilterCriteria"] == {"Filters": [{"Pattern": '{"eventName":["INSERT"]}'}]}
    orders(story, {**changed, "filters": [], "enabled": False})
    applied(story)
    (off,) = mappings(functions)
    assert (off["UUID"], off["State"], off["FilterCriteria"]) == (made["UUID"], "Disabled", {"Filters": []})


def test_what_is_not_listed_is_a_note_and_goes_with_prune(story: ItemStory, functions: StreamFunctions) -> None:
    for name in ("ship", "audit"):
        functions.deploy(name)
    orders(story, {"function": "ship"}, {"function": "audit", "batch_size": 5})
    applied(story)
    imported = yaml.safe_load(story("import", "orders").out)["tables"][0]["triggers"]
    assert imported == [
        {"function": "audit", "starting_position": "LATEST", "batch_size": 5},
        {"function": "ship", "starting_position": "LATEST"},
    ]
    for listed in ([{"function": "ship"}], []):
        orders(story, *listed)
        planned = story("plan")
        assert planned.code == 0
        assert "trigger audit is not defined; --prune removes it" in planned.out + planned.err
        assert story("check").code == 0
    assert story("apply", "--prune", "--only", "triggers").code == 4
    orders(story, {"function": "ship"})
    applied(story, "--prune")
    (left,) = mappings(functions)
    assert left["FunctionArn"].endswith(":ship")
    orders(story)
    applied(story, "--prune", "--only", "triggers")
    assert mappings(functions) == []


def test_a_mapping_on_an_old_stream_is_moved(story: ItemStory, functions: StreamFunctions) -> None:
    functions.deploy("ship")
    orders(story, {"function": "ship", "batch_size": 5})
    applied(story)
    (old,) = mappings(functions)
    dynamodb = functions.client_of("dynamodb")
    for spec in ({"StreamEnabled": False}, {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}):
        dynamodb.update_table(TableName="orders", StreamSpecification=spec)
        story.served.clock.advance(minutes=2)
    orders(story, {"function": "ship"})
    assert story("check").code == 3
    assert "moved to the stream that is on" in story("plan").out
    applied(story)
    (new,) = mappings(functions)
    assert new["EventSourceArn"] == dynamodb.describe_table(TableName="orders")["Table"]["LatestStreamArn"]
    assert (new["BatchSize"], new["UUID"] != old["UUID"]) == (5, True)
    put(story, functions, "b")
    functions.got("ship", "b")


def test_another_view_of_the_stream_takes_the_triggers_along(story: ItemStory, functions: StreamFunctions) -> None:
    functions.deploy("ship")
    orders(story, {"function": "ship"})
    applied(story)
    orders(story, {"function": "ship"}, stream={"view_type": "NEW_IMAGE"})
    applied(story)
    put(story, functions, "c")
    functions.got("ship", "c")
    assert len(mappings(functions)) == 1


def test_what_lambda_would_refuse_is_one_sentence(story: ItemStory, functions: StreamFunctions) -> None:
    orders(story, {"function": "nobody"})
    answer = story("apply", "--yes")
    assert answer.code == 1
    assert "The function nobody does not exist" in answer.err
    functions.deploy("blind", reads=False)
    orders(story, {"function": "blind"})
    answer = story("apply", "--yes")
    assert answer.code == 1
    assert "blind may not dynamodb:DescribeStream, dynamodb:GetRecords" in answer.err
    story.define(table("plain"), table("other", triggers=[{"function": "blind"}]))
    assert story("apply", "plain", "--yes").code == 0
    story.define(table("plain", triggers=[{"function": "blind"}]))
    planned = story("plan")
    assert (planned.code, "the stream of the table, and it has none" in planned.out) == (1, True)


def test_a_policy_that_lambda_does_not_know_yet_is_waited_for(story: ItemStory, functions: StreamFunctions) -> None:
    functions.deploy("ship")
    orders(story, {"function": "ship"})
    story.served.fault("CreateEventSourceMapping", kind="InvalidParameterValueException", times=3)
    applied(story)
    assert len(mappings(functions)) == 1
