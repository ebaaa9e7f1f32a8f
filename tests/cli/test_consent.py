"""What destroys wants a consent by name, what changes wants a yes; without a terminal and without them: exit 4."""

import time
from typing import Any

import pytest

from cli.story import Story, gsi, table
from dynasmith.strict import StrictServer


def _applied(story: Story, *tables: dict[str, Any]) -> None:
    story.define(*tables)
    answer = story("apply", "--yes")
    assert answer.code == 0, answer.err


def _indexes(story: Story, name: str = "orders") -> list[str]:
    described = story.client.describe_table(TableName=name)["Table"]
    return sorted(index["IndexName"] for index in described.get("GlobalSecondaryIndexes", ()))


def test_apply_without_a_terminal_and_without_yes_does_nothing(strict_story: Story, strict: StrictServer) -> None:
    strict_story.define(table())
    answer = strict_story("apply")
    assert answer.code == 4
    assert answer.hint == "add --yes"
    assert strict.journal.changes == []
    as_json = strict_story("apply", "--json")
    assert (as_json.code, as_json.json["error"]["code"]) == (4, "consent-required")
    assert strict_story.live() == []


def test_an_empty_plan_asks_nothing(story: Story) -> None:
    _applied(story, table())
    assert story("apply").code == 0


def test_delete_wants_each_name_typed(story: Story) -> None:
    _applied(story, table("orders"), table("users"))
    assert story("delete", "orders", "--yes").code == 4
    refused = story("delete", "orders", "users", "--confirm", "orders")
    assert (refused.code, refused.hint) == (4, "add --confirm users")
    assert sorted(story.live()) == ["orders", "users"]
    assert story("delete", "orders", "--dry-run").err.endswith("Would delete orders.\n")
    assert story("delete", "orders", "--confirm", "orders").code == 0
    assert story.live() == ["users"]
    assert story("delete", "orders", "--confirm", "orders").code == 1
    assert story("delete", "orders", "--confirm", "orders", "--missing-ok").code == 0


def test_a_protected_table_is_not_deleted_and_it_is_said_how(story: Story) -> None:
    _applied(story, table(deletion_protection=True))
    answer = story("delete", "orders", "--confirm", "orders")
    assert answer.code == 1
    assert "deletion_protection" in answer.hint or "deletion protection" in answer.err.lower()
    assert story.live() == ["orders"]


def test_an_index_that_the_definition_lost_stays_without_prune(story: Story) -> None:
    three = [gsi(f"by_{letter}", letter) for letter in "abc"]
    _applied(story, table(global_secondary_indexes=three))
    story.define(table(global_secondary_indexes=three[:2]))
    planned = story("plan", "--json").json
    assert planned["empty"]
    assert [(note["kind"], note["path"]) for note in planned["tables"][0]["notes"]] == [
        ("undefined", "global_secondary_indexes.by_c")
    ]
    assert story("apply", "--yes").code == 0
    assert _indexes(story) == ["by_a", "by_b", "by_c"]
    assert story("check").code == 0
    assert story("check", "--prune").code == 3

    hazard = story("plan", "--prune", "--json").json["tables"][0]["hazards"]
    assert [(each["kind"], each["consent"]) for each in hazard] == [("drop-index", "--prune")]
    assert story("apply", "--prune").code == 4
    assert story("apply", "--prune", "--yes").code == 0
    assert _indexes(story) == ["by_a", "by_b"]
    assert story("check", "--prune").code == 0


def test_a_changed_index_is_rebuilt_only_by_name(story: Story) -> None:
    _applied(story, table(global_secondary_indexes=[gsi("by_a", "a")]))
    story.define(table(global_secondary_indexes=[gsi("by_a", "b")]))
    refused = story("apply", "--yes")
    assert (refused.code, refused.hint) == (4, "add --rebuild-index by_a")
    assert story("apply", "--yes", "--rebuild-index", "by_b").code == 4
    described = story.client.describe_table(TableName="orders")["Table"]["GlobalSecondaryIndexes"]
    assert described[0]["KeySchema"][0]["AttributeName"] == "a"
    assert story("apply", "--yes", "--rebuild-index", "by_a").code == 0
    described = story.client.describe_table(TableName="orders")["Table"]["GlobalSecondaryIndexes"]
    assert described[0]["KeySchema"][0]["AttributeName"] == "b"
    assert story("check").code == 0


def test_ttl_over_items_that_are_past_wants_the_table_named(story: Story) -> None:
    _applied(story, table("orders"), table("users"))
    past = str(int(time.time()) - 86_400)
    story.client.put_item(TableName="orders", Item={"pk": {"S": "1"}, "ends": {"N": past}})
    story.client.put_item(TableName="users", Item={"pk": {"S": "1"}, "ends": {"N": str(int(time.time()) + 86_400)}})
    story.define(*(table(name, time_to_live={"attribute": "ends"}) for name in ("orders", "users")))
    refused = story("apply", "--yes")
    assert refused.code == 4
    assert "1 of 1 sampled items hold a past time in ends" in refused.error
    assert refused.hint == "add --confirm orders"
    for name in ("orders", "users"):
        assert story.client.describe_time_to_live(TableName=name)["TimeToLiveDescription"] == {
            "TimeToLiveStatus": "DISABLED"
        }
    assert story("apply", "users", "--yes").code == 0
    assert story("apply", "--yes", "--confirm", "orders").code == 0
    assert story("check").code == 0


def test_items_go_only_with_three_consents(story: Story) -> None:
    _applied(story, table(items=[{"pk": "1", "a": 1}, {"pk": "2"}]))
    story.define(table(items=[{"pk": "1", "a": 2}]))
    assert story("apply", "--yes").code == 0
    assert story.client.scan(TableName="orders")["Count"] == 2
    assert story("apply", "--yes", "--prune").code == 0
    refused = story("apply", "--yes", "--prune", "--allow-delete-items")
    assert (refused.code, refused.hint) == (4, "add --prune --allow-delete-items --confirm orders")
    assert story.client.scan(TableName="orders")["Count"] == 2
    assert story("apply", "--yes", "--prune", "--allow-delete-items", "--confirm", "orders").code == 0
    assert story.client.scan(TableName="orders")["Items"] == [{"pk": {"S": "1"}, "a": {"N": "2"}}]


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        (table(), {**table(), "attributes": [{"name": "pk", "type": "N"}]}, "key_schema"),
        (
            table(),
            {
                **table(),
                "attributes": [{"name": "id", "type": "S"}],
                "key_schema": [{"attribute_name": "id", "key_type": "HASH"}],
            },
            "key_schema",
        ),
    ],
    ids=["key type", "key"],
)
def test_a_replacement_is_explained_and_refused(
    story: Story, before: dict[str, Any], after: dict[str, Any], path: str
) -> None:
    _applied(story, before)
    story.client.put_item(TableName="orders", Item={"pk": {"S": "1"}})
    story.define(after, table("users"))
    planned = story("plan", "--json").json["tables"][0]
    assert [change["kind"] for change in planned["changes"]] == ["replace-table"]
    answer = story("apply", "--yes", "--prune", "--confirm", "orders")
    assert answer.code == 1
    assert path in answer.err
    assert "dynasmith replace orders" in answer.err
    assert story.client.scan(TableName="orders")["Count"] == 1
    assert sorted(story.live()) == ["orders", "users"]


def test_a_protected_environment_wants_its_name(story: Story) -> None:
    story.define(table(), name="tables.json")
    story.write(
        "dynasmith.toml",
        """
        definitions = ["tables.json"]
        [environments.prod]
        table_prefix = "prod-"
        protected = true
        """,
    )
    refused = story("apply", "--env", "prod", "--yes")
    assert (refused.code, refused.hint) == (4, "add --confirm prod")
    assert story.live() == []
    assert story("apply", "--env", "prod", "--yes", "--confirm", "prod").code == 0
    assert story.live() == ["prod-orders"]
    assert story("delete", "orders", "--env", "prod", "--confirm", "prod-orders").code == 4
    assert story("delete", "orders", "--env", "prod", "--confirm", "prod-orders", "--confirm", "prod").code == 0
