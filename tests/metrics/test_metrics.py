"""`dynasmith metrics TABLE` and `project.metrics`: what is shown, under which dimensions, and what is not known."""

import signal
from datetime import datetime, timedelta
from typing import Any

import pytest

from dynasmith import Project, TableMetrics
from dynasmith.engine.metrics.catalog import queries_of
from item_stories.kit import ItemStory
from metrics.traffic import orders, read, write


def series(answer: Any, metric: str, **dimensions: str) -> list[dict[str, Any]]:
    """The series of a metric under exactly these dimensions beside the table's name."""
    wanted = {"TableName": "orders", **dimensions}
    return [each for each in answer.json["series"] if each["metric"] == metric and each["dimensions"] == wanted]


def test_the_last_hour_by_five_minutes(story: ItemStory) -> None:
    client = orders(story)
    assert (write(client, 6), read(client, 4)) == (0, 0)
    answer = story("metrics", "orders", "--json")
    assert (answer.code, answer.json["table"], answer.json["period_seconds"]) == (0, "orders", 300)
    start, end = (datetime.fromisoformat(answer.json[name]) for name in ("from", "to"))
    assert end - start == timedelta(hours=1)
    assert answer.json["unknown"] == []
    (written,) = series(answer, "ConsumedWriteCapacityUnits")
    assert (written["total"], written["statistic"], written["source"]) == (6.0, "Sum", "AWS/DynamoDB")
    assert sum(point["value"] for point in written["points"]) == 6.0
    assert 6 / 3600 <= written["per_second"] <= 6 / 3300
    (of_index,) = series(answer, "ConsumedWriteCapacityUnits", GlobalSecondaryIndexName="by_status")
    assert of_index["total"] == 6.0
    for side in ("Read", "Write"):
        for more in ({}, {"GlobalSecondaryIndexName": "by_status"}):
            (throttles,) = series(answer, f"{side}ThrottleEvents", **more)
            assert (throttles["total"], throttles["points"]) == (0.0, [])


def test_requests_are_counted_under_their_operation(story: ItemStory) -> None:
    client = orders(story)
    write(client, 5)
    story.served.throttle("orders", write_units=1)
    throttled = write(client, 5)
    answer = story("metrics", "orders", "--json")
    assert series(answer, "ThrottledRequests") == series(answer, "SuccessfulRequestLatency") == []
    (requests,) = series(answer, "ThrottledRequests", Operation="PutItem")
    assert requests["total"] == throttled > 0
    latency = series(answer, "SuccessfulRequestLatency", Operation="PutItem")
    assert [(each["statistic"], each["unit"], each["total"]) for each in latency] == [
        ("SampleCount", "Count", 10.0 - throttled),
        ("Average", "Milliseconds", None),
        ("p99", "Milliseconds", None),
    ]


def test_what_is_drawn(story: ItemStory) -> None:
    client = orders(story)
    write(client, 5)
    story.served.throttle("orders", index="by_status", write_units=1)
    assert write(client, 5) > 0
    answer = story("metrics", "orders")
    assert answer.code == 0
    for words in ("orders ", "by 5 min", "index by_status", " units", "throttled writes", "by the on-demand maximum"):
        assert words in answer.out
    assert "█" in answer.out
    assert "PutItem" in answer.out
    assert "Not known" not in answer.out


def test_one_index_alone(story: ItemStory) -> None:
    write(orders(story), 2)
    answer = story("metrics", "orders", "--index", "by_status", "--json")
    assert {each["dimensions"]["GlobalSecondaryIndexName"] for each in answer.json["series"]} == {"by_status"}


def test_a_window_of_its_own(story: ItemStory) -> None:
    client = orders(story)
    write(client, 3)
    story.served.clock.advance(hours=5)
    now = story.served.clock.now()
    last_hour = story("metrics", "orders", "--json")
    assert [each["total"] for each in series(last_hour, "ConsumedWriteCapacityUnits")] == [0.0]
    answer = story("metrics", "orders", "--json", "--since", "6h", "--period", "1h")
    assert (
        [each["total"] for each in series(answer, "ConsumedWriteCapacityUnits")],
        answer.json["period_seconds"],
    ) == (
        [3.0],
        3600,
    )
    ends = ("--from", (now - timedelta(hours=6)).isoformat(), "--to", (now - timedelta(hours=1)).isoformat())
    (found,) = series(story("metrics", "orders", "--json", *ends), "ConsumedWriteCapacityUnits")
    assert (found["total"], found["period_seconds"]) == (3.0, 300)


BAD = (
    (("--from", "2026-01-02T00:00:00Z", "--to", "2026-01-01T00:00:00Z"), "not later"),
    (("--from", "2026-01-02T00:00:00"), "no offset"),
    (("--from", "2999-01-01T00:00:00Z"), "not later"),
    (("--from", "2999-01-01T00:00:00Z", "--to", "2999-01-02T00:00:00Z"), "in the future"),
    (("--from", "2020-01-01T00:00:00Z"), "455 days"),
    (("--since", "1h", "--from", "2026-01-02T00:00:00Z"), "by its length or by its ends"),
    (("--since", "0h"), "longer than nothing"),
    (("--since", "soon"), "not a length of time"),
    (("--since", "999999999999d"), "not a length of time"),
    (("--since", "999999d"), "before there was time"),
    (("--period", "999999999999d"), "not a length of time"),
    (("--period", "90s"), "whole minutes"),
    (("--period", "30s"), "whole minutes"),
    (("--period", "0m"), "whole minutes"),
    (("--period", "2d"), "a day at most"),
    (("--period", "2h"), "longer than the window"),
    (("--since", "20d", "--period", "1m"), "20 days back"),
    (("--since", "100d", "--period", "5m"), "100 days back"),
    (("--index", "by_nothing"), "no index by_nothing"),
    (("--watch", "--json"), "contradict"),
    (("--watch", "--to", "2026-01-01T00:00:00Z"), "contradict"),
)


def test_bad_input_is_one_sentence(story: ItemStory) -> None:
    orders(story)
    for words, said in BAD:
        answer = story("metrics", "orders", *words)
        assert answer.code == 2, words
        error = answer.json["error"] if "--json" in words else {"message": answer.error, "hint": answer.hint}
        assert said in error["message"], words
        assert error["hint"], words
    absent = story("metrics", "nothing")
    assert (absent.code, "nothing does not exist" in absent.error, bool(absent.hint)) == (1, True, True)
    elsewhere = story("metrics", "orders", "--region", "eu-central-9")
    assert (elsewhere.code, len(elsewhere.error) > 0) == (1, True)


def test_what_cloudwatch_denies_is_said_and_the_rest_goes_on(story: ItemStory) -> None:
    client = orders(story)
    write(client, 2)
    story.served.fault("ListMetrics", kind="access-denied", times=None)
    answer = story("metrics", "orders", "--json")
    assert answer.code == 0
    assert [each["total"] for each in series(answer, "ConsumedWriteCapacityUnits")] == [2.0]
    reasons = {each["metric"]: each["why"] for each in answer.json["unknown"]}
    assert "ListMetrics" in reasons["ThrottledRequests"]
    assert "ConsumedWriteCapacityUnits" not in reasons
    story.served.calm()
    story.served.fault("GetMetricData", kind="access-denied", times=None)
    answer = story("metrics", "orders", "--json")
    reasons = {each["metric"]: each["why"] for each in answer.json["unknown"]}
    assert (answer.code, answer.json["series"]) == (0, [])
    assert "GetMetricData" in reasons["ConsumedWriteCapacityUnits"]
    assert "Not known" in story("metrics", "orders").out


def test_an_engine_without_metrics_says_so(story: ItemStory, monkeypatch: pytest.MonkeyPatch) -> None:
    orders(story)
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", story.engine)
    answer = story("metrics", "orders", "--json")
    assert (answer.code, answer.json["series"]) == (0, [])
    whys = {each["why"] for each in answer.json["unknown"]}
    assert whys == {"this engine publishes no metrics of DynamoDB"}
    assert "publishes no metrics" in story("metrics", "orders").out


def test_a_table_that_nobody_used_has_used_nothing(story: ItemStory) -> None:
    orders(story)
    answer = story("metrics", "orders", "--json")
    assert answer.json["unknown"] == []
    assert [each["total"] for each in series(answer, "ConsumedWriteCapacityUnits")] == [0.0]


def test_more_metrics_and_points_than_a_call_takes(story: ItemStory) -> None:
    """Every call is within what the service takes, else the strict endpoint refuses it; every page is read."""
    client = orders(story)
    write(client, 3)
    story.served.clock.advance(days=13)
    write(client, 4)
    before = len(story.served.journal.of("GetMetricData"))
    answer = story("metrics", "orders", "--since", "14d", "--period", "1m", "--json")
    assert answer.code == 0, answer.err
    assert [each["total"] for each in series(answer, "ConsumedWriteCapacityUnits")] == [7.0]
    assert len(story.served.journal.of("GetMetricData")) - before > 1
    for call in story.served.journal.of("ListMetrics"):
        assert call.status == 200


def test_the_python_face(story: ItemStory) -> None:
    client = orders(story)
    write(client, 4)
    with Project.load(directory=story.folder) as project:
        found = project.metrics("orders", since=timedelta(minutes=30), period=timedelta(minutes=1))
        assert isinstance(found, TableMetrics)
        (written,) = found.of("ConsumedWriteCapacityUnits", index="by_status")
        assert (written.total, written.period) == (4.0, 60)
        (requests, *_) = found.of("SuccessfulRequestLatency", Operation="PutItem")
        assert requests.total == 4.0
        assert found.end - found.start == timedelta(minutes=30)


def test_a_second_that_begins_a_minute_is_in_the_window(story: ItemStory) -> None:
    client = orders(story)
    story.served.clock.advance(seconds=60 - story.served.clock.time() % 60)
    write(client, 1)
    answer = story("metrics", "orders", "--period", "1m", "--json")
    assert [each["total"] for each in series(answer, "ConsumedWriteCapacityUnits")] == [1.0]


def test_watching_draws_again_until_interrupted(story: ItemStory) -> None:
    write(orders(story), 1)
    running = story.spawn("metrics", "orders", "--watch")
    assert running.stdout is not None
    assert running.stdout.readline().startswith("orders ")
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=60)
    assert running.returncode == 130


def test_operations_are_asked_for_under_their_names() -> None:
    listed = [
        ("ThrottledRequests", (("TableName", "t"), ("Operation", "Scan"))),
        ("ThrottledRequests", (("TableName", "t"),)),
        ("ConditionalCheckFailedRequests", (("TableName", "t"), ("Operation", "Scan"))),
        ("ReplicationLatency", (("TableName", "t"), ("ReceivingRegion", "eu-west-1"))),
        ("SystemErrors", (("TableName", "other"), ("Operation", "Scan"))),
        ("SomethingNew", (("TableName", "t"),)),
    ]
    asked = {(each.metric, each.dimensions) for each in queries_of("t", (), listed)} - {
        (each.metric, each.dimensions) for each in queries_of("t", (), ())
    }
    assert asked == {listed[0], listed[3]}
