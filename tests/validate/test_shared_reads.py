"""What has to be listed of a whole Region or account is listed once a run, however many tables there are."""

from collections import Counter

import pytest

from cli.story import table
from item_stories.kit import ItemStory

TABLES = [f"orders-{number:02d}" for number in range(15)]
ONCE = ("DescribeAlarms", "GetAccountAuthorizationDetails", "ListEventSourceMappings", "ListBackupPlans")
NONE: dict[str, object] = {"alarms": [], "access": [], "triggers": [], "backup_plan": {"enabled": False}}


@pytest.fixture
def many(story: ItemStory) -> ItemStory:
    """A story with many tables, none of which has anything around it."""
    story.define(*(table(name, **NONE) for name in TABLES))
    for name in TABLES:
        story.make(name)
    return story


def calls(story: ItemStory, *words: str) -> Counter[str]:
    """How often a command called each operation; it exits as it does where nothing differs."""
    before = len(story.served.journal)
    answer = story(*words)
    assert answer.code in (0, 3), answer.err
    return Counter(call.operation for call in list(story.served.journal)[before:])


def test_lists_are_read_once_a_run(many: ItemStory) -> None:
    for words in (("plan",), ("validate", "--json"), ("import", "--all")):
        seen = calls(many, *words)
        assert seen["DescribeTable"] >= len(TABLES)
        assert {name: seen[name] for name in ONCE} == dict.fromkeys(ONCE, 1), words
    many.define(table(TABLES[0], **{**NONE, "alarms": [{"kind": "write_throttled", "threshold": 0}]}))
    assert many("apply", "--yes").code == 0
    assert many("check").code == 0


def test_a_denied_list_is_asked_once_and_said_of_each_table(many: ItemStory) -> None:
    many.served.fault("DescribeAlarms", kind="access-denied", times=100)
    before = len(many.served.journal)
    planned = many("plan")
    assert planned.code == 0, planned.err
    assert [call.operation for call in list(many.served.journal)[before:]].count("DescribeAlarms") == 1
    assert planned.out.count("alarms is left alone: cloudwatch:DescribeAlarms is not allowed") == len(TABLES)
