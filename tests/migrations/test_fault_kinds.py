"""Kinds of fault of tools for migrations, each with its test; those that had none are here.

=============================================================  ===============================================================
two runners both apply                                         test_stories: test_two_that_start_at_once_apply_each_migration_once
the first lock is read, then written                           test_history: test_one_holder_at_a_time
two runners make the history's table                           test_fault_kinds: test_two_that_make_the_history_at_once_make_one
a killed holder locks for ever                                 test_fault_kinds: test_a_holder_that_is_gone_is_replaced_whatever_its_clock_said
a lease shorter than a step                                    test_fault_kinds: test_a_step_may_take_longer_than_the_lease
a paused holder wakes and writes                               test_history: test_a_holder_that_stood_still_writes_nothing_when_it_wakes
clock skew; ms for s                                           test_fault_kinds: test_a_holder_that_is_gone_is_replaced_whatever_its_clock_said
failed counts as applied                                       test_path: test_a_failed_migration_does_not_count_as_applied
operation 2 of 3 fails and the rerun fails differently         test_fault_kinds: test_a_rerun_fails_as_the_first_run_did_and_a_fixed_one_goes_on
CRLF                                                           test_folder: test_a_checksum_is_that_of_the_text
a late lower version is skipped                                test_path: test_a_late_lower_version_is_refused_and_neither_skipped_nor_run
two files, one version                                         test_folder: test_broken_files_are_refused_together_and_named
a renamed file runs again                                      test_fault_kinds: test_a_renamed_file_does_not_run_again
status creates the table                                       test_fault_kinds: test_what_only_looks_makes_no_table
a missing down is skipped with success                         test_fault_kinds: test_a_missing_down_in_the_middle_is_found_before_anything_begins
down takes the highest version, not the last                   test_path: test_down_takes_the_last_that_was_applied_and_not_the_highest
inclusive or exclusive bounds                                  test_path: test_to_a_version_twice_does_nothing_the_second_time_and_leaves_that_version_applied
local time                                                     test_fault_kinds: test_times_are_utc_in_every_time_zone
rc.10 against rc.9                                             test_fault_kinds: test_rc_10_comes_after_rc_9_and_before_the_release
a function killed in the middle of a step                      test_killed: test_killed_at_any_call_it_goes_on_and_arrives
a helper shadows a package                                     test_folder: test_a_loaded_migration_finds_its_neighbours_and_they_shadow_nothing
secrets in errors or history                                   test_history: test_the_value_of_a_variable_is_not_kept_in_an_error
baseline and squash                                            test_fault_kinds: test_a_baseline_and_a_squash_leave_the_history_whole
an empty transaction for a table-only migration                test_fault_kinds: test_a_migration_without_items_sends_no_empty_transaction
one query per migration; unbounded reads                       test_fault_kinds: test_looking_costs_the_same_whatever_the_number_of_migrations
Windows separators stored                                      test_fault_kinds: test_no_path_is_stored
no terminal gives 0                                            test_stories: test_nothing_is_done_without_consent
=============================================================  ===============================================================

That the SDK repeats an invocation is in ``tests/lambdas``.
"""  # noqa: E501  # a table

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest

from cli.story import client_of, table
from dynasmith.aws.stores.history.table import HistoryTable
from dynasmith.errors import Locked
from item_stories.kit import ItemStory
from migrations.test_stories import indexes, migrate, user

LEASE_SECONDS = 0.5
NOTHING = "def up(m):\n    m.log('x')\n"


def history_of(story: ItemStory) -> HistoryTable:
    client = client_of(story.endpoint, story.account)
    return HistoryTable(client, "dynasmith-migrations", "local", guarded=False, lease_seconds=LEASE_SECONDS)


def only(story: ItemStory, *files: tuple[str, str]) -> None:
    """A story with these migrations alone."""
    for path in (story.folder / "migrations").glob("*.py"):
        path.unlink()
    for name, code in files:
        story.write(f"migrations/{name}.py", code)


def table_of_the_docstring() -> Iterator[tuple[str, str]]:
    for line in (__doc__ or "").splitlines():
        kind, found, test = line.rpartition("test_")[0], ": test_" in line, line.rpartition(": ")[2].strip()
        if found:
            yield kind.split("  ")[0], f"{line[63:].partition(':')[0].strip()}:{test}"


def test_every_kind_has_its_test() -> None:
    rows = dict(table_of_the_docstring())
    assert len(rows) == 27
    for kind, place in rows.items():
        module, _, name = place.partition(":")
        assert callable(getattr(import_module(f"migrations.{module}"), name, None)), kind


# --- the lock


def test_two_that_make_the_history_at_once_make_one(story: ItemStory) -> None:
    histories, ready, faults = [history_of(story) for _ in range(4)], threading.Barrier(4), list[BaseException]()

    def opened(history: HistoryTable) -> None:
        ready.wait(60)
        try:
            history.open()
        except BaseException as error:  # noqa: BLE001, RUF100  # it is raised below
            faults.append(error)

    threads = [threading.Thread(target=opened, args=(each,)) for each in histories]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert faults == []
    assert story.direct.list_tables()["TableNames"] == ["dynasmith-migrations"]


@pytest.mark.parametrize("since", ["1970-01-01T00:00:00Z", "2999-01-01T00:00:00Z"])
def test_a_holder_that_is_gone_is_replaced_whatever_its_clock_said(story: ItemStory, since: str) -> None:
    history = history_of(story)
    with history.hold("r1", "up", "ann", wait_seconds=0):
        pass
    key = {"pk": {"S": "migrations#local"}, "sk": {"S": "lock"}}
    story.direct.update_item(
        TableName="dynasmith-migrations",
        Key=key,
        UpdateExpression="SET #s = :s, since = :t",
        ExpressionAttributeNames={"#s": "state"},
        ExpressionAttributeValues={":s": {"S": "running"}, ":t": {"S": since}},
    )
    with history.hold("r2", "up", "ben", wait_seconds=60) as hold:
        assert hold.fence == 2


def test_a_step_may_take_longer_than_the_lease(story: ItemStory) -> None:
    history = history_of(story)
    with history.hold("r1", "up", "ann", wait_seconds=0) as hold:
        until = time.monotonic() + 120
        while history.read().lock.beat < 12:  # more than two leases
            assert time.monotonic() < until
            time.sleep(0.01)
        while not hold.held:  # a renewal that comes late says that nobody took it
            assert time.monotonic() < until
            time.sleep(0.01)
        with pytest.raises(Locked):
            history.hold("r2", "up", "ben", wait_seconds=0).__enter__()


# --- failures


def test_a_rerun_fails_as_the_first_run_did_and_a_fixed_one_goes_on(migrated: ItemStory) -> None:
    story = migrated
    story.define(table("orders"))
    code = """
        def up(m):
            m.create_table("orders")
            m.table("users").add_index("by_city", partition_key="city"{types})
            m.table("users").add("city", "Bern")
        """
    only(story, ("0.0.1_x", code.format(types="")))
    said = [migrate(story, "up", "--yes") for _ in range(2)]
    assert [answer.code for answer in said] == [1, 1]
    assert said[0].error == said[1].error
    assert "failed at step 2 (add_index of users): The type of city" in said[0].error
    story.write("migrations/0.0.1_x.py", code.format(types=", types={'city': 'S'}"))
    refused = migrate(story, "up", "--yes")
    assert (
        "Step 2 of Migration 0.0.1 x is add_index of users, and when it began it was add_index of users"
        in refused.error
    )
    answer = migrate(story, "up", "--restart-step", "2", "--yes")
    assert answer.code == 0, answer.err
    assert indexes(story) == ["by_city"]
    assert user(story)["city"] == {"S": "Bern"}
    kinds = [event["kind"] for event in json.loads(migrate(story, "show", "0.0.1", "--json").out)]
    assert kinds == ["started", "failed", "resumed", "failed", "resumed", "failed", "resumed", "applied"]


@pytest.mark.parametrize("words", [("down", "3"), ("to", "0.0.0"), ("rollback",)], ids=lambda words: words[0])
def test_a_missing_down_in_the_middle_is_found_before_anything_begins(migrated: ItemStory, words: Any) -> None:
    story = migrated
    down = "def up(m):\n    m.table('users').add('{0}', 1)\n\ndef down(m):\n    m.table('users').remove('{0}')\n"
    free = "def up(m):\n    m.once('free', lambda: 1)\n"
    only(story, ("0.0.1_a", down.format("a")), ("0.0.2_b", free), ("0.0.3_c", down.format("c")))
    assert migrate(story, "all", "--yes").code == 0
    refused = migrate(story, *words, "--yes")
    assert (refused.code, "0.0.2_b.py has no function down" in refused.error) == (2, True), refused.err
    assert user(story).keys() >= {"a", "c"}
    assert migrate(story, "status").out == "0.0.3\n"


# --- versions and times


def test_a_renamed_file_does_not_run_again(migrated: ItemStory) -> None:
    story = migrated
    assert migrate(story, "up", "--yes").code == 0
    (story.folder / "migrations" / "0.0.1_country.py").rename(story.folder / "migrations" / "0.0.1_land.py")
    assert migrate(story, "outstanding").out == "0.0.2\n0.1.3\n"
    assert migrate(story, "verify").code == 0
    assert migrate(story, "down", "--yes").code == 0
    assert "country" not in user(story)


def test_rc_10_comes_after_rc_9_and_before_the_release(migrated: ItemStory) -> None:
    story = migrated
    only(story, *((f"{version}_x", NOTHING) for version in ("1.0.0", "1.0.0-rc.10", "1.0.0-rc.9", "1.0.0-alpha")))
    order = ["1.0.0-alpha", "1.0.0-rc.9", "1.0.0-rc.10", "1.0.0"]
    assert migrate(story, "outstanding").out.split() == order
    assert migrate(story, "to", "1.0.0-rc.10", "--yes").code == 0
    assert migrate(story, "status").out == "1.0.0-rc.10\n"
    assert migrate(story, "outstanding").out == "1.0.0\n"
    assert migrate(story, "to", "1.0.0-rc.9", "--yes").code == 0
    assert migrate(story, "list", "--quiet").out.split() == order[:2]


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
def test_times_are_utc_in_every_time_zone(migrated: ItemStory, monkeypatch: pytest.MonkeyPatch, zone: str) -> None:
    story = migrated
    only(story, ("0.0.1_x", "def up(m):\n    m.log(m.now.isoformat())\n"))
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert migrate(story, "up", "--yes").code == 0
        event = json.loads(migrate(story, "show", "0.0.1", "--json").out)[-1]
    finally:
        monkeypatch.undo()
        time.tzset()
    assert event["at"].endswith("Z")
    assert abs(datetime.fromisoformat(event["at"]) - datetime.now(UTC)) < timedelta(minutes=30)
    assert event["log"][0].endswith("+00:00")


# --- the history


def test_what_only_looks_makes_no_table(migrated: ItemStory) -> None:
    story = migrated
    before = story.direct.list_tables()["TableNames"]
    for words in (("status",), ("list",), ("list", "--named"), ("outstanding",), ("verify",), ("preflight",),
                  ("all", "--dry-run"), ("unlock", "--yes"), ("generate", "More")):  # fmt: skip
        migrate(story, *words)
    assert story.direct.list_tables()["TableNames"] == before


def test_a_baseline_and_a_squash_leave_the_history_whole(migrated: ItemStory) -> None:
    story = migrated
    assert migrate(story, "mark", "0.0.2", "--through", "--yes").code == 0  # the tables are as after it already
    assert migrate(story, "outstanding").out == "0.1.3\n"
    assert migrate(story, "all", "--yes").code == 0
    assert "country" not in user(story)
    only(story, ("0.1.3_all_until_here", NOTHING), ("0.2.0_next", NOTHING))  # three files become one
    found = migrate(story, "verify")
    assert found.code == 3
    assert "0.0.1 is applied, and its file is not here" in found.out
    assert "0.1.3 was changed after it was applied" in found.out
    assert migrate(story, "outstanding").out == "0.2.0\n"
    assert migrate(story, "all", "--yes").code == 0
    kinds = [event["kind"] for event in json.loads(migrate(story, "show", "0.0.1", "--json").out)]
    assert kinds == ["marked"]


def test_a_migration_without_items_sends_no_empty_transaction(migrated: ItemStory) -> None:
    story = migrated
    story.define(table("orders"))
    only(story, ("0.0.1_table", "def up(m):\n    m.create_table('orders')\n"), ("0.0.2_nothing", "def up(m): ...\n"))
    story.served.journal.clear()
    answer = migrate(story, "all", "--yes")
    assert answer.code == 0, answer.err
    sent = [call.request["TransactItems"] for call in story.served.journal if call.operation == "TransactWriteItems"]
    assert sent
    assert all(sent)
    assert migrate(story, "status").out == "0.0.2\n"


def test_looking_costs_the_same_whatever_the_number_of_migrations(migrated: ItemStory) -> None:
    story = migrated
    calls = []
    for count in (2, 40):
        only(story, *((f"0.0.{number}_x", NOTHING) for number in range(1, count + 1)))
        assert migrate(story, "mark", f"0.0.{count}", "--through", "--yes").code == 0
        story.served.journal.clear()
        for words in (("status",), ("list",), ("outstanding",)):
            assert migrate(story, *words).code == 0
        calls.append([call.operation for call in story.served.journal])
    assert calls[0] == calls[1]
    assert "Scan" not in calls[1]


def test_no_path_is_stored(migrated: ItemStory) -> None:
    story = migrated
    story.write("migrations/parts/__init__.py", "")
    story.write("migrations/parts/words.py", "WORD = 'x'\n")
    only(story, ("0.0.1_x", "from parts.words import WORD\n\ndef up(m):\n    m.log(WORD)\n"))
    assert migrate(story, "up", "--yes").code == 0
    kept = json.dumps(story.items("dynasmith-migrations"))
    assert str(story.folder) not in kept
    assert "\\\\" not in kept
    event = json.loads(migrate(story, "show", "0.0.1", "--json").out)[-1]
    assert set(event["imports"]) == {"parts/__init__.py", "parts/words.py"}
    assert "parts.words" not in sys.modules  # the next migration reads it again
