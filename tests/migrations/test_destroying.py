"""Steps that destroy items: what they can be restored from is made first and named in the history."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.story import table
from item_stories.kit import ItemStory
from migrations.test_stories import migrate, user

DELETE_SOME = 'def up(m):\n    assert m.table("users").delete_where("n >= 30").written == 10\n'
DELETE_ALL = 'def up(m):\n    m.table("users").delete_all()\n'
DROP = 'def up(m):\n    m.drop_table("users")\n'


def alone(story: ItemStory, code: str) -> None:
    """A story with one migration."""
    for name in ("0.0.2_split_name", "0.1.3_index"):
        (story.folder / "migrations" / f"{name}.py").unlink()
    story.write("migrations/0.0.1_country.py", code)


def applied(story: ItemStory) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(migrate(story, "show", "0.0.1", "--json").out)[-1]
    return event


def count(story: ItemStory) -> int:
    found: int = story.direct.scan(TableName="users", Select="COUNT", ConsistentRead=True)["Count"]
    return found


@pytest.mark.parametrize(("code", "left"), [(DELETE_SOME, 30), (DELETE_ALL, 0)])
def test_items_are_deleted_behind_a_backup_and_come_back_by_down(migrated: ItemStory, code: str, left: int) -> None:
    story = migrated
    alone(story, code)
    before = user(story, 35)
    answer = migrate(story, "up", "--yes", "--confirm", "users")
    assert answer.code == 0, answer.err
    assert count(story) == left
    event = applied(story)
    assert event["kind"] == "applied"
    assert event["backup"].startswith("arn:aws:dynamodb:")
    assert event["counts"] == {"read": 40 - left, "written": 40 - left}
    [line] = event["log"]
    assert event["backup"] in line
    answer = migrate(story, "down", "--yes")
    assert answer.code == 0, answer.err
    assert count(story) == 40
    assert user(story, 35) == before


def test_a_table_is_dropped_behind_a_backup(migrated: ItemStory) -> None:
    story = migrated
    alone(story, DROP)
    story.served.fault("DescribeAlarms", kind="access-denied", times=20)
    answer = migrate(story, "up", "--yes", "--confirm", "users")
    assert answer.code == 0, answer.err
    left = "left of users in us-east-1: the alarms could not be read (cloudwatch:DescribeAlarms is not allowed"
    assert left in answer.err
    assert left in "\n".join(applied(story)["log"])
    assert "users" not in story.direct.list_tables()["TableNames"]
    arn = applied(story)["backup"]
    story.direct.restore_table_from_backup(TargetTableName="users", BackupArn=arn)
    assert count(story) == 40


def test_where_backups_are_refused_an_export_is_made_and_compared(migrated: ItemStory) -> None:
    story = migrated
    alone(story, DELETE_ALL)
    story.served.fault("CreateBackup", nth=1, kind="access-denied", times=20)
    answer = migrate(story, "up", "--yes", "--confirm", "users")
    assert answer.code == 0, answer.err
    folder = Path(applied(story)["backup"])
    assert folder.is_dir()
    assert folder.is_relative_to(story.folder / ".dynasmith" / "backups")
    assert "there is no backup" in answer.err
    assert count(story) == 0


def test_an_empty_condition_is_refused_and_nothing_goes(migrated: ItemStory) -> None:
    story = migrated
    for condition in ("", "n >="):
        alone_code = f"def up(m):\n    m.table('users').delete_where({condition!r})\n"
        story.write("migrations/0.0.1_country.py", alone_code)
        assert migrate(story, "up", "--yes").code == 1
    assert count(story) == 40


def test_the_name_of_a_table_that_loses_items_is_asked_for_before_anything_begins(migrated: ItemStory) -> None:
    story = migrated
    story.write("migrations/0.0.2_split_name.py", DELETE_SOME)
    refused = migrate(story, "all", "--yes")
    assert (refused.code, "Items of table users are deleted" in refused.error) == (4, True), refused.err
    assert "--confirm users" in refused.err
    assert migrate(story, "status").out == "0.0.0\n"
    assert migrate(story, "list").out.count("outstanding") == 3
    assert migrate(story, "all", "--yes", "--confirm", "users").code == 0


def test_a_step_that_nobody_foresaw_stops_before_it_begins_and_goes_on_with_the_name(migrated: ItemStory) -> None:
    story = migrated
    code = """
        def up(m):
            m.table("users").add("country", "CH")
            getattr(m.table("users"), "delete" + "_all")()
        """
    alone(story, code)
    stopped = migrate(story, "up", "--yes")
    assert (stopped.code, "Items of table users are deleted" in stopped.error) == (4, True), stopped.err
    assert count(story) == 40
    events = json.loads(migrate(story, "show", "0.0.1", "--json").out)
    assert [event["kind"] for event in events] == ["started", "interrupted"]
    answer = migrate(story, "up", "--yes", "--confirm", "users")
    assert answer.code == 0, answer.err
    assert count(story) == 0


def test_a_table_that_is_empty_needs_no_name_and_no_backup(migrated: ItemStory) -> None:
    story = migrated
    story.define(table("fresh"))
    alone(story, 'def up(m):\n    m.create_table("fresh")\n    m.table("fresh").delete_all()\n')
    for words in (("up",), ("down",)):
        answer = migrate(story, *words, "--yes")
        assert answer.code == 0, answer.err
    events = json.loads(migrate(story, "show", "0.0.1", "--json").out)
    assert [event["backup"] for event in events] == [None] * 4
    assert "fresh" not in story.direct.list_tables()["TableNames"]


def test_a_derived_down_that_deletes_a_filled_table_needs_its_name(migrated: ItemStory) -> None:
    story = migrated
    story.define(table("fresh"))
    alone(story, 'def up(m):\n    m.create_table("fresh")\n')
    assert migrate(story, "up", "--yes").code == 0
    story.put("fresh", {"pk": {"S": "a"}})
    shown = migrate(story, "down", "--dry-run")
    assert "1. delete table fresh" in shown.out
    assert "! table fresh and all its items are deleted" in shown.out
    assert "the run needs --confirm fresh" in shown.err
    assert migrate(story, "down", "--yes").code == 4
    assert migrate(story, "down", "--yes", "--confirm", "fresh").code == 0
    assert applied(story)["backup"].startswith("arn:aws:dynamodb:")
