"""The page of best practices: its commands run as they stand, in their order."""

import re
import shlex
from pathlib import Path
from typing import Any

from cli.story import gsi, table
from dynasmith.validate.checklist import CHECKLIST
from item_stories.kit import ItemStory

PAGE = (Path(__file__).parents[2] / "docs" / "practices.md").read_text("utf-8")
SETTINGS: dict[str, Any] = {
    "point_in_time_recovery": {"enabled": True},
    "deletion_protection": True,
    "tags": {"team": "shop"},
    "stream": {"view_type": "NEW_AND_OLD_IMAGES"},
    "time_to_live": {"attribute": "ends"},
    "global_secondary_indexes": [gsi("by_status", "status")],
    "description": "Orders of a shop",
    "access_patterns": ["open orders"],
}
MIGRATION = '''"""Every order has a country."""


def up(m):
    m.table("orders").add("country", "CH")
'''
FINDS = ("validate",)
"""Verbs that exit 3 for what they find."""


def rows() -> list[list[str]]:
    """The rows of the tables: practice, command, words."""
    lines = [line.strip("|").split(" | ") for line in PAGE.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line] for line in lines if "`dynasmith " in "".join(line)]


def test_the_page_has_four_thirteen_and_seven_practices() -> None:
    parts = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
    counted = [
        sum(line.startswith("| ") and not line.startswith(("| |", "| Practice")) for line in each.splitlines())
        for each in parts
    ]
    assert counted == [4, len(CHECKLIST), 7]


def test_every_command_of_the_page_runs(story: ItemStory) -> None:
    story.write(
        "dynasmith.toml",
        f"""
        definitions = ["tables_config.json"]

        [environments.staging]
        endpoint = "{story.endpoint}"
        region = "us-east-1"
        table_prefix = "staging-"
        """,
    )
    story.write("migrations/0.0.1_country.py", MIGRATION)
    story.define(table("orders", **SETTINGS))
    assert story("ensure").code == 0
    assert story("ensure", "--env", "staging").code == 0
    story.put("orders", *({"pk": {"S": f"o{n}"}, "status": {"S": f"s{n % 9}"}} for n in range(20)))
    commands = [re.findall(r"`dynasmith ([^`]+)`", row[1])[0] for row in rows()]
    assert len(commands) >= 24
    for command in commands:
        words = shlex.split(command)
        answer = story(*words)
        assert answer.code in ((0, 3) if words[0] in FINDS else (0,)), (command, answer.out, answer.err)
    assert (story.folder / "infrastructure").is_dir()
    assert len(story.items("orders-tested")) == len(story.items("orders-rehearsal")) == 20
