"""The how-to page on alarms: its definition and its commands, as they stand."""

import re
import shlex
from pathlib import Path

import yaml

from alarms.test_alarms import alarms
from item_stories.kit import ItemStory

PAGE = (Path(__file__).parents[2] / "docs/guide/alarms.md").read_text("utf-8")
COMMANDS = [shlex.split(line) for line in re.findall(r"^\$ dynasmith (.+)$", PAGE, re.MULTILINE)]
DEFINITION, MORE = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_the_page_on_alarms(story: ItemStory) -> None:
    (orders,) = yaml.safe_load(DEFINITION + MORE)["tables"]
    story.define({key: value for key, value in orders.items() if key != "alarms"})
    assert story("ensure").code == 0
    story.define(orders)
    assert len(COMMANDS) == 3
    for words in COMMANDS:
        answer = story(*words)
        assert answer.code == 0, (words, answer.err)
    assert len(alarms(story)) == 3 + 10 + 2 + 1
    assert {"orders-write_throttled-by_day", "orders-latency-Query", "orders-writes-serious"} <= alarms(story).keys()
    imported = story("import", "orders").out
    assert imported.count("kind:") == 6, imported
    story.define(*yaml.safe_load(imported)["tables"])
    assert story("check").code == 0
