"""The handler, called in this process on the embedded engine: requests, replies, and what is left behind."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from dynasmith.files.migrations.folder import checksum
from item_stories.kit import ItemStory
from lambdas.conftest import FakeContext, InProcess
from leftovers import threads_left
from migrations.conftest import ADD, INDEX

COUNTED = '''"""Counts how often it works."""


def up(m):
    m.once("counted", lambda: counted(m))


def counted(m):
    m.client().update_item(
        TableName="users", Key={"pk": {"S": "counter"}}, UpdateExpression="ADD n :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )
'''
REQUEST = {
    "v": 1, "request_id": "r", "invocation": "i", "command": "migrate.up", "environment": "local", "dry_run": False,
}  # fmt: skip


def counter(story: ItemStory) -> int:
    found = story.direct.get_item(TableName="users", Key={"pk": {"S": "counter"}}).get("Item")
    return int(found["n"]["N"]) if found else 0


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ({}, "The event is empty"),
        (None, "The event is null"),
        ([1], "The event is a list"),
        ("text", "The event is a str"),
        ({"source": "aws.events"}, "has no version (v)"),
        ({"v": 2}, "says version 2"),
        ({"v": 1}, "missing required field `request_id`"),
        ({"v": 1, "Records": []}, "Records"),
        ({"v": 1, "request_id": "a\udc80"}, "half of a surrogate pair"),
        ({"v": 1, "\udc80": 1}, "half of a surrogate pair"),
        (REQUEST | {"request_id": "run-1/path"}, "request_id is not 1 to 200 of letters"),
        (REQUEST | {"request_id": "x" * 201}, "request_id is not 1 to 200 of letters"),
        (REQUEST | {"invocation": "i#1"}, "invocation is not 1 to 200 of letters"),
    ],
)
def test_what_is_no_request_is_refused_by_name(event: Any, says: str) -> None:
    reply = handler_of(event)
    assert reply["status"] == "error"
    assert says in reply["error"]["message"]
    assert reply["error"]["exit"] == 2
    assert reply["v"] == 1
    json.dumps(reply)


def handler_of(event: Any) -> dict[str, Any]:
    from dynasmith.lambdas import handler

    return handler(event, FakeContext())


def test_a_migration_runs_and_its_reply_says_what_became_of_it(in_process: InProcess) -> None:
    story = in_process.story
    story.people("users", 20)
    story.write("migrations/0.0.1_country.py", ADD)
    story.write("migrations/0.1.3_index.py", INDEX)
    threads = threading.enumerate()
    reply = in_process("migrate.up", arguments={"count": 2})
    assert threads_left(threads) == []
    assert {name: reply[name] for name in ("v", "request_id", "invocation", "dry_run", "environment", "status")} == {
        "v": 1, "request_id": "run-1", "invocation": "i1", "dry_run": False, "environment": "local", "status": "done",
    }, reply  # fmt: skip
    assert [(row["version"], row["state"], row["event"]) for row in reply["result"]] == [
        ("0.0.1", "applied", 2), ("0.1.3", "applied", 4),
    ]  # fmt: skip
    assert all("country" in item for item in story.items("users"))
    [first, *_] = in_process("migrate.show", arguments={"migration": "0.0.1"})["result"]
    assert (first["run"], first["where"], first["host"]) == ("run-1", "lambda", "migrations")
    lock = in_process("migrate.status", "look")["result"]["lock"]
    assert lock["state"] == "free"


def test_the_same_request_works_once(in_process: InProcess) -> None:
    story = in_process.story
    story.people("users", 3)
    story.write("migrations/0.0.1_counted.py", COUNTED)
    story.write("migrations/0.0.2_counted.py", COUNTED)
    first = in_process("migrate.up")
    again = in_process("migrate.up", continued=True)
    assert first["result"] == again["result"] != []
    assert again["invocation"] == "i2"
    assert counter(story) == 1
    other = in_process("migrate.all")
    assert other["error"]["exit"] == 2
    assert "was another command" in other["error"]["message"]
    assert in_process("migrate.up", "run-2")["result"][0]["version"] == "0.0.2"
    assert counter(story) == 2


def test_a_lost_reply_does_not_make_the_next_migration_run(in_process: InProcess) -> None:
    """Killed after the migration was applied and before the answer was kept, `up` is not the next `up`."""
    story = in_process.story
    story.people("users", 3)
    story.write("migrations/0.0.1_counted.py", COUNTED)
    story.write("migrations/0.0.2_counted.py", COUNTED)
    in_process("migrate.up")
    key = {"pk": {"S": "migrations#local"}, "sk": {"S": "request#run-1"}}
    story.direct.delete_item(TableName="dynasmith-migrations", Key=key)
    again = in_process("migrate.up", continued=True)
    assert [row["version"] for row in again["result"]] == ["0.0.1"]
    assert counter(story) == 1


def test_a_question_comes_with_its_plan_and_is_asked_again_where_the_plan_changed(in_process: InProcess) -> None:
    story = in_process.story
    story.people("users", 3)
    story.write("migrations/0.0.1_counted.py", COUNTED)
    asked = in_process("migrate.up", consent={})
    assert asked["status"] == "ask"
    assert [step["version"] for step in asked["ask"]["path"]] == ["0.0.1"]
    assert "Apply 0.0.1" in asked["ask"]["question"]
    assert "dynasmith-migrations" not in story.direct.list_tables()["TableNames"]  # to ask writes nothing
    story.write("migrations/0.0.1_counted.py", COUNTED + "\n# another file\n")
    given = {"yes": True, "plan": asked["ask"]["plan"]}
    again = in_process("migrate.up", consent=given)
    assert again["status"] == "ask"
    assert again["ask"]["plan"] != asked["ask"]["plan"]
    assert counter(story) == 0
    done = in_process("migrate.up", consent={"yes": True, "plan": again["ask"]["plan"]})
    assert done["status"] == "done", done
    assert counter(story) == 1


def test_a_protected_environment_wants_its_name(in_process: InProcess) -> None:
    story = in_process.story
    story.people("users", 3)
    story.write("migrations/0.0.1_counted.py", COUNTED)
    project = (story.folder / "dynasmith.toml").read_text(encoding="utf-8")
    story.write("dynasmith.toml", f'{project}\n[environments.prod]\nendpoint = "{story.endpoint}"\nprotected = true\n')
    asked = in_process("migrate.up", environment="prod")
    assert asked["status"] == "ask", asked
    assert asked["ask"]["confirm"] == "prod"
    done = in_process("migrate.up", environment="prod", consent={"yes": True, "confirm": ["prod"]})
    assert done["status"] == "done", done
    refused = in_process("migrate.reset", "run-2", environment="prod", consent={"yes": True, "confirm": ["prod"]})
    assert refused["error"]["exit"] == 2


def test_folders_and_other_files_are_refused_before_anything(in_process: InProcess) -> None:
    story = in_process.story
    story.people("users", 3)
    path = story.write("migrations/0.0.1_counted.py", COUNTED)
    reply = in_process("migrate.up", files={"0.0.1": "sha256:other", "0.0.2": "sha256:more"})
    assert reply["error"]["exit"] == 2
    assert "0.0.1 are other files; 0.0.2 are not in the function" in reply["error"]["message"]
    assert "0.0.1 are only in the function" in in_process("migrate.status", files={})["error"]["message"]
    helper = story.write("migrations/parts/words.py", "WORD = 1\n")
    known = {"0.0.1": checksum(path.read_bytes())}
    reply = in_process("migrate.status", files={**known, "parts/words.py": "sha256:other"})
    assert "parts/words.py are other files" in reply["error"]["message"]
    for same in (known, {**known, "parts/words.py": checksum(helper.read_bytes()), "left_out_by_git.py": "sha256:any"}):
        assert in_process("migrate.status", files=same)["status"] == "done"
    assert path.exists()
    project = (story.folder / "dynasmith.toml").read_text(encoding="utf-8")
    for key, value in (("ledger", ".dynasmith/jobs"), ("journal", ".dynasmith/journal")):
        lines = [line for line in project.splitlines() if not line.strip().startswith(key)]
        story.write("dynasmith.toml", "\n".join([*lines, f'{key} = "{value}"']))
        for dry in (False, True):
            reply = in_process("migrate.up", dry_run=dry)
            assert reply["error"]["exit"] == 2, reply
            assert f"The {key} of jobs is the folder {value}" in reply["error"]["message"]
    assert counter(story) == 0
    assert "dynasmith-migrations" not in story.direct.list_tables()["TableNames"]


def test_commands_and_arguments_that_there_are_not_are_named(in_process: InProcess) -> None:
    for command, arguments, says in (
        ("migrate", {}, "no command migrate"),
        ("migrate.sideways", {}, "There is no command migrate.sideways"),
        ("drop", {}, "no command drop"),
        ("migrate.up", {"cout": 1}, "cout"),
        ("migrate.up", {"count": "x"}, "count"),
        ("migrate.show", {"migration": 7}, "migration"),
    ):
        reply = in_process(command, arguments=arguments)
        assert reply["error"]["exit"] == 2, reply
        assert says in reply["error"]["message"]
    reply = in_process("migrate.status", environment="nowhere")
    assert "Environment nowhere does not exist" in reply["error"]["message"]


def test_a_dry_run_writes_nothing_and_shows_the_steps(in_process: InProcess) -> None:
    story = in_process.story
    story.people("users", 3)
    story.write("migrations/0.0.1_country.py", ADD)
    reply = in_process("migrate.all", dry_run=True, consent={})
    assert reply["status"] == "done", reply
    assert reply["dry_run"] is True
    [migration] = reply["result"]["migrations"]
    assert [step["operation"] for step in migration["steps"]] == ["add"]
    assert story.wrote() == []
    in_process("migrate.all", "run-2")
    assert "PutItem" in story.wrote()  # so that the check above can fail


EMPTIES = '''"""Throws all users away."""


def up(m):
    m.table("users").delete_all()
'''


def test_a_step_that_destroys_items_wants_the_name_of_its_table(in_process: InProcess) -> None:
    story = in_process.story
    story.people("users", 5)
    story.write("migrations/0.0.1_empties.py", EMPTIES)
    asked = in_process("migrate.up")
    assert asked["status"] == "ask", asked
    assert asked["ask"]["names"] == ["users"]
    assert len(story.items("users")) == 5
    done = in_process("migrate.up", consent={"yes": True, "confirm": ["users"]})
    assert done["status"] == "done", done
    assert story.items("users") == []


def test_a_step_that_nobody_foresaw_asks_when_it_is_about_to_begin(in_process: InProcess) -> None:
    story = in_process.story
    story.people("users", 5)
    story.write(
        "migrations/0.0.1_hidden.py", EMPTIES.replace(".delete_all()", '.__getattribute__("delete" + "_all")()')
    )
    asked = in_process("migrate.up")
    assert asked["status"] == "ask", asked
    assert asked["ask"]["names"] == ["users"]
    assert len(story.items("users")) == 5
    done = in_process("migrate.up", continued=True, consent={"yes": True, "confirm": ["users"]})
    assert done["status"] == "done", done
    assert story.items("users") == []
