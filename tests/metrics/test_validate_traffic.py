"""validate says what was throttled in a day, and which billing mode costs less, of a live table."""

from typing import Any

from item_stories.kit import ItemStory
from metrics.test_diagnosis import INDEX, PROVISIONED
from metrics.traffic import orders, write


def found(story: ItemStory, *codes: str) -> dict[str, list[dict[str, Any]]]:
    """The findings with these codes."""
    answer = story("validate", "orders", "--json")
    return {code: [each for each in answer.json if each["code"] == code] for code in codes}


def test_what_was_throttled_in_a_day(story: ItemStory) -> None:
    client = orders(story)
    assert found(story, "DS035")["DS035"] == []
    write(client, 3)
    assert found(story, "DS035")["DS035"] == []
    story.served.throttle("orders", index="by_status", write_units=1)
    throttled = write(client, 5)
    (seen,) = found(story, "DS035")["DS035"]
    assert (seen["severity"], seen["path"]) == ("warning", "global_secondary_indexes.by_status")
    assert seen["why"].startswith(f"{throttled} writes of index by_status were throttled in the last 24 hours.")
    assert "diagnose orders throttling" in seen["fix"]
    story.served.clock.advance(hours=25)
    assert found(story, "DS035")["DS035"] == []


def test_two_weeks_of_a_load_that_is_too_small_for_its_capacity(story: ItemStory) -> None:
    client = orders(story, **PROVISIONED, **INDEX)
    (young,) = found(story, "DS034")["DS034"]
    assert "Cannot be known here" in young["why"]
    for _ in range(14):
        story.served.clock.advance(days=1)
        write(client, 2)
    (seen,) = found(story, "DS034")["DS034"]
    assert "The load of 14 days costs less than $0.01 a month on demand and $1.14 provisioned with" in seen["why"]
    assert seen["fix"] == "billing_mode: PAY_PER_REQUEST"


def test_two_weeks_of_a_load_on_demand_that_costs_little(story: ItemStory) -> None:
    client = orders(story)
    story.served.clock.advance(days=14)
    write(client, 2)
    assert found(story, "DS034")["DS034"] == []


def test_what_cloudwatch_denies_is_a_notice(story: ItemStory) -> None:
    orders(story)
    story.served.fault("GetMetricData", kind="access-denied", times=None)
    for code, (seen,) in found(story, "DS034", "DS035").items():
        assert (code, seen["severity"], "Cannot be known here" in seen["why"]) == (code, "notice", True)
