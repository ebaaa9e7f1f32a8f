"""Steps that destroy items: what they can be restored from is made first and named in the history."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

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
    answer = migrate(story, "up", "--yes", "--confirm", "users")
    assert answer.code == 0, answer.err
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
