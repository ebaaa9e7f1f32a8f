"""`migrate mark --from-onetable`, on rows of onetable-migrate: recorded ones, and its own where it is installed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from bridges.record_onetable import HISTORIES, migrate
from cli.story import Answer
from item_stories.kit import ItemStory

HERE = Path(__file__).parents[1] / "bridges"
RECORDED = json.loads((HERE / "onetable_migrations.json").read_text("utf-8"))
UP = "def up(m):\n    raise AssertionError('it must not run')\n"
VERSIONS = ("0.0.1", "0.0.2", "0.0.3-beta.1", "0.1.0", "0.1.3")
needs_library = pytest.mark.skipif(
    shutil.which("node") is None or not (HERE.parents[1] / "node_modules/onetable-migrate").is_dir(),
    reason="onetable-migrate is not in node_modules: make node_modules/.installed",
)


def row(version: Any, status: Any = "success", at: str = "2026-01-01T00:00:00.000Z", **more: Any) -> dict[str, Any]:
    values = {"version": version, "status": status, "date": at, "_type": "_Migration"}
    item = {name: {"S": value} for name, value in values.items() if value is not None}
    return {"PK": {"S": "_migration"}, "SK": {"S": f"_migration:{version}:{at}"}, **item, **more}


def prepared(story: ItemStory, rows: list[dict[str, Any]], *versions: str) -> ItemStory:
    story.make("app", key="PK", sort="SK")
    story.put("app", *rows)
    for version in versions or VERSIONS:
        story.write(f"migrations/{version}.py", UP)
    return story


def mark(story: ItemStory, *words: str) -> Answer:
    return story("migrate", "mark", "--from-onetable", "app", *words)


def states(story: ItemStory) -> dict[str, str]:
    return {each["version"]: each["state"] for each in json.loads(story("migrate", "list", "--json").out)}


def test_it_marks_what_succeeded_and_says_why_it_leaves_the_rest(story: ItemStory) -> None:
    prepared(story, RECORDED["failed"])
    answer = mark(story)
    assert (answer.code, states(story)) == (4, dict.fromkeys(VERSIONS, "outstanding"))
    assert "OneTable Migrate says that app is at 0.1.0." in answer.err
    assert "not  0.1.0        failed there, though OneTable counts it as applied: Cannot do it" in answer.err
    assert "not  stamp        is a named migration" in answer.err
    answer = mark(story, "--yes")
    assert answer.code == 0, answer.err
    assert answer.err.count("is marked as applied") == 3
    assert states(story) == {
        "0.0.1": "marked",
        "0.0.2": "marked",
        "0.0.3-beta.1": "marked",
        "0.1.0": "outstanding",
        "0.1.3": "outstanding",
    }
    assert story("migrate", "status").out == "0.0.3-beta.1\n"
    [event] = json.loads(story("migrate", "show", "0.0.1", "--json").out)
    assert event["log"][0].startswith("OneTable Migrate applied it at 20")
    assert event["log"][0].endswith("Z: Stock the table")


def test_a_second_time_it_marks_nothing(story: ItemStory) -> None:
    prepared(story, RECORDED["reset"])
    first = json.loads(mark(story, "--yes", "--json").out)
    assert [each["version"] for each in first["events"]] == [*VERSIONS]
    assert first["marks"][0]["applied_at"].startswith("20")
    story.served.journal.clear()
    again = mark(story, "--json")  # and it has nothing to ask for
    assert (again.code, json.loads(again.out)["events"], story.wrote()) == (0, [], [])
    assert "Nothing to mark." in mark(story).err


def test_what_was_taken_back_there_is_outstanding(story: ItemStory) -> None:
    prepared(story, RECORDED["down"])
    assert mark(story, "--yes").code == 0
    assert states(story)["0.1.3"] == "outstanding"
    assert story("migrate", "status").out == "0.1.0\n"


def test_what_it_cannot_know_is_left(story: ItemStory) -> None:
    later = "2026-01-02T00:00:00Z"
    left = [
        ([row("0.0.1", "No", "soon"), row("0.0.1")], "0.0.1", "without readable dates"),
        ([row("0.0.2", "No", later), row("0.0.2")], "0.0.2", "failed there"),
        ([row("0.1.0", None)], "_migration:0.1.0", "has no status"),
        ([row(None)], "_migration:None", "has no version"),
        ([row("0.0.2+build.7")], "0.0.2+build.7", "has build metadata"),
        ([row("rubbish", date={"L": []})], "rubbish", "is a named migration"),
        ([row("0.0.1-rc.1")], "0.0.1-rc.1", "has no file here"),
        ([], "0.1.0", "is not in the history of OneTable"),
    ]
    marked = [row("0.0.3-beta.1", "No"), row("0.0.3-beta.1", at=later), row("v0.1.3")]
    prepared(story, [*marked, *(each for rows, _, _ in left for each in rows)])
    answer = mark(story, "--yes")
    assert answer.code == 0, answer.err
    for _, key, reason in left:
        assert [line for line in answer.err.splitlines() if line.startswith(f"  not  {key}") and reason in line], key
    assert {key for key, state in states(story).items() if state == "marked"} == {"0.0.3-beta.1", "0.1.3"}


def test_one_that_began_here_is_left(story: ItemStory) -> None:
    prepared(story, [row("0.0.1")])
    assert story("migrate", "up", "--yes").code == 1
    answer = mark(story, "--yes")
    assert "  not  0.0.1        is failed here" in answer.err
    assert states(story)["0.0.1"] == "failed"


def test_a_version_without_a_file_that_the_table_is_at_is_refused(story: ItemStory) -> None:
    prepared(story, RECORDED["reset"], "0.0.1", "0.0.2")
    answer = mark(story, "--yes")
    assert (answer.code, answer.error) == (
        2,
        "app is at 0.1.3, and no file here has that version: what it did cannot be known.",
    )
    assert answer.hint == "write its file: dynasmith migrate generate --bump 0.1.3"
    assert states(story) == {"0.0.1": "outstanding", "0.0.2": "outstanding"}
    assert story("migrate", "generate", "--bump", "0.1.3").code == 0
    assert mark(story, "--yes").code == 0
    assert story("migrate", "status").out == "0.1.3\n"


def test_a_table_that_can_have_no_such_history_is_refused(story: ItemStory) -> None:
    story.make("plain", key="PK")
    answer = story("migrate", "mark", "--from-onetable", "plain")
    assert (answer.code, "plain has no sort key" in answer.error) == (2, True)
    story.make("empty", key="PK", sort="SK")
    answer = story("migrate", "mark", "--from-onetable", "empty")
    assert (answer.code, answer.error) == (2, "empty has no history of OneTable Migrate.")
    assert story("migrate", "mark", "--from-onetable", "absent").code == 1


@pytest.mark.parametrize("words", [(), ("0.0.1", "--from-onetable", "app"), ("--from-onetable", "app", "--undo")])
def test_it_takes_a_version_or_a_table(story: ItemStory, words: tuple[str, ...]) -> None:
    answer = story("migrate", "mark", *words)
    assert (answer.code, answer.error) == (2, "mark takes a version, or --from-onetable with a table and nothing else.")


@needs_library
@pytest.mark.parametrize("name", HISTORIES)
def test_what_onetable_migrate_writes_today(story: ItemStory, name: str) -> None:
    dates, *actions = HISTORIES[name]
    current = migrate(story.engine, "app", dates, *actions)
    for version in VERSIONS:
        story.write(f"migrations/{version}.py", UP)
    answer = mark(story, "--yes")
    assert answer.code == 0, answer.err
    assert f"OneTable Migrate says that app is at {current}." in answer.err
    then = [(each["version"]["S"], each["status"]["S"]) for each in RECORDED[name] if "status" in each]
    marked = {key for key, state in states(story).items() if state == "marked"}
    assert marked == {version for version, status in then if status == "success"} & set(VERSIONS)
