"""The page on access: its commands run in order on the strict endpoint, and its definition is what they leave."""

import re
from pathlib import Path

import yaml

from access_stories import Functions
from cli.story import gsi, table
from dynasmith.tables.access_actions import WORDS
from item_stories.kit import ItemStory

TEXT = (Path(__file__).parents[2] / "docs/guide/access.md").read_text("utf-8")
COMMANDS = [line[12:].split() for line in re.findall(r"^\$ dynasmith .*$", TEXT, re.MULTILINE)]


def test_the_commands_of_the_page(story: ItemStory) -> None:
    functions = Functions(story.endpoint, story.account)
    first, more, check, part, all_of_it = COMMANDS
    for name in ("order-api", "order-report"):
        functions.make(name)
    functions.role("support")
    indexes = {"global_secondary_indexes": [gsi("by-customer", "customer")]}
    story.define(table("orders", **indexes))
    assert story("ensure").code == 0
    assert story(*first).code == 4
    said = story(*first, "--yes")
    assert (said.code, "order-api: granted (role order-api-role, policy dynasmith-orders)." in said.err) == (0, True)
    assert story(*more, "--yes").code == 0
    entries = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)[0])["tables"][0]["access"]
    story.define(table("orders", access=entries, **indexes))
    assert story(*check).code == 3
    assert story("apply", "--only", "access", "--yes").code == 0
    assert story(*check).code == 0
    assert story(*part, "--yes").code == 0
    assert "PutItem" not in str(functions.document("order-api-role"))
    assert story(*all_of_it, "--yes").code == 0
    assert [functions.document(f"{name}-role") for name in ("order-api", "order-report")] == [None, None]


def test_the_words_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", TEXT, re.MULTILINE)
    assert {word: {f"dynamodb:{name}" for name in actions.split(", ")} for word, actions in rows} == {
        word: set(actions) for word, actions in WORDS.items()
    }
