"""What the code of a migration may do wrong: it is not taken for applied, and what it says is kept."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

from item_stories.kit import ItemStory
from migrations.test_stories import migrate, user


def one(story: ItemStory, code: str) -> None:
    """A folder with one migration."""
    for path in (story.folder / "migrations").glob("*.py"):
        path.unlink()
    story.write("migrations/0.0.1_one.py", code)


def kinds(story: ItemStory) -> list[str]:
    """The events of it."""
    return [event["kind"] for event in json.loads(migrate(story, "show", "0.0.1", "--json").out)]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def up(m):\n    raise SystemExit(0)\n", "SystemExit: 0"),
        ("class Own(BaseException): ...\ndef up(m):\n    raise Own('x')\n", "Own: x"),
        ("def up(m):\n    yield m.log('x')\n", "up of 0.0.1_one.py gave a generator: nothing of it ran"),
        (
            "import functools\nasync def begin(m): ...\nup = functools.partial(begin)\n",
            "up of 0.0.1_one.py gave a coroutine: nothing of it ran",
        ),
        (
            "def up(m):\n    try:\n        m.check(False, 'not so')\n    except Exception:\n        pass\n",
            "failed at step 1 (check): not so",
        ),
        (
            "import concurrent.futures as f\ndef up(m):\n    f.ThreadPoolExecutor().submit(m.log, 'x').exception()\n",
            "was used from another thread",
        ),
        ("def up(m):\n    raise ValueError('\\udcff')\n", "ValueError: \\udcff"),
        ("def up(m):\n    m.log('\\udcff')\n    m.once('a', lambda: '\\udcff')\n", "gave a str, which is not JSON"),
    ],
)
def test_it_is_failed_and_not_applied(migrated: ItemStory, code: str, said: str) -> None:
    one(migrated, code)
    rehearsed = migrate(migrated, "up", "--dry-run")
    assert rehearsed.code == 0, rehearsed.err
    answer = migrate(migrated, "up", "--yes")
    assert (answer.code, said in answer.error) == (1, True), answer.err
    assert migrate(migrated, "status").out == "0.0.0\n"
    assert kinds(migrated) == ["started", "failed"]


def test_a_log_of_any_length_is_cut_and_kept(migrated: ItemStory) -> None:
    one(migrated, "def up(m):\n    for _ in range(101):\n        m.log('\\U0001f600' * 1024)\n")
    answer = migrate(migrated, "up", "--yes")
    assert answer.code == 0, answer.err
    log = json.loads(migrate(migrated, "show", "0.0.1", "--json").out)[-1]["log"]
    assert {len(line.encode()) for line in log} == {1023}


def test_a_result_of_exactly_64_kb_is_kept(migrated: ItemStory) -> None:
    one(
        migrated,
        "def up(m):\n    m.once('a', lambda: '\\u20ac' * 21844 + 'xx')\n    m.once('b', lambda: 'x' * 65535)\n",
    )
    answer = migrate(migrated, "up", "--yes")
    assert answer.error.startswith(
        "Migration 0.0.1 one failed at step 2 (once): once of Migration 0.0.1 one gave 65,537"
    )


@pytest.mark.parametrize("end", ["raise ValueError('no')", "m.table('users').backfill(print)"])
def test_a_failed_up_is_taken_back_though_it_would_fail_again(migrated: ItemStory, end: str) -> None:
    before = user(migrated)
    one(
        migrated, f"def up(m):\n    m.table('users').add('country', 'CH')\n    m.table('none').add('a', 1)\n    {end}\n"
    )
    assert migrate(migrated, "up", "--yes").code == 1
    assert "country" in user(migrated)
    answer = migrate(migrated, "down", "--yes")
    assert answer.code == 0, answer.err
    assert user(migrated) == before


def test_steps_match_though_sets_come_in_another_order(migrated: ItemStory, monkeypatch: Any) -> None:
    one(migrated, "def up(m):\n    m.table('users').add('tags', {'a', 'b', 'c', 'd'})\n    m.check(False, 'no')\n")
    for seed in ("1", "2", "3"):
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        process = migrated.spawn("migrate", "up", "--yes")
        assert "failed at step 2 (check): no" in process.communicate(timeout=300)[1]


def test_what_was_there_before_a_step_is_known_though_it_was_interrupted(migrated: ItemStory) -> None:
    """A table and a setting that a step found: killed in it, the reverse leaves them as they were."""
    story = migrated
    one(story, "def up(m):\n    m.table('users').set(tags={'a': 'b'})\n    m.create_table('orders')\n")
    story.define({"name": "orders", "key_schema": [{"attribute_name": "pk", "key_type": "HASH"}],
                  "attributes": [{"name": "pk", "type": "S"}]})  # fmt: skip
    story.make("orders")
    assert migrate(story, "up", "--yes").code == 0
    for item in story.items("dynasmith-migrations"):  # as where it was killed after the change of each
        if item["sk"]["S"].startswith("step#") and "operation" in item:
            story.direct.put_item(TableName="dynasmith-migrations", Item=item | {"state": {"S": "begun"}})
    story.direct.delete_item(TableName="dynasmith-migrations",
                             Key={"pk": {"S": "migrations#local"}, "sk": {"S": "event#000000000002"}})  # fmt: skip
    key = {"pk": {"S": "migrations#local"}, "sk": {"S": "lock"}}
    story.direct.update_item(TableName="dynasmith-migrations", Key=key, UpdateExpression="SET events = :e",
                             ExpressionAttributeValues={":e": {"N": "1"}})  # fmt: skip
    assert "0.0.1 is interrupted" in migrate(story, "status").err
    answer = migrate(story, "up", "--yes")
    assert answer.code == 0, answer.err
    answer = migrate(story, "down", "--yes")
    assert answer.code == 0, answer.err
    assert "orders" in story.live()
    arn = story.direct.describe_table(TableName="users")["Table"]["TableArn"]
    assert story.direct.list_tags_of_resource(ResourceArn=arn)["Tags"] == []


@pytest.mark.parametrize("down", ["down = None", "from functools import reduce as unused\ndown = [].copy()"])
def test_a_down_that_is_no_function_takes_nothing_back(migrated: ItemStory, down: str) -> None:
    one(migrated, f"def up(m):\n    m.once('a', lambda: 1)\n{down}\n")
    assert migrate(migrated, "up", "--yes").code == 0
    answer = migrate(migrated, "down", "--yes")
    assert answer.code in (1, 2), answer.err
    assert "has no function down" in answer.error or "down of 0.0.1_one.py is not a function" in answer.error


def test_a_reverse_whose_job_is_gone_is_refused_before_anything_is_taken_back(migrated: ItemStory) -> None:
    one(migrated, "def up(m):\n    m.table('users').add('a', 1)\n    m.table('users').add('b', 1)\n")
    assert migrate(migrated, "up", "--yes").code == 0
    job = json.loads(migrate(migrated, "show", "0.0.1", "--json").out)[-1]["jobs"][0]
    shutil.rmtree(migrated.folder / ".dynasmith" / "jobs" / job)
    answer = migrate(migrated, "down", "--yes")
    assert (answer.code, f"job {job} of its step 1 is not here" in answer.error) == (2, True), answer.err
    assert user(migrated)["b"] == {"N": "1"}
