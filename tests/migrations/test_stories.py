"""`dynasmith migrate`, command by command, on the strict endpoint: what is printed, what is applied, what is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli.story import table
from dynasmith.aws.stores.history.hold import TableHold
from dynasmith.errors import RunError
from item_stories.kit import WRITES, ItemStory


def user(story: ItemStory, number: int = 7) -> dict[str, Any]:
    key = {"pk": {"S": f"user-{number:05d}"}}
    item: dict[str, Any] = story.direct.get_item(TableName="users", Key=key)["Item"]
    return item


def indexes(story: ItemStory) -> list[str]:
    table = story.direct.describe_table(TableName="users")["Table"]
    return [each["IndexName"] for each in table.get("GlobalSecondaryIndexes", [])]


def migrate(story: ItemStory, *words: str) -> Any:
    return story("migrate", *words)


def test_the_commands_of_a_day(migrated: ItemStory) -> None:
    story = migrated
    answer = migrate(story, "status")
    assert (answer.code, answer.out) == (0, "0.0.0\n")
    assert "3 outstanding: 0.0.1, 0.0.2, 0.1.3" in answer.err
    assert "dynasmith-migrations" not in story.direct.list_tables()["TableNames"]  # looking makes no table
    assert migrate(story, "outstanding").out == "0.0.1\n0.0.2\n0.1.3\n"

    answer = migrate(story, "up", "--yes")
    assert answer.code == 0, answer.err
    assert "0.0.1 country is applied" in answer.err
    assert user(story)["country"] == {"S": "CH"}
    assert migrate(story, "status").out == "0.0.1\n"

    answer = migrate(story, "0.1.3", "--yes")
    assert answer.code == 0, answer.err
    assert "begin items=40" in answer.err
    assert user(story)["last"] == {"S": "Lee"}
    assert indexes(story) == ["by_country"]
    assert migrate(story, "outstanding").out == "none\n"
    again = migrate(story, "to", "0.1.3", "--yes")
    assert (again.code, again.err) == (0, "Nothing to do. Current version: 0.1.3\n")

    listed = migrate(story, "list", "--quiet").out
    assert listed == "0.0.1\n0.0.2\n0.1.3\n"
    events = json.loads(migrate(story, "show", "0.0.2", "--json").out)
    assert [event["kind"] for event in events] == ["started", "applied"]
    assert events[1]["counts"] == {"read": 40, "written": 40}
    assert events[1]["imports"].keys() == {"words.py"}
    assert events[1]["log"] == ["begin items=40"]
    [job] = events[1]["jobs"]
    shown = json.loads(story("jobs", "show", job, "--json").out)
    assert shown["parameters"]["origin"] == "migration:0.0.2:split_name"


def test_down_takes_back_what_a_down_or_the_reverse_of_the_steps_says(migrated: ItemStory) -> None:
    story = migrated
    before = user(story)
    assert migrate(story, "all", "--yes").code == 0
    answer = migrate(story, "down", "--yes")
    assert answer.code == 0, answer.err
    assert indexes(story) == []
    assert migrate(story, "status").out == "0.0.2\n"
    answer = migrate(story, "down", "--yes")
    assert answer.code == 0, answer.err
    assert "name" in user(story)
    answer = migrate(story, "to", "0.0.0", "--yes")
    assert answer.code == 0, answer.err
    assert user(story) == before
    assert migrate(story, "outstanding").out == "0.0.1\n0.0.2\n0.1.3\n"
    assert migrate(story, "all", "--yes").code == 0
    assert user(story)["country"] == {"S": "CH"}


def test_repeat_and_rollback(migrated: ItemStory) -> None:
    story = migrated
    assert migrate(story, "up", "--yes").code == 0
    assert migrate(story, "repeat", "--yes").code == 0
    kinds = [event["kind"] for event in json.loads(migrate(story, "show", "0.0.1", "--json").out)]
    assert kinds == ["started", "applied", "reverting", "reverted", "started", "applied"]
    assert migrate(story, "up", "2", "--yes").code == 0
    answer = migrate(story, "rollback", "--yes")
    assert answer.code == 0, answer.err
    assert migrate(story, "status").out == "0.0.1\n"


def test_a_failed_migration_is_not_applied_and_goes_on_once_it_is_fixed(migrated: ItemStory) -> None:
    story = migrated
    story.write(
        "migrations/0.0.2_split_name.py", "def up(m):\n    m.once('a', lambda: 1)\n    raise ValueError('no')\n"
    )
    answer = migrate(story, "all", "--yes")
    assert answer.code == 1
    assert answer.error == "Migration 0.0.2 split_name failed at step 1 (once): ValueError: no."
    assert migrate(story, "status").out == "0.0.1\n"
    assert "0.0.2 is failed: ValueError: no" in migrate(story, "status").err
    assert migrate(story, "verify").code == 3
    story.write("migrations/0.0.2_split_name.py", "def up(m):\n    assert m.once('a', lambda: 2) == 1\n")
    answer = migrate(story, "all", "--yes")
    assert answer.code == 0, answer.err
    events = json.loads(migrate(story, "show", "0.0.2", "--json").out)
    assert [event["kind"] for event in events] == ["started", "failed", "resumed", "applied"]
    assert events[-1]["attempts"] == 2
    assert migrate(story, "status").out == "0.1.3\n"


def test_a_failed_migration_is_taken_back_by_down(migrated: ItemStory) -> None:
    story = migrated
    story.write(
        "migrations/0.0.1_country.py",
        "def up(m):\n    m.table('users').add('country', 'CH')\n    m.check(False, 'nobody may pass')\n",
    )
    before = user(story)
    answer = migrate(story, "up", "--yes")
    assert (answer.code, "nobody may pass" in answer.error) == (1, True)
    assert "country" in user(story)
    answer = migrate(story, "down", "--yes")
    assert answer.code == 0, answer.err
    assert user(story) == before


def test_a_dry_run_writes_nothing_and_shows_the_steps(migrated: ItemStory) -> None:
    story = migrated
    story.write(
        "migrations/0.2.0_writes.py",
        "def up(m):\n    m.client().put_item(TableName='users', Item={'pk': {'S': 'new'}})\n",
    )
    story.served.journal.clear()
    answer = migrate(story, "all", "--dry-run")
    assert answer.code == 0, answer.err
    wrote = [entry.operation for entry in story.served.journal if entry.operation in WRITES]
    assert wrote == []
    assert "1. add country = 'CH' to the items of users that lack it (about 40 items" in answer.out
    assert "1. add index by_country on country to users" in answer.out
    assert "its code called dynamodb PutItem on users (once): counted in this dry run and not sent" in answer.err
    assert "1 call of your code was counted and not sent" in answer.err
    assert migrate(story, "status").out == "0.0.0\n"


def test_nothing_is_done_without_consent(migrated: ItemStory) -> None:
    for words in (("up",), ("all",), ("mark", "0.0.1")):
        answer = migrate(migrated, *words)
        assert answer.code == 4, answer.err
    assert migrate(migrated, "status").out == "0.0.0\n"


def test_mark_writes_the_history_only(migrated: ItemStory) -> None:
    story = migrated
    assert migrate(story, "mark", "0.0.2", "--through", "--yes").code == 0
    assert migrate(story, "status").out == "0.0.2\n"
    assert "country" not in user(story)
    assert migrate(story, "mark", "0.0.2", "--undo", "--yes").code == 0
    assert migrate(story, "status").out == "0.0.1\n"
    assert migrate(story, "mark", "0.9.9", "--yes").code == 2


def test_a_named_migration_runs_again_and_again(migrated: ItemStory) -> None:
    story = migrated
    story.write("migrations/stamp.py", "def up(m):\n    m.table('users').backfill(stamp)\n\ndef stamp(item):\n"
                "    item['stamped'] = True\n    return item\n")  # fmt: skip
    assert migrate(story, "outstanding", "--named").out == "stamp\n"
    for _ in range(2):
        assert migrate(story, "run", "stamp", "--yes").code == 0
    assert user(story)["stamped"] == {"BOOL": True}
    assert migrate(story, "status").out == "0.0.0\n"
    events = json.loads(migrate(story, "show", "stamp", "--json").out)
    assert [event["kind"] for event in events] == ["started", "applied"] * 2


def test_generate_writes_the_next_file(migrated: ItemStory) -> None:
    answer = migrate(migrated, "generate", "Drop the name", "--bump", "minor")
    assert answer.out.endswith("0.2.0_drop_the_name.py\n")
    assert migrate(migrated, "outstanding").out.splitlines()[-1] == "0.2.0"
    assert migrate(migrated, "generate", "--bump", "0.0.1").code == 2


def test_two_that_start_at_once_apply_each_migration_once(migrated: ItemStory) -> None:
    story = migrated
    both = [story.spawn("migrate", "all", "--yes") for _ in range(2)]
    answers = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [0, 0], answers
    for version in ("0.0.1", "0.0.2", "0.1.3"):
        events = json.loads(migrate(story, "show", version, "--json").out)
        assert [event["kind"] for event in events] == ["started", "applied"]


def test_what_is_applied_and_was_changed_is_said_and_refuses_its_own_down_only(migrated: ItemStory) -> None:
    story = migrated
    assert migrate(story, "up", "--yes").code == 0
    path = story.folder / "migrations" / "0.0.1_country.py"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert migrate(story, "verify").code == 0  # only the ends of its lines
    path.write_text(path.read_text() + "# more\n")
    assert "0.0.1 was changed after it was applied" in migrate(story, "verify").out
    refused = migrate(story, "down", "--yes")
    assert (refused.code, refused.error) == (2, "0.0.1_country.py was changed after it was applied.")
    assert migrate(story, "up", "--yes").code == 0
    unknown = migrate(story, "to", "0.0.0", "--yes", "--accept-changed", "0.0.7")
    assert (unknown.code, unknown.error) == (2, "No migration here is 0.0.7: nothing to accept.")
    assert migrate(story, "to", "0.0.0", "--yes", "--accept-changed", "0.0.1").code == 0


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("m.table('users').backfill(lambda item: item)", "gives a lambda as a transform"),
        ("m.once('a', lambda: {1, 2})", "which is not JSON"),
        ("m.once('a', lambda: 'x' * 70000)", "at most 65,536 are kept"),
        ("m.once('a', lambda: m.table('users').add('a', 1) and 1)", "uses m.add within the function of step 1"),
        ("import threading\n    t = threading.Thread(target=lambda: None)\n    m.check(False, 'not so')", "not so"),
    ],
)
def test_what_a_migration_may_not_do(migrated: ItemStory, code: str, message: str) -> None:
    migrated.write("migrations/0.0.1_country.py", f"def up(m):\n    {code}\n")
    answer = migrate(migrated, "up", "--yes")
    assert (answer.code, message in answer.error) == (1, True), answer.err


def test_unlock_frees_a_lock_whose_holder_counts_no_more(migrated: ItemStory) -> None:
    story = migrated
    assert migrate(story, "unlock", "--yes").error == "The migrations are not locked."
    assert migrate(story, "up", "--yes").code == 0
    key = {"pk": {"S": "migrations#local"}, "sk": {"S": "lock"}}
    story.direct.update_item(
        TableName="dynasmith-migrations",
        Key=key,
        UpdateExpression="SET #s = :s",
        ExpressionAttributeNames={"#s": "state"},
        ExpressionAttributeValues={":s": {"S": "running"}},
    )
    answer = migrate(story, "unlock", "--yes")
    assert answer.code == 0, answer.err
    lock = story.direct.get_item(TableName="dynasmith-migrations", Key=key)["Item"]
    assert (lock["state"], lock["fence"]) == ({"S": "free"}, {"N": "2"})
    assert migrate(story, "up", "--yes").code == 0


def test_broken_files_refuse_every_command_before_anything_is_done(migrated: ItemStory) -> None:
    migrated.write("migrations/0.0.2_again.py", "def up(m): ...\n")
    for words in (("status",), ("up", "--yes"), ("all", "--dry-run")):
        answer = migrate(migrated, *words)
        assert (answer.code, answer.error) == (2, "0.0.2_again.py and 0.0.2_split_name.py are both version 0.0.2.")


def test_a_late_migration_runs_out_of_order_where_that_is_said(migrated: ItemStory) -> None:
    story = migrated
    assert migrate(story, "all", "--yes").code == 0
    story.write("migrations/0.0.5_late.py", "def up(m):\n    m.log('late')\n")
    for words in (("up",), ("all",), ("to", "0.1.3")):
        refused = migrate(story, *words, "--yes")
        assert (refused.code, "0.0.5 late would run after 0.1.3" in refused.error) == (2, True)
    assert migrate(story, "list").out.count("out-of-order") == 1
    answer = migrate(story, "up", "--out-of-order", "--yes")
    assert answer.code == 0, answer.err
    assert migrate(story, "status").out == "0.1.3\n"


def test_a_begun_step_whose_function_changed_is_refused_until_it_is_restarted(migrated: ItemStory) -> None:
    story = migrated
    stamp = "def up(m):\n    m.table('users').backfill(stamp)\n\ndef stamp(item):\n"
    broken = stamp + "    item['a'] = 1\n    if item['n'] == 39:\n        raise ValueError('no')\n    return item\n"
    story.write("migrations/0.0.1_country.py", broken)
    assert migrate(story, "up", "--yes").code == 1
    story.write("migrations/0.0.1_country.py", stamp + "    item['a'] = 1\n    return item\n")
    answer = migrate(story, "up", "--yes")  # nothing of it was written yet: it is taken as new
    assert answer.code == 0, answer.err
    assert user(story)["a"] == {"N": "1"}


def test_restart_step_begins_a_step_anew(migrated: ItemStory) -> None:
    story = migrated
    story.write("migrations/0.0.1_country.py", "def up(m):\n    m.once('a', lambda: 1)\n    m.check(False, 'stop')\n")
    assert migrate(story, "up", "--yes").code == 1
    code = "def up(m):\n    assert m.once('a', lambda: 2) == 2\n"
    story.write("migrations/0.0.1_country.py", code)
    assert migrate(story, "up", "--yes").code == 1
    answer = migrate(story, "up", "--restart-step", "1", "--yes")
    assert "ended after step 1, and step 2 (check) was begun before" in answer.error
    story.write("migrations/0.0.1_country.py", code + "    m.check(True, 'stop')\n")
    assert migrate(story, "up", "--restart-step", "1", "--yes").code == 0


def test_rollback_of_another_run(migrated: ItemStory) -> None:
    story = migrated
    assert migrate(story, "up", "2", "--yes").code == 0
    run = json.loads(migrate(story, "show", "0.0.1", "--json").out)[0]["run"]
    assert migrate(story, "up", "--yes").code == 0
    answer = migrate(story, "rollback", "--run", run, "--yes")
    assert answer.code == 0, answer.err
    assert migrate(story, "list", "--quiet").out == "0.1.3\n"
    assert migrate(story, "rollback", "--run", "other", "--yes").code == 2


def test_one_that_runs_is_waited_for(migrated: ItemStory) -> None:
    story = migrated
    story.write(
        "migrations/0.0.1_country.py",
        """
        import pathlib, time
        def up(m):
            pathlib.Path("begun").touch()
            while not pathlib.Path("go").exists():
                time.sleep(0.05)
        """,
    )
    first = story.spawn("migrate", "up", "--yes")
    while not (story.folder / "begun").exists():
        assert first.poll() is None, first.communicate()
    answer = migrate(story, "all", "--yes", "--lock-wait", "0")
    assert (answer.code, answer.error.partition(" (")[0]) == (5, "Migrations of local run in another process")
    assert "runs `migrate up`" in migrate(story, "status").err
    assert migrate(story, "list").out.split()[1] == "running"
    (story.folder / "go").touch()
    assert first.wait(300) == 0, first.communicate()
    first.communicate()
    assert migrate(story, "status").out == "0.0.1\n"


def test_rollback_on_failure_takes_back_what_the_run_did(migrated: ItemStory) -> None:
    story = migrated
    before = user(story)
    story.write("migrations/0.1.3_index.py", "def up(m):\n    m.table('users').remove('n')\n    m.check(False, 'no')\n")
    answer = migrate(story, "all", "--rollback-on-failure", "--yes")
    assert answer.code == 1
    assert answer.error.endswith("no. Took back 0.1.3, 0.0.2, 0.0.1.")
    assert user(story) == before
    assert migrate(story, "outstanding").out == "0.0.1\n0.0.2\n0.1.3\n"


def test_a_backfill_may_name_the_transform_that_takes_it_back(migrated: ItemStory) -> None:
    story = migrated
    story.write(
        "migrations/0.0.1_country.py",
        """
        def up(m):
            m.read("a", lambda: 1)
            m.table("users").backfill(double, undo=halve)

        def double(item):
            if not item.get("doubled"):
                item["n"], item["doubled"] = item["n"] * 2, True
            return item

        def halve(item):
            if item.get("doubled"):
                item["n"] = item["n"] / 2
                del item["doubled"]
            return item
        """,
    )
    before = user(story)
    assert migrate(story, "up", "--yes").code == 0
    assert user(story)["n"] == {"N": "14"}
    key = {"pk": {"S": "user-00007"}}
    story.direct.update_item(TableName="users", Key=key, UpdateExpression="SET seen = :s",
                             ExpressionAttributeValues={":s": {"BOOL": True}})  # fmt: skip
    answer = migrate(story, "down", "--yes")
    assert answer.code == 0, answer.err
    assert user(story) == {**before, "seen": {"BOOL": True}}


def test_reset_runs_latest_alone_and_keeps_the_history(migrated: ItemStory) -> None:
    story = migrated
    assert migrate(story, "reset", "--yes").error == "There is no latest.py, and reset runs one."
    assert migrate(story, "up", "--yes").code == 0
    story.write("migrations/latest.py", "covers = '0.0.2'\ndef up(m):\n    m.table('users').add('fresh', True)\n")
    assert migrate(story, "reset").code == 4
    answer = migrate(story, "reset", "--lock-wait", "5", "--yes")
    assert answer.code == 0, answer.err
    assert user(story)["fresh"] == {"BOOL": True}
    assert migrate(story, "list", "--quiet").out == "0.0.1\n0.0.2\n"
    assert migrate(story, "outstanding").out == "0.1.3\n"
    kinds = [event["kind"] for event in json.loads(migrate(story, "show", "0.0.1", "--json").out)]
    assert kinds == ["started", "applied", "marked"]
    story.write("migrations/reset.py", "def up(m): ...\n")
    assert migrate(story, "reset", "--yes").code == 2
    env = f'[environments.local]\nendpoint = "{story.endpoint}"\nregion = "us-east-1"\nprotected = true\n'
    story.write("dynasmith.toml", env)
    (story.folder / "migrations" / "reset.py").unlink()
    refused = migrate(story, "reset", "--yes", "--confirm", "local")
    assert (refused.code, "is protected" in refused.error) == (2, True)


def test_preflight_says_what_can_be_known_and_what_cannot(migrated: ItemStory) -> None:
    story = migrated
    story.write("migrations/0.0.5_once.py", "def up(m):\n    m.once('a', lambda: 1)\n")
    answers = json.loads(migrate(story, "preflight", "--json").out)
    assert len(answers) == 7
    assert {each["answer"] for each in answers} == {"no", "only you know"}
    assert answers[1]["answer"] == "no"
    assert answers[1]["why"] == "0.0.5 has no down, and its once has no reverse"
    backup = {"point": "There is a backup", "answer": "no", "why": "no point-in-time recovery: users"}
    assert answers[5] == {"code": "backup", **backup}
    assert migrate(story, "mark", "0.1.3", "--through", "--yes").code == 0
    assert migrate(story, "preflight").err == "Nothing is outstanding.\n"


def test_generate_from_plan_writes_what_differs_as_operations_with_a_reverse(migrated: ItemStory) -> None:
    story = migrated
    users = table("users") | {
        "attributes": [{"name": "pk", "type": "S"}, {"name": "city", "type": "S"}, {"name": "n", "type": "N"}],
        "global_secondary_indexes": [
            {
                "name": "by_city",
                "key_schema": [
                    {"attribute_name": "city", "key_type": "HASH"},
                    {"attribute_name": "n", "key_type": "RANGE"},
                ],
                "projection": {"type": "INCLUDE", "attributes": ["name"]},
            }
        ],
        "tags": {"team": "shop"},
        "point_in_time_recovery": {"enabled": True},
    }
    story.define(users, table("orders"))
    for name in ("0.0.1_country", "0.0.2_split_name", "0.1.3_index"):
        (story.folder / "migrations" / f"{name}.py").unlink()
    answer = migrate(story, "generate", "As defined", "--from-plan")
    assert answer.code == 0, answer.err
    text = (story.folder / "migrations" / "0.0.1_as_defined.py").read_text()
    assert "m.create_table('orders')" in text
    assert "m.table('users').add_index('by_city', partition_key='city', sort_key='n'" in text
    assert migrate(story, "up", "--yes").code == 0
    assert story("check").code == 0, story("check").out
    assert migrate(story, "verify").code == 0
    story.direct.delete_table(TableName="orders")
    assert migrate(story, "verify").out == "table orders is not as it is defined (dynasmith plan orders)\n"
    assert story("ensure").code == 0
    answer = migrate(story, "down", "--yes")
    assert answer.code == 0, answer.err
    assert indexes(story) == []
    assert "orders" not in story.direct.list_tables()["TableNames"]
    story.direct.get_waiter("table_exists").wait(TableName="users")
    assert migrate(story, "up", "--yes").code == 0
    assert migrate(story, "generate", "--from-plan").code == 2


@pytest.mark.parametrize("goes_on", ["up", "reset"])
def test_a_reset_that_failed_and_goes_on_writes_what_it_stands_for(migrated: ItemStory, goes_on: str) -> None:
    story = migrated
    assert migrate(story, "up", "--yes").code == 0
    story.write("migrations/0.0.2_split_name.py", "def up(m):\n    m.check(False, 'no')\n")
    assert migrate(story, "up", "--yes").code == 1
    story.write("migrations/latest.py", "covers = '0.0.1'\ndef up(m):\n    m.check(False, 'not yet')\n")
    assert migrate(story, "reset", "--yes").code == 1
    story.write("migrations/0.0.2_split_name.py", "def up(m):\n    m.check(True, 'no')\n")
    story.write("migrations/latest.py", "covers = '0.0.1'\ndef up(m):\n    m.check(True, 'not yet')\n")
    answer = migrate(story, goes_on, *(("2",) if goes_on == "up" else ()), "--yes")
    assert answer.code == 0, answer.err
    kinds = [event["kind"] for event in json.loads(migrate(story, "show", "0.0.1", "--json").out)]
    assert kinds == ["started", "applied", "marked"]
    assert "failed" not in migrate(story, "list").out


def test_what_a_stopped_reset_stands_for_is_written_by_the_next_run(
    migrated: ItemStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped after its last step, before it had written all of it down."""
    story = migrated
    story.write("migrations/latest.py", "covers = '0.1.3'\ndef up(m):\n    m.check(True, 'yes')\n")
    append = TableHold.append
    left = [1]

    def stopping(self: TableHold, event: Any) -> Any:
        if event.kind == "marked":
            left[0] -= 1
            if left[0] < 0:
                raise RunError("the machine is gone")
        return append(self, event)

    with monkeypatch.context() as patch:
        patch.setattr(TableHold, "append", stopping)
        assert migrate(story, "reset", "--yes").code == 1
    assert migrate(story, "list", "--quiet").out == "0.0.1\n"
    story.write("migrations/0.2.0_more.py", "def up(m): ...\n")
    answer = migrate(story, "all", "--yes")
    assert answer.code == 0, answer.err
    assert migrate(story, "list", "--quiet").out == "0.0.1\n0.0.2\n0.1.3\n0.2.0\n"
    events = [each["kind"]["S"] for each in story.items("dynasmith-migrations") if "kind" in each]
    assert sorted(events) == ["applied", "applied", "marked", "marked", "marked", "started", "started"]
