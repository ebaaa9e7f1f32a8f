"""The history in its table: one holder, fences, steps that count, and what is kept of an error."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from cli.story import client_of
from dynasmith.aws.stores.history.table import HistoryTable
from dynasmith.aws.stores.lease import LEASE_SECONDS
from dynasmith.errors import CheckpointError, LeaseLost, Locked, ProjectError
from dynasmith.migrations.event import MigrationCounts, MigrationEvent, StepRecord
from item_stories.kit import ItemStory
from migrations.test_stories import migrate

NOW = datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC)
STARTED = MigrationEvent(
    number=0,
    kind="started",
    version="0.0.1",
    run="r1",
    at=NOW,
    imports={"words.py": "sha256:x"},
    counts=MigrationCounts(read=3, written=2),
    read_units=1.5,
    jobs=("backfill-1",),
    log=("a line", ""),
)
STEP = StepRecord(ordinal=1, operation="once", state="done", result={"a": [1, 2.5, None, ""], "b": {}})


@pytest.fixture
def history(story: ItemStory) -> HistoryTable:
    """The history of a story."""
    return of(story)


def of(story: ItemStory, *, guarded: bool = False, lease_seconds: float = LEASE_SECONDS) -> HistoryTable:
    """A history. Who holds it writes no more two thirds of a lease after its last renewal, however slow the machine."""
    client = client_of(story.endpoint, story.account)
    return HistoryTable(client, "history", "prod", guarded=guarded, lease_seconds=lease_seconds)


def test_what_is_kept_is_read_as_it_was(history: HistoryTable) -> None:
    with history.hold("r1", "up", "ann", wait_seconds=0) as hold:
        event = hold.append(STARTED)
        hold.keep_step(event, STEP)
        assert history.read().events == (event,)
        assert list(hold.steps(event)) == [STEP] == list(history.recorded(event))
    assert event.number == 1
    assert history.read().lock.state == "free"


def test_reading_makes_no_table_and_holding_makes_one_that_is_protected(story: ItemStory) -> None:
    history = of(story, guarded=True)
    assert history.read().events == ()
    assert story.direct.list_tables()["TableNames"] == []
    with history.hold("r1", "up", "ann", wait_seconds=0):
        pass
    assert story.direct.describe_table(TableName="history")["Table"]["DeletionProtectionEnabled"]
    backups = story.direct.describe_continuous_backups(TableName="history")["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    story.direct.update_table(TableName="history", DeletionProtectionEnabled=False)


def test_a_table_whose_maker_was_killed_gets_its_recovery(story: ItemStory) -> None:
    history = of(story, guarded=True)
    history._create()  # and no more
    with history.hold("r1", "up", "ann", wait_seconds=0):
        pass
    backups = story.direct.describe_continuous_backups(TableName="history")["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    story.direct.update_table(TableName="history", DeletionProtectionEnabled=False)


def test_one_holder_at_a_time(history: HistoryTable) -> None:
    said = r"Migrations of prod run in another process \(ann, run r1\)"
    with history.hold("r1", "up", "ann", wait_seconds=0), pytest.raises(Locked, match=said):
        history.hold("r2", "up", "ben", wait_seconds=0).__enter__()
    with history.hold("r2", "up", "ben", wait_seconds=0) as hold:
        assert hold.fence == 2


def test_a_holder_that_stood_still_writes_nothing_when_it_wakes(history: HistoryTable, monkeypatch: Any) -> None:
    with history.hold("r1", "up", "ann", wait_seconds=0) as first:
        event = first.append(STARTED)
        first.keep_step(event, STEP)
        history.unlock("r2", "ben")  # as another run would after its lease
        monkeypatch.setattr(type(first), "held", property(lambda _: True))  # its clock stood still
        with pytest.raises(LeaseLost):
            first.append(STARTED)
        with history.hold("r3", "up", "cleo", wait_seconds=0) as second:
            assert list(second.steps(event)) == [STEP]
            late = StepRecord(ordinal=2, operation="once", state="done", result="late")
            first.keep_step(event, late)  # a plain put under an old fence: it does not count
            assert list(second.steps(event)) == [STEP]
            assert list(history.recorded(event)) == [STEP]
    kinds = [each.kind for each in history.read().events]
    assert kinds == ["started", "unlocked"]


def test_the_newest_record_of_a_step_counts(history: HistoryTable) -> None:
    begun = StepRecord(ordinal=1, operation="once", state="begun")
    with history.hold("r1", "up", "ann", wait_seconds=0) as hold:
        event = hold.append(STARTED)
        hold.steps(event)
        hold.keep_step(event, begun)
    with history.hold("r2", "up", "ann", wait_seconds=0) as hold:
        assert list(hold.steps(event)) == [begun]
        hold.keep_step(event, STEP)
    with history.hold("r3", "up", "ann", wait_seconds=0) as hold:
        assert list(hold.steps(event)) == [STEP]
        hold.forget_steps(event)
        assert list(history.recorded(event)) == []


def test_an_event_whose_answer_was_lost_is_kept_once(story: ItemStory, history: HistoryTable) -> None:
    with history.hold("r1", "up", "ann", wait_seconds=0) as hold:
        first = hold.append(STARTED)
        hold._lock.wrote(0)  # as where the answer to it did not come
        assert hold.append(STARTED) == first
        assert hold.append(STARTED).number == 2


def test_a_table_with_other_keys_is_refused(story: ItemStory) -> None:
    story.make("history", key="id")
    with pytest.raises(ProjectError, match="has the keys id, and a history needs pk and sk"):
        of(story).hold("r1", "up", "ann", wait_seconds=0).__enter__()


def test_a_newer_schema_is_refused(story: ItemStory, history: HistoryTable) -> None:
    with history.hold("r1", "up", "ann", wait_seconds=0) as hold:
        hold.append(STARTED)
    story.direct.update_item(
        TableName="history",
        Key={"pk": {"S": "migrations#prod"}, "sk": {"S": "event#000000000001"}},
        UpdateExpression="SET #s = :s",
        ExpressionAttributeNames={"#s": "schema"},
        ExpressionAttributeValues={":s": {"N": "2"}},
    )
    with pytest.raises(CheckpointError, match="has schema 2, and this version reads 1"):
        history.read()


def test_the_value_of_a_variable_is_not_kept_in_an_error(migrated: ItemStory, monkeypatch: Any) -> None:
    story = migrated
    monkeypatch.setenv("SHOP_TAG", "sesame-open-9")
    users = '{"tables": [{"name": "users", "key_schema": [{"attribute_name": "pk", "key_type": "HASH"}],'
    users += ' "attributes": [{"name": "pk", "type": "S"}], "tags": {"team": "${SHOP_TAG}"}}]}'
    story.write("tables_config.json", users)
    story.write("migrations/0.0.1_country.py", "import os\ndef up(m):\n    raise ValueError(os.environ['SHOP_TAG'])\n")
    assert story("plan").code == 0
    answer = migrate(story, "up", "--yes")
    assert answer.code == 1
    kept = str(story.items("dynasmith-migrations"))
    assert "ValueError: ${SHOP_TAG}" in kept
    assert "sesame" not in kept + answer.err


def test_a_down_that_cannot_be_derived_is_refused_before_anything_begins(migrated: ItemStory) -> None:
    story = migrated
    story.write("migrations/0.0.2_split_name.py", "def up(m):\n    m.once('a', lambda: 1)\n")
    assert migrate(story, "all", "--yes").code == 0
    answer = migrate(story, "to", "0.0.0", "--yes")
    assert (answer.code, answer.hint) == (2, "write def down(m)")
    assert migrate(story, "status").out == "0.1.3\n"
    kinds = {each["kind"]["S"] for each in story.items("dynasmith-migrations") if "kind" in each}
    assert kinds == {"started", "applied"}
