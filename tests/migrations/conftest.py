"""A story about migrations: a folder of them, a table of users, the embedded engine behind the strict endpoint."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from item_stories.conftest import served, story
from item_stories.kit import ItemStory, person
from migrations.killing import Killer, killing

__all__ = ["migrated", "served", "story"]

ADD = '''"""Everybody has a country."""


def up(m):
    m.table("users").add("country", "CH")
'''
SPLIT = '''"""Names are two attributes."""

import words


def up(m):
    m.log("begin", items=m.read("count", lambda: m.client().scan(TableName="users", Select="COUNT")["Count"]))
    m.table("users").backfill(split)


def split(item):
    if "name" in item:
        item["first"], item["last"] = words.halves(item.pop("name"))
    return item
'''
WORDS = """def halves(name):
    first, _, last = name.partition(" ")
    return first, last
"""
INDEX = '''"""Users by country."""


def up(m):
    m.table("users").add_index("by_country", partition_key="country", types={"country": "S"})


def down(m):
    m.table("users").drop_index("by_country")
'''


@pytest.fixture
def migrated(story: ItemStory) -> ItemStory:
    """A story with a table of 40 users and three migrations."""
    story.make("users")
    story.put("users", *(person(number) for number in range(40)))
    story.write("migrations/0.0.1_country.py", ADD)
    story.write("migrations/0.0.2_split_name.py", SPLIT)
    story.write("migrations/words.py", WORDS)
    story.write("migrations/0.1.3_index.py", INDEX)
    return story


@pytest.fixture(scope="module")
def killer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killer]:
    """Runs of commands that may be killed."""
    with killing(tmp_path_factory.mktemp("killed")) as found:
        yield found
