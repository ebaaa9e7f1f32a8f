"""The page on triggers: its commands run as they stand, in their order, and the function runs."""

import re
import shlex
from pathlib import Path

import yaml

from cli.story import table
from item_stories.kit import ItemStory
from stream_functions import StreamFunctions
from triggers.test_setting import VIEW, mappings, put

PAGE = Path(__file__).parents[2] / "docs/guide/triggers.md"
COMMAND = re.compile(r"^\$ dynasmith (.+)$", re.MULTILINE)


def commands() -> list[list[str]]:
    return [shlex.split(line) for line in COMMAND.findall(PAGE.read_text("utf-8"))]


def test_the_commands_of_the_page(story: ItemStory, functions: StreamFunctions) -> None:
    functions.deploy("ship")
    story.define(table("orders", stream=VIEW))
    assert story("ensure").code == 0
    attach, options, apply, listed, logs, *diagnose, detach = commands()
    assert story(*attach, "--yes").code == 0
    put(story, functions, "one")
    functions.got("ship", "one")
    assert story(*options, "--yes").code == 0
    (mapping,) = mappings(functions)
    assert (mapping["BatchSize"], len(mapping["FilterCriteria"]["Filters"])) == (10, 1)
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    story.define(*yaml.safe_load(block)["tables"])
    assert story(*apply, "--yes").code == 0
    assert (mappings(functions)[0]["MaximumRetryAttempts"], story("check").code) == (3, 0)
    put(story, functions, "two")
    functions.got("ship", "two")
    answer = story(*listed)
    assert (answer.code, "ship  Enabled" in answer.out) == (0, True)
    assert story(*logs).code == 0
    for words in diagnose:
        assert story(*words).code == 0
    assert story(*detach, "--yes").code == 0
    assert mappings(functions) == []
