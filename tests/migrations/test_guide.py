"""The page on migrations: its migration runs, and its Python block runs it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from dynasmith import Project
from item_stories.kit import ItemStory
from migrations.test_stories import indexes, migrate

PAGE = (Path(__file__).parents[2] / "docs" / "guide" / "migrations.md").read_text(encoding="utf-8")


def test_the_blocks_of_the_page_run(story: ItemStory) -> None:
    migration, upgrading = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    story.make("users")
    story.put("users", {"pk": {"S": "a"}, "full_name": {"S": "Ann Lee"}})
    story.write("migrations/0.0.1_split_the_name.py", migration)
    assert migrate(story, "up", "--dry-run").code == 0
    names: dict[str, Any] = {}
    exec(upgrading, names)
    with Project.load(
        endpoint=story.endpoint, region="us-east-1", access_key=story.account, secret_key="secret"
    ) as project:
        assert names["upgrade"](project) == "0.0.1"
    [item] = story.items("users")
    assert (item["first"], item["last"], item["country"]) == ({"S": "Ann"}, {"S": "Lee"}, {"S": "CH"})
    assert indexes(story) == ["by_country"]


def test_the_commands_of_the_page_are_there(story: ItemStory) -> None:
    from dynasmith.cli.commands.migrate import command

    named = set(re.findall(r"`migrate ([a-z]+)", PAGE))
    assert named <= set(command.commands)
    assert set(command.commands) <= named | {"all", "outstanding"}
