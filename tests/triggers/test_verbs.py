"""lambda attach, detach, list and logs, on the strict endpoint, with functions that run."""

from typing import Any

import pytest

from cli.story import table
from item_stories.kit import ItemStory
from stream_functions import StreamFunctions, until
from triggers.test_setting import VIEW, mappings, put

OPTIONS: tuple[tuple[str, str, str, Any], ...] = (
    ("--batch-size", "7", "BatchSize", 7),
    ("--maximum-batching-window-seconds", "1", "MaximumBatchingWindowInSeconds", 1),
    ("--parallelization-factor", "2", "ParallelizationFactor", 2),
    ("--maximum-retry-attempts", "3", "MaximumRetryAttempts", 3),
    ("--maximum-record-age-seconds", "60", "MaximumRecordAgeInSeconds", 60),
    ("--tumbling-window-seconds", "60", "TumblingWindowInSeconds", 60),
    ("--bisect-batch-on-function-error", "", "BisectBatchOnFunctionError", True),
    ("--no-bisect-batch-on-function-error", "", "BisectBatchOnFunctionError", False),
    ("--report-batch-item-failures", "", "FunctionResponseTypes", ["ReportBatchItemFailures"]),
    ("--no-report-batch-item-failures", "", "FunctionResponseTypes", []),
    ("--filter", '{"eventName": ["REMOVE"]}', "FilterCriteria", {"Filters": [{"Pattern": '{"eventName":["REMOVE"]}'}]}),
    ("--no-filter", "", "FilterCriteria", {"Filters": []}),
    ("--disabled", "", "State", "Disabled"),
)


@pytest.fixture
def orders(story: ItemStory) -> ItemStory:
    story.define(table("orders", stream=VIEW))
    assert story("ensure").code == 0
    return story


def test_attach_fires_and_each_option_changes_the_same_mapping(orders: ItemStory, functions: StreamFunctions) -> None:
    functions.deploy("ship")
    attach = ("lambda", "attach", "orders", "ship")
    assert (orders(*attach).code, mappings(functions)) == (4, [])
    assert orders(*attach, "--dry-run").code == 0
    assert mappings(functions) == []
    put(orders, functions, "before")
    made = orders(*attach, "--starting-position", "TRIM_HORIZON", "--yes", "--json")
    assert made.code == 0, made.err
    assert (made.json["state"], len(made.json["changed"]) > 0) == ("Enabled", True)
    functions.got("ship", "before")
    again = orders(*attach, "--yes", "--json").json
    assert (again["uuid"], again["changed"]) == (made.json["uuid"], [])
    for option, value, member, wanted in OPTIONS:
        answer = orders(*attach, option, *([value] if value else []), "--yes", "--json")
        assert answer.code == 0, answer.err
        (mapping,) = mappings(functions)
        assert (mapping["UUID"], mapping[member]) == (made.json["uuid"], wanted), option
    dead = functions.queue("dead")
    denied = orders(*attach, "--on-failure-destination", dead, "--yes")
    assert (denied.code, "ship may not sqs:SendMessage" in denied.error) == (1, True)
    functions.allow("ship", "dead", ["sqs:SendMessage"], dead)
    for destination, wanted in (
        (dead, {"OnFailure": {"Destination": dead}}),
        ("none", {"OnFailure": {"Destination": ""}}),
    ):
        assert orders(*attach, "--on-failure-destination", destination, "--yes").code == 0
        assert mappings(functions)[0]["DestinationConfig"] == wanted


def test_list_detach_and_a_mapping_on_an_old_stream(orders: ItemStory, functions: StreamFunctions) -> None:
    functions.deploy("ship")
    orders.define(table("orders", stream=VIEW, triggers=[{"function": "ship", "batch_size": 9}]))
    assert orders("lambda", "attach", "orders", "ship", "--yes").code == 0
    assert mappings(functions)[0]["BatchSize"] == 9
    put(orders, functions, "a")
    functions.got("ship", "a")
    until(lambda: mappings(functions)[0]["LastProcessingResult"] == "OK", "the result OK")
    (row,) = orders("lambda", "list", "orders", "--json").json
    assert {name: row[name] for name in ("function", "state", "last_result", "on_current_stream", "declared")} == {
        "function": "ship",
        "state": "Enabled",
        "last_result": "OK",
        "on_current_stream": True,
        "declared": True,
    }
    assert isinstance(row["iterator_age_ms"], int)
    dynamodb = functions.client_of("dynamodb")
    for spec in ({"StreamEnabled": False}, {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}):
        dynamodb.update_table(TableName="orders", StreamSpecification=spec)
        orders.served.clock.advance(minutes=2)
    (row,) = orders("lambda", "list", "orders", "--json").json
    assert (row["state"], row["on_current_stream"], row["iterator_age_ms"]) == ("Enabled", False, None)
    assert "on an old stream" in orders("lambda", "list", "orders").out
    moved = orders("lambda", "attach", "orders", "ship", "--yes", "--json").json
    assert moved["stream_arn"] == dynamodb.describe_table(TableName="orders")["Table"]["LatestStreamArn"]
    assert len(mappings(functions)) == 1
    detach = ("lambda", "detach", "orders", "ship")
    assert (orders(*detach).code, len(mappings(functions))) == (4, 1)
    assert orders(*detach, "--dry-run").code == 0
    assert orders(*detach, "--yes").code == 0
    assert (mappings(functions), orders(*detach, "--yes", "--json").json["changed"]) == ([], [])
    assert orders("lambda", "list", "orders", "--json").json == []


def test_logs_of_a_function(orders: ItemStory, functions: StreamFunctions, monkeypatch: pytest.MonkeyPatch) -> None:
    functions.deploy("ship")
    assert orders("lambda", "attach", "orders", "ship", "--maximum-retry-attempts", "0", "--yes").code == 0
    put(orders, functions, "poison")
    functions.got("ship", "poison")
    lines = until(lambda: orders("lambda", "logs", "ship", "--since", "2h", "--errors").out, "the error in the log")
    assert "poison" in lines
    assert len(orders("lambda", "logs", "ship", "--json").json) >= len(lines.splitlines())
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) > 1:
            raise KeyboardInterrupt

    monkeypatch.setattr("dynasmith.cli.commands.lambda_triggers.time.sleep", nap)
    followed = orders("lambda", "logs", "ship", "--errors", "--follow")
    assert (followed.code, followed.out) == (130, lines)
    assert orders("lambda", "logs", "ship", "--follow", "--json").code == 2
    absent = orders("lambda", "logs", "nobody")
    assert (absent.code, "nobody does not exist" in absent.error, bool(absent.hint)) == (1, True, True)


BAD = (
    (("--batch-size", "10001"), "batch_size is 10001; it is 1 to 10,000"),
    (("--maximum-record-age-seconds", "5"), "maximum_record_age_seconds is 5"),
    (("--filter", '{"a": 1}'), "is not an event filter of Lambda"),
    (("--filter", "[]"), "is not an event filter of Lambda"),
    (("--on-failure-destination", "arn:aws:sqs:us-east-1:111122223333:q.fifo"), "standard queue"),
    (("--tumbling-window-seconds", "901"), "tumbling_window_seconds is 901"),
)


def test_bad_input_is_one_sentence_and_changes_nothing(orders: ItemStory, functions: StreamFunctions) -> None:
    functions.deploy("ship")
    for words, sentence in BAD:
        answer = orders("lambda", "attach", "orders", "ship", *words, "--yes")
        assert (answer.code, sentence in answer.error, bool(answer.hint)) == (2, True, True), answer.err
    absent = orders("lambda", "attach", "orders", "nobody", "--yes")
    assert (absent.code, "The function nobody does not exist" in absent.error, bool(absent.hint)) == (1, True, True)
    functions.deploy("blind", reads=False)
    blind = orders("lambda", "attach", "orders", "blind", "--yes")
    assert (blind.code, "dynamodb:GetShardIterator" in blind.error, bool(blind.hint)) == (1, True, True)
    orders.make("plain")
    plain = orders("lambda", "attach", "plain", "ship", "--yes")
    assert (plain.code, plain.error) == (1, "Table plain has no stream, which calls ship.")
    assert orders("lambda", "attach", "nothing", "ship", "--yes").code == 1
    assert mappings(functions) == []
