"""``--json``: one document on stdout, with the keys that the contract names; an error is a document too."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from cli.story import Answer, Story, table

TABLE_KEYS = {"name", "status", "billing_mode", "item_count_estimate", "size_bytes_estimate", "arn", "defined"}
CHANGE_KEYS = {"table", "kind", "path", "from", "to", "hazard"}
FINDING_KEYS = {"code", "severity", "path", "why", "fix"}


def test_tables(story: Story) -> None:
    story.define(table("orders"), table("users"))
    assert story("ensure", "orders").code == 0
    story.client.create_table(
        TableName="stranger",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    listed = story("list", "--json").json
    assert [set(each) >= TABLE_KEYS for each in listed] == [True] * 3
    assert {each["name"]: each["defined"] for each in listed} == {
        "orders": "defined",
        "stranger": "undefined",
        "users": "missing",
    }
    described = story("describe", "orders", "--json").json
    assert set(described) >= TABLE_KEYS
    assert (described["status"], described["defined"]) == ("ACTIVE", "defined")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", described["created_at"])
    # A table that no definition has is never touched.
    assert [each["table"] for each in story("plan", "--prune", "--json").json["tables"]] == ["orders", "users"]


def test_changes(story: Story) -> None:
    story.define(table("orders"))
    assert story("ensure").code == 0
    story.define(table("orders", tags={"a": "b"}, time_to_live={"attribute": "ends"}))
    for verb in ("plan", "check"):
        changes = story(verb, "--json").json["tables"][0]["changes"]
        assert [set(change) for change in changes] == [CHANGE_KEYS] * 2
        assert {change["path"] for change in changes} == {"tags", "time_to_live"}
        hazards = {change["path"]: change["hazard"] for change in changes}
        assert hazards == {"tags": None, "time_to_live": "ttl-deletes-items"}
    applied = story("apply", "--json", "--yes").json["applied"]
    assert set(applied[0]) >= {"table", "changes", "steps", "seconds", "postponed"}
    assert [set(change) for change in applied[0]["changes"]] == [CHANGE_KEYS] * 2


def test_findings(story: Story) -> None:
    story.define(table("orders"))
    found = story("validate", "--offline", "--json")
    assert found.code == 0
    assert [set(each) >= FINDING_KEYS for each in found.json] == [True] * len(found.json)
    assert found.json


def test_items(story: Story) -> None:
    story.define(table("orders"))
    assert story("ensure").code == 0
    assert story("put", "orders", '{"pk": "1", "total": 12.50, "tags": ["a"]}').code == 0
    assert story("put", "orders", "pk=2", "total=7").code == 0
    assert story("get", "orders", "pk=1", "--json").json["pk"] == "1"
    everything = story("scan", "orders", "--json").json
    assert (sorted(each["pk"] for each in everything["items"]), everything["cursor"]) == (["1", "2"], None)
    found = story("query", "orders", "pk=2", "--json").json
    assert ([each["pk"] for each in found["items"]], found["cursor"]) == (["2"], None)
    assert story("put", "orders", "pk=long", "n:=12345678901234567890.12345678901234567").code == 0
    for shown in (story("get", "orders", "pk=long", "--json"), story("query", "orders", "pk=long", "--json")):
        assert "12345678901234567890.12345678901234567" in shown.out, "no digit is lost"
    absent = story("get", "orders", "pk=9", "--json")
    assert (absent.code, absent.json["error"]["code"]) == (1, "item-not-found")
    refused = story("put", "orders", "pk=1", "--new", "--json")
    assert (refused.code, refused.json["error"]["code"]) == (1, "item-exists")


VERBS: dict[str, tuple[str, ...]] = {
    "create": ("create", "users"),
    "delete": ("delete", "orders", "--confirm", "orders"),
    "doctor": ("doctor",),
    "ensure": ("ensure",),
    "outputs": ("outputs", "orders"),
    "local": ("local", "status", "--port", "18999"),
    "schema": ("schema",),
}
SHAPES: dict[str, Callable[[Any], bool]] = {
    "create": lambda made: set(made[0]) >= TABLE_KEYS and made[0]["name"] == "users",
    "delete": lambda gone: gone["deleted"] == ["orders"] and gone["environment"] == "local",
    "doctor": lambda checks: bool(checks) and all({"name", "state", "says"} <= set(check) for check in checks),
    "ensure": lambda done: set(done) == {"created", "existing", "differing", "unfinished", "unread", "failures"},
    "outputs": lambda found: found[0]["name"] == "orders" and found[0]["partition_key"] == "pk",
    "local": lambda status: status["running"] is False,
    "schema": lambda schema: "properties" in schema or "$defs" in schema,
}


@pytest.mark.parametrize("verb", VERBS)
def test_one_document_on_stdout(story: Story, verb: str) -> None:
    story.define(table("orders"), table("users"))
    assert story("ensure", "orders").code == 0
    answer = story(*VERBS[verb], "--json")
    assert answer.code == 0, answer
    assert SHAPES[verb](answer.json), answer.out


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        (("frobnicate",), "usage", 2),
        (("describe", "absent"), "table-not-found", 1),
        (("create", "orders"), "table-exists", 1),
        (("delete", "orders"), "consent-required", 4),
        (("list", "--env", "nowhere"), "project", 2),
        (("ensure", "--config", "broken.json"), "definition", 2),
    ],
)
def test_an_error_is_a_document(story: Story, words: tuple[str, ...], code: str, exit_code: int) -> None:
    story.define(table("orders"))
    story.write("broken.json", "{")
    assert story("ensure").code == 0
    answer: Answer = story(*words, "--json")
    error = answer.json["error"]
    assert (answer.code, error["code"], error["exit"]) == (exit_code, code, exit_code)
    assert set(error) >= {"code", "message", "hint", "exit"}
    assert error["message"]


def test_a_dry_apply_holds_the_plan(story: Story) -> None:
    story.define(table("orders"))
    dry = story("apply", "--dry-run", "--json").json
    assert dry["applied"] == []
    assert dry["plan"] == story("plan", "--json").json
    assert [each["kind"] for each in dry["plan"]["tables"][0]["changes"]] == ["create-table"]
    assert story.live() == []
    assert "plan" not in story("apply", "--yes", "--json").json


def test_a_word_that_is_no_setting_is_told_which_there_are(story: Story) -> None:
    story.define(table("orders"))
    said = story("plan", "--only", "qqq", "--json").json["error"]
    assert (said["exit"], said["message"]) == (2, "qqq is not a setting of a table.")
    assert "billing_mode" in said["hint"]
    assert "key_schema" not in said["hint"]
