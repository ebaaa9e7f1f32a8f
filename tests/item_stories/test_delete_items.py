"""delete-items: only what is asked for, by the table's name, undone to the byte."""

import re
import shlex
from pathlib import Path

import pytest

from item_stories.kit import ODD, ItemStory

WHERE = "begins_with(pk, 'user-') AND n < 10"


def test_the_commands_of_the_page(story: ItemStory) -> None:
    page = (Path(__file__).parents[2] / "docs" / "guide" / "delete-items.md").read_text("utf-8")
    assert page.split("\n\n")[1].startswith("```console\n$ dynasmith ")
    story.make("sessions")
    story.put("sessions", *({"pk": {"S": f"session#{n}"}, "n": {"N": str(n)}, "owner": {"S": "ada"}} for n in range(9)))
    left = []
    for line in re.findall(r"^\$ (dynasmith .*)$", page, re.MULTILINE):
        assert story(*shlex.split(line)[1:]).code == 0, line
        left.append(len(story.items("sessions")))
    assert left == [9, 4, 9, 0, 0]


def test_what_meets_the_condition_goes_and_comes_back_to_the_byte(story: ItemStory) -> None:
    story.people("users", 30)
    story.put("users", *ODD)
    before = story.digest("users")
    dry = story("delete-items", "users", "--where", WHERE, "--dry-run")
    assert dry.code == 0
    assert "10 of" in dry.out
    assert story.digest("users") == before
    done = story("delete-items", "users", "--where", WHERE, "--confirm", "users")
    assert done.code == 0, done.err
    assert "10 items deleted" in done.err
    assert len(story.items("users")) == 20 + len(ODD)
    assert story("jobs", "undo", "last", "--yes").code == 0
    assert story.digest("users") == before


def test_everything_without_a_journal_leaves_nothing_anywhere(story: ItemStory) -> None:
    story.people("users", 5)
    dry = story("delete-items", "users", "--all", "--dry-run")
    assert "dynasmith delete users" in dry.out
    assert story("delete-items", "users", "--all", "--no-journal", "--confirm", "users").code == 0
    assert story.items("users") == []
    kept = b"".join(path.read_bytes() for path in story.folder.rglob("*") if path.is_file())
    assert b"Ann" not in kept
    assert story("jobs", "undo", "last", "--yes").code == 1


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--confirm", "users"), 2, "needs to know which items"),
        (("--all", "--where", "n = 1", "--confirm", "users"), 2, "not both"),
        (("--where", "n <", "--confirm", "users"), 2, "condition"),
        (("--all",), 4, "Delete all items of users"),
        (("--all", "--yes"), 4, "Delete all items of users"),
        (("--all", "--confirm", "user"), 4, "Delete all items of users"),
    ],
)
def test_nothing_goes_that_was_not_asked_for_by_name(
    story: ItemStory, words: tuple[str, ...], code: int, says: str
) -> None:
    story.people("users", 3)
    refused = story("delete-items", "users", *words)
    assert (refused.code, len(story.items("users"))) == (code, 3)
    assert says in refused.err
