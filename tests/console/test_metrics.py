"""The pages Metrics: what a table consumed, what throttled it, and why something is not known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from console.browser import served as console_of
from console.browser import words_of
from dynasmith import MetricPoint, MetricSeries, Project, TableMetrics, UnknownMetric
from dynasmith.console.metric_charts import (
    capacity_charts,
    causes_of,
    latency_chart,
    operations_of,
    reasons_of,
    throttle_chart,
    totals_of,
)
from item_stories.kit import ItemStory
from metrics.conftest import served, story
from metrics.traffic import orders, read, write

__all__ = ["served", "story"]

START = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


def measured(metric: str, values: dict[int, float], *, statistic: str = "Sum", **dimensions: str) -> MetricSeries:
    """A series by minutes after the start."""
    points = tuple(MetricPoint(START + timedelta(minutes=minute), value) for minute, value in values.items())
    return MetricSeries(
        metric=metric,
        dimensions={"TableName": "orders", **dimensions},
        statistic=statistic,
        unit="Count",
        period=60,
        points=points,
        total=sum(values.values()) if statistic in ("Sum", "SampleCount") else None,
    )


def window(*series: MetricSeries, unknown: tuple[UnknownMetric, ...] = ()) -> TableMetrics:
    return TableMetrics(
        table="orders", start=START, end=START + timedelta(minutes=10), period=60, series=series, unknown=unknown
    )


def test_a_sum_is_zero_where_nothing_was_and_unknown_where_it_is_not_there_yet() -> None:
    found = window(measured("ConsumedWriteCapacityUnits", {1: 120.0, 3: 60.0}))
    reads, writes = capacity_charts(found, "")
    assert reads["lines"] == []
    (line,) = writes["lines"]
    assert line["name"] == "consumed"
    assert [values for _, values in writes["rows"]] == [
        ["1"],
        ["0"],
        ["2"],
        ["0"],
    ]  # a second; minutes 4 to 9 are unknown


def test_what_is_provisioned_is_beside_what_is_consumed() -> None:
    provisioned = measured("ProvisionedWriteCapacityUnits", {0: 5.0, 2: 5.0}, statistic="Average")
    found = window(measured("ConsumedWriteCapacityUnits", {0: 60.0, 2: 60.0}), provisioned)
    chart = capacity_charts(found, "")[1]
    assert [(line["name"], line["stepped"]) for line in chart["lines"]] == [("consumed", False), ("provisioned", True)]
    assert (
        chart["about"]
        == "consumed: 1 write units a second now, 1 at most; provisioned: 5 write units a second now, 5 at most"
    )


def test_latency_throttles_and_reasons_in_words() -> None:
    put = {"Operation": "PutItem"}
    found = window(
        measured("SuccessfulRequestLatency", {0: 4.0, 1: 2.0}, statistic="SampleCount", **put),
        measured("SuccessfulRequestLatency", {0: 3.0, 1: 5.0}, statistic="Average", **put),
        measured("SuccessfulRequestLatency", {0: 9.0, 1: 7.0}, statistic="p99", **put),
        measured("WriteThrottleEvents", {1: 3.0}),
        measured("WriteKeyRangeThroughputThrottleEvents", {1: 3.0}, GlobalSecondaryIndexName="by_day"),
        unknown=tuple(UnknownMetric(metric=f"M{number}", why="denied") for number in range(6)),
    )
    assert operations_of(found) == [
        {"operation": "PutItem", "requests": 6.0, "average": 4.0, "p99": 9.0}
        | dict.fromkeys(("items", "throttled", "errors"))
    ]
    assert [line["name"] for line in latency_chart(found)["lines"]] == ["PutItem"]
    assert causes_of(found) == {"IndexWriteKeyRangeThroughputExceeded by_day": 3}
    assert throttle_chart(found, "")["unit"] == "events in 1 min"
    assert ("Throttled writes", 3.0, "events") in totals_of(found, "")
    assert reasons_of(found) == [("denied", "M0, M1, M2, M3 and 2 more")]


def test_a_table_that_was_throttled(story: ItemStory) -> None:
    client = orders(story)
    write(client, 5)
    read(client, 3)
    story.served.throttle("orders", index="by_status", write_units=1)
    assert write(client, 5) > 0
    with Project.load() as project, console_of(project) as browser:
        browser.open()
        assert "/tables/orders/metrics" in browser.wait_for("/metrics", lambda text: "/tables/orders/metrics" in text)
        whole = browser.get("/tables/orders/metrics").text
        text = words_of(whole)
        for words in ("Writes of index by_status", "by the on-demand maximum", "PutItem", "GetItem", "99th percentile"):
            assert words in text
        assert "dynasmith metrics orders --since 1h --period 1m" in text
        assert "dynasmith diagnose orders throttling" in text
        before = len(story.served.journal)
        of_index = words_of(browser.get("/tables/orders/metrics?index=by_status").text)
        assert "PutItem" not in of_index
        browser.get("/tables/orders/metrics?index=by_status")
        asked = [call.operation for call in list(story.served.journal)[before:]]
        assert asked.count("DescribeTable") == 1, "a second look within half a minute asks nothing"
        assert browser.get("/tables/orders/metrics?since=2y").status == 400
        assert browser.get("/tables/orders/metrics?index=nothing").status == 400
        assert browser.get("/tables/nowhere/metrics").status == 404
