"""Files that change, what is open in the middle of a path, and transactions that meet a beat of the lock."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from dynasmith.aws.stores.history import hold as module
from dynasmith.aws.stores.history.table import HistoryTable
from dynasmith.errors import LeaseLost, ServiceError
from item_stories.kit import ItemStory
from migrations.test_author_faults import one
from migrations.test_history import STARTED, history
from migrations.test_stories import migrate

__all__ = ["history"]


def test_the_file_is_what_runs_though_it_changed_within_a_second(migrated: ItemStory) -> None:
    story = migrated
    for word in ("aaa", "bbb"):
        one(story, f"import near\ndef up(m):\n    m.log(near.WORD + '{word}')\n    m.check(False, 'no')\n")
        story.write("migrations/near.py", f"WORD = '{word}'\n")
        for name in ("0.0.1_one.py", "near.py"):
            os.utime(story.folder / "migrations" / name, (1_700_000_000, 1_700_000_000))
        assert migrate(story, "up", "--yes").code == 1
    logs = [event.get("log", []) for event in json.loads(migrate(story, "show", "0.0.1", "--json").out)]
    assert [line for log in logs for line in log] == ["aaaaaa", "bbbbbb"]
    assert not (story.folder / "migrations" / "__pycache__").exists()


def test_hidden_files_of_editors_and_systems_are_no_migrations(migrated: ItemStory) -> None:
    (migrated.folder / "migrations" / "._0.0.1_country.py").write_bytes(b"\0\5\x16\7")
    (migrated.folder / "migrations" / ".#0.0.1_country.py").symlink_to("ann@host.123")
    assert migrate(migrated, "outstanding").out == "0.0.1\n0.0.2\n0.1.3\n"


def test_all_applies_what_a_down_that_failed_has_taken_back_meanwhile(migrated: ItemStory) -> None:
    story = migrated
    one(story, "import pathlib\ndef up(m): ...\ndef down(m):\n    m.check(pathlib.Path('ok').exists, 'not yet')\n")
    assert migrate(story, "up", "--yes").code == 0
    assert migrate(story, "down", "--yes").code == 1
    story.write("migrations/0.0.2_more.py", "def up(m): ...\n")
    (story.folder / "ok").touch()
    answer = migrate(story, "all", "--yes")
    assert answer.code == 0, answer.err
    assert migrate(story, "list", "--quiet").out == "0.0.1\n0.0.2\n"


def test_a_failure_that_cannot_be_taken_back_says_both(migrated: ItemStory) -> None:
    one(migrated, "def up(m):\n    m.once('a', lambda: 1)\n    m.check(False, 'not so')\n")
    answer = migrate(migrated, "all", "--rollback-on-failure", "--yes")
    assert answer.code == 1
    assert "not so. It could not be taken back: 0.0.1_one.py has no function down" in answer.error


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_an_event_whose_transaction_meets_a_beat_or_is_throttled_is_sent_again(
    history: HistoryTable, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.setattr(module, "CONFLICT_WAITS", (0.0, 0.0))
    left = [2]
    with history.hold("r1", "up", "ann", wait_seconds=0) as hold:
        client = history._client
        send, cancelled = client.transact_write_items, client.exceptions.TransactionCanceledException

        def refusing(**said: Any) -> Any:
            if left[0]:
                left[0] -= 1
                reasons = [{"Code": "None"}, {"Code": code, "Message": "m"}]
                error = {"Error": {"Code": "TransactionCanceledException", "Message": "m"}}
                raise cancelled({**error, "CancellationReasons": reasons}, "TransactWriteItems")
            return send(**said)

        monkeypatch.setattr(client, "transact_write_items", refusing)
        assert hold.append(STARTED).number == 1
        left[0] = 9
        with pytest.raises(ServiceError) as passing:
            hold.append(STARTED)
        assert not isinstance(passing.value, LeaseLost)
    assert len(history.read().events) == 1


def test_a_holder_whose_table_was_deleted_and_made_anew_writes_nothing_there(
    story: ItemStory, history: HistoryTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    with history.hold("r1", "up", "ann", wait_seconds=0) as first:
        story.direct.delete_table(TableName="history")
        story.direct.get_waiter("table_not_exists").wait(TableName="history", WaiterConfig={"Delay": 1})
        with history.hold("r2", "up", "ben", wait_seconds=0) as second:
            assert first.fence == second.fence
            monkeypatch.setattr(type(first), "held", property(lambda _: True))
            assert not first._lock.beat("ann", 9)
            with pytest.raises(LeaseLost):
                first.append(STARTED)
            assert second.append(STARTED).number == 1
