"""retire: a last export that is verified, then the table; each name typed; nothing deleted where anything is unsure."""

import json

import pytest

from item_stories.kit import ItemStory

KEY = {
    "key_schema": [{"attribute_name": "pk", "key_type": "HASH"}],
    "attributes": [{"name": "pk", "type": "S"}],
}


def test_a_table_is_exported_verified_and_gone(story: ItemStory) -> None:
    story.people("users", 20)
    digest = story.digest("users")
    answer = story("retire", "users", "--export", "last", "--confirm", "users", "--json")
    assert answer.code == 0, answer.err
    [retired] = answer.json
    assert (retired["table"], retired["export"], retired["digest"]) == ("users", "last/users", digest)
    assert (retired["environment"], retired["endpoint"]) == ("local", story.endpoint)
    assert story.live() == []
    manifest = json.loads((story.folder / "last" / "users" / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["count"], manifest["digest"], manifest["definition"]["name"]) == (20, digest, "users")
    again = story("retire", "users", "--export", "last")  # the export tells that there was a table
    assert (again.code, "Nothing to retire: table users is gone" in again.err) == (0, True), again.err
    story.make("users")
    assert story("populate", "users", "last/users", "--yes").code == 0
    assert story.digest("users") == digest


def test_a_last_backup_is_made_and_comes_back(story: ItemStory) -> None:
    story.people("users", 20)
    digest = story.digest("users")
    answer = story("retire", "users", "--backup", "last-of-users", "--confirm", "users", "--json")
    assert answer.code == 0, answer.err
    assert story.live() == []
    [retired] = answer.json
    assert "table/users/backup/" in retired["backup"]
    again = story("retire", "users", "--backup", "last-of-users")  # so does the backup
    assert (again.code, "1 backup of users made on demand stay" in again.err) == (0, True), again.err
    assert story("backup", "restore", "last-of-users", "--target", "users-2", "--yes").code == 0
    assert story.digest("users-2") == digest


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--backup", "--confirm", "others"), 4),
        (("--export", "last"), 4),
        (("--export", "last", "--yes"), 4),
        (("--export", "last", "--confirm", "others"), 4),
        (("--confirm", "users"), 2),
        (("--export", "last", "--no-export", "--confirm", "users"), 2),
    ],
)
def test_without_the_name_and_a_word_about_the_export_nothing_is_done(
    story: ItemStory, words: tuple[str, ...], code: int
) -> None:
    story.people("users", 2)
    answer = story("retire", "users", *words)
    assert (answer.code, story.wrote(), story.live()) == (code, [], ["users"]), answer.err
    assert answer.hint


def test_a_missing_table_stops_it_before_the_first(story: ItemStory) -> None:
    story.people("users", 2)
    answer = story("retire", "users", "nowhere", "--no-export", "--confirm", "users", "--confirm", "nowhere")
    assert (answer.code, answer.error) == (1, "Table nowhere does not exist.")
    assert "nothing of it is left in us-east-1" in answer.hint
    assert story.live() == ["users"]


def test_an_old_export_that_differs_keeps_the_table(story: ItemStory) -> None:
    story.people("users", 5)
    assert story("export", "users", "last/users").code == 0
    story.put("users", {"pk": {"S": "late"}})
    answer = story("retire", "users", "--export", "last", "--confirm", "users")
    assert (answer.code, "nothing was deleted" in answer.error) == (1, True)
    assert story.live() == ["users"]
    assert story("retire", "users", "--no-export", "--confirm", "users").code == 0
    assert story.live() == []


def test_all_tables_of_the_definitions_are_named_and_confirmed(story: ItemStory) -> None:
    story.define(*({"name": name, **KEY} for name in ("users", "orders", "absent")))
    story.people("users", 2)
    story.make("orders", "undefined")
    words = ("retire", "--all", "--no-export")
    would = story(*words, "--dry-run", "--json").json
    assert [(each["table"], each["export"], each["endpoint"]) for each in would] == [
        ("users", None, story.endpoint),
        ("orders", None, story.endpoint),
        ("absent", None, story.endpoint),
    ]
    assert story(*words, "--confirm", "users").code == 4
    assert sorted(story.live()) == ["orders", "undefined", "users"]
    assert story(*words, "--confirm", "users", "--confirm", "orders").code == 0
    assert story.live() == ["undefined"]
    again = story(*words, "--json")  # all are gone: nothing is asked
    assert (again.code, [each["table"] for each in again.json]) == (0, ["users", "orders", "absent"]), again.err
    assert {(step["step"], step["state"]) for each in again.json for step in each["steps"]} == {("table", "absent")}
    assert "Nothing to retire: table users is gone" in again.err
    named = story("retire", "users", "--backup", "--dry-run")
    assert (named.code, "Nothing to retire: table users is gone" in named.err) == (0, True)
    assert story("retire", "--all", "users", "--no-export").code == 2
    assert story("retire", "--no-export").code == 2
