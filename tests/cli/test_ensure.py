"""``ensure``: creates what is absent, changes nothing that is there, goes on where one fails."""

import json
from pathlib import Path

from cli.story import Story, gsi, table
from dynasmith.strict import StrictServer

CONFIG = Path(__file__).parents[2] / "examples" / "init-script" / "tables_config.json"


def test_the_seeds_two_tables_are_created_once_and_listed(story: Story) -> None:
    story.write("tables_config.json", CONFIG.read_text(encoding="utf-8"))
    first = story("ensure", "--env", "local", "--config", "tables_config.json")
    assert first.code == 0, first.err
    assert "Created users_birthdays." in first.err
    assert "Created user_sessions." in first.err
    described = story.client.describe_table(TableName="user_sessions")["Table"]
    assert [key["AttributeName"] for key in described["KeySchema"]] == ["user_id", "session_id"]
    created = described["CreationDateTime"]

    second = story("ensure", "--env", "local", "--config", "tables_config.json")
    assert second.code == 0
    assert "users_birthdays exists and matches its definition." in second.err
    assert "Created" not in second.err
    assert story.client.describe_table(TableName="user_sessions")["Table"]["CreationDateTime"] == created

    listed = story("list", "--env", "local")
    assert [line.split()[0] for line in listed.out.splitlines()[1:]] == ["user_sessions", "users_birthdays"]


def test_what_exists_and_differs_is_said_and_left(story: Story) -> None:
    story.define(table("orders"))
    assert story("ensure").code == 0
    story.define(table("orders", tags={"team": "shop"}), table("users"))
    answer = story("ensure")
    assert answer.code == 0
    assert "orders exists and differs (tags): dynasmith plan orders" in answer.err
    assert "Created users." in answer.err
    arn = story.client.describe_table(TableName="orders")["Table"]["TableArn"]
    assert story.client.list_tags_of_resource(ResourceArn=arn)["Tags"] == []


def test_json_of_ensure(story: Story) -> None:
    story.define(table("orders"))
    nothing: dict[str, object] = {"differing": {}, "unfinished": {}, "unread": {}, "failures": {}}
    assert story("ensure", "--json").json == nothing | {"created": ["orders"], "existing": []}
    story.define(table("orders", deletion_protection=True))
    assert story("ensure", "--json").json == {
        "created": [],
        "existing": ["orders"],
        "differing": {"orders": ["deletion_protection"]},
        "unfinished": {},
        "unread": {},
        "failures": {},
    }


def test_ten_processes_at_once_all_succeed(story: Story) -> None:
    story.define(*(table(f"table-{number}", global_secondary_indexes=[gsi("by_a", "a")]) for number in range(3)))
    running = [story.spawn("ensure") for _ in range(10)]
    ended = [(process.communicate(timeout=300), process.returncode) for process in running]
    assert [code for _, code in ended] == [0] * 10, [words for words, _ in ended]
    assert sorted(story.live()) == ["table-0", "table-1", "table-2"]
    assert story("check").code == 0


def test_one_table_that_fails_does_not_stop_the_others(strict_story: Story, strict: StrictServer) -> None:
    strict_story.define(table("first"), table("second"), table("third"))
    strict.fault("CreateTable", kind="access-denied", times=None, table="second")
    answer = strict_story("ensure")
    assert answer.code == 1
    assert answer.error == "1 table failed (second); 2 done."
    assert "dynamodb:CreateTable" in answer.err
    assert "  second: " in answer.err
    assert sorted(strict_story.live()) == ["first", "third"]

    as_json = strict_story("ensure", "--json")
    assert as_json.code == 1
    assert sorted(as_json.json["existing"]) == ["first", "third"]
    assert as_json.json["failures"]["second"]["code"] == "access-denied"


def test_nothing_is_created_under_dry_run(strict_story: Story, strict: StrictServer) -> None:
    strict_story.define(table("orders", items=[{"pk": "1"}]))
    answer = strict_story("ensure", "--dry-run")
    assert answer.code == 0
    assert "create the table" in answer.out
    assert strict.journal.changes == []
    assert strict.journal.writes == []
    assert len(strict.journal) > 0


def test_a_name_that_no_definition_has(story: Story) -> None:
    story.define(table("orders"))
    answer = story("ensure", "ordrs")
    assert (answer.code, answer.error) == (2, "No definition has a table ordrs.")
    assert answer.hint == "did you mean orders?"
    assert json.loads(story("ensure", "ordrs", "--json").out)["error"]["exit"] == 2


def test_a_dry_run_of_ensure_promises_no_change_of_what_exists(story: Story) -> None:
    story.define(table("orders"))
    assert story("ensure").code == 0
    story.define(table("orders", tags={"team": "shop"}), table("users"))
    answer = story("ensure", "--dry-run")
    assert (answer.code, "1 to create, 0 to change, in 1 call;" in answer.out) == (0, True)
    assert answer.err.endswith("orders exists and differs: dynasmith plan orders\n")
    document = story("ensure", "--dry-run", "--json").json
    assert [planned["table"] for planned in document["tables"]] == ["users"]
    assert story.live() == ["orders"]


def test_a_dry_run_of_create_refuses_what_exists(story: Story) -> None:
    story.define(table("orders"), table("users"))
    assert story("create", "orders").code == 0
    assert story("create", "orders", "--dry-run").error == "Table orders exists already."
    assert story("create", "users", "--dry-run", "--json").json["tables"][0]["exists"] is False
    assert story("delete", "orders", "--dry-run", "--json").json["deleted"] == []
    assert story.live() == ["orders"]
