"""delete-items: only what is asked for, by the table's name, undone to the byte."""

import json
import re
import shlex
from pathlib import Path

import pytest

from item_stories.kit import ODD, ItemStory, wire

WHERE = "begins_with(pk, 'user-') AND n < 10"


def test_the_commands_of_the_page(story: ItemStory) -> None:
    page = (Path(__file__).parents[2] / "docs" / "guide" / "delete-items.md").read_text("utf-8")
    assert page.split("\n\n")[1].startswith("```console\n$ dynasmith ")
    story.make("sessions")
    story.put("sessions", *({"pk": {"S": f"session#{n}"}, "n": {"N": str(n)}, "owner": {"S": "ada"}} for n in range(9)))
    story.write("keys.jsonl", "".join(f'{{"pk": "session#{n}"}}\n' for n in (2, 4, 2, 77)))
    left = []
    for line in re.findall(r"^\$ (dynasmith .*)$", page, re.MULTILINE):
        assert story(*shlex.split(line)[1:]).code == 0, line
        left.append(len(story.items("sessions")))
    assert left == [9, 4, 9, 9, 7, 9, 0, 0]


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
    words = ("delete-items", "users", "--where", "name = 'Ann3 Lee' OR pk = 'user-00004'", "--no-journal")
    assert "2 items deleted" in story(*words, "--confirm", "users").err
    assert "not kept" in story("jobs", "show", "last").out
    dry = story("delete-items", "users", "--all", "--dry-run")
    assert "dynasmith delete users" in dry.out
    assert story("delete-items", "users", "--all", "--no-journal", "--confirm", "users").code == 0
    assert story.items("users") == []
    kept = b"".join(path.read_bytes() for path in story.folder.rglob("*") if path.is_file())
    assert b"Ann" not in kept
    assert b"user-" not in kept
    assert story("jobs", "undo", "last", "--yes").code == 1


def test_a_limit_ends_the_job_and_is_said(story: ItemStory) -> None:
    story.people("users", 30)
    before = story.digest("users")
    words = ("delete-items", "users", "--where", WHERE, "--limit-items", "4")
    dry = story(*words, "--dry-run")
    assert "4 of 30 items would be deleted" in dry.out
    assert "The job would end after 4 items." in dry.out
    assert story(*words, "--dry-run", "--json").json["limit_items"] == 4
    done = story(*words, "--confirm", "users")
    assert (done.code, len(story.items("users"))) == (0, 26), done.err
    assert "4 items deleted" in done.err
    assert "It ended at its limit of 4 items; there may be more." in done.err
    assert story("jobs", "undo", "last", "--yes").code == 0
    assert story.digest("users") == before
    assert story(*words[:-1], "0", "--confirm", "users").code == 2


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--confirm", "users"), 2, "needs to know which items"),
        (("--all", "--where", "n = 1", "--confirm", "users"), 2, "takes one of"),
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


def test_the_keys_of_a_file_go_once_each_and_come_back_to_the_byte(story: ItemStory) -> None:
    story.people("users", 300)
    story.put("users", *ODD)
    before = story.digest("users")
    odd = [json.loads(wire(item)) for item in ODD]
    lines = [{"pk": f"user-{number:05d}", "note": "ignored"} for number in (*range(250), *range(9), 999)]
    keys = [json.dumps(line) for line in lines] + [json.dumps({"pk": item["pk"]["S"]}) for item in odd]
    story.folder.joinpath("keys.jsonl").write_text("\n".join(keys), "utf-8")
    dry = story("delete-items", "users", "--keys", "keys.jsonl", "--dry-run")
    assert "258 keys, and 9 that came before: 257 items would be deleted, 1 is not in the table" in dry.out
    sampled = story("delete-items", "users", "--keys", "keys.jsonl", "--dry-run", "--sample", "100", "--json").json
    assert (sampled["counted"], sampled["items"], sampled["repeated"]) == (False, 258, 9)
    assert story.digest("users") == before
    done = story("delete-items", "users", "--keys", "keys.jsonl", "--confirm", "users")
    assert "257 items deleted, 1 key without an item, 9 keys repeated" in done.err, done.err
    assert len(story.items("users")) == 50
    assert story("jobs", "undo", "last", "--yes").code == 0
    assert story.digest("users") == before


def test_keys_of_csv_have_the_types_of_the_table(story: ItemStory) -> None:
    story.make("orders")
    story.put("orders", {"pk": {"S": "00017"}}, {"pk": {"S": "17"}}, {"pk": {"S": "Zoë, 'x'"}})
    story.folder.joinpath("keys.csv").write_text("pk,why\n00017,asked\n\"Zoë, 'x'\",asked\n", "utf-8")
    assert story("delete-items", "orders", "--keys", "keys.csv", "--no-journal", "--confirm", "orders").code == 0
    assert [item["pk"]["S"] for item in story.items("orders")] == ["17"]


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (b'{"pk": "user-00001"}\n{"pk": 7}\n', 1, "keys.jsonl:2 is not a key of the table"),
        (b'{"pk": "user-00001"}\n{"other": "x"}\n', 1, "keys.jsonl:2 is not a key of the table"),
        (b'{"pk": "user-00001"}\nnonsense\n', 1, "keys.jsonl:2"),
        (b'{"pk": "user-00001"}\n{"pk": {"S": "user-00002"}}\n', 1, "is mixed"),
        (b"nonsense\n", 1, "neither JSON Lines nor"),
        (None, 1, "There is no file"),
    ],
)
def test_a_bad_file_of_keys_deletes_nothing(story: ItemStory, content: bytes | None, code: int, says: str) -> None:
    story.people("users", 3)
    if content is not None:
        story.folder.joinpath("keys.jsonl").write_bytes(content)
    for more in (("--confirm", "users"), ("--dry-run",)):
        refused = story("delete-items", "users", "--keys", "keys.jsonl", *more)
        assert (refused.code, len(story.items("users"))) == (code, 3), refused.err
        assert says in refused.err
        assert "--format" not in refused.err
    assert story("jobs", "list", "--json").json == []
    assert story("delete-items", "users", "--keys", "-", "--confirm", "users").code == 2
    assert story("delete-items", "users", "--keys", "keys.jsonl", "--all", "--confirm", "users").code == 2
