"""scan, query, count and delete-item: what they say of what they do not show, and whom they ask."""

import shlex

import pytest

from cli.story import Story, table

COUNT = 6


@pytest.fixture
def filled(story: Story) -> Story:
    """Six items in one table, two of them with one key of an index."""
    by_kind = {"name": "by_kind", "key_schema": [{"attribute_name": "kind", "key_type": "HASH"}]}
    attributes = [{"name": "pk", "type": "S"}, {"name": "kind", "type": "S"}]
    story.define(table("orders", attributes=attributes, global_secondary_indexes=[by_kind]))
    assert story("ensure").code == 0
    for number in range(COUNT):
        kind = "rare" if number < 2 else "usual"
        story.client.put_item(TableName="orders", Item={"pk": {"S": str(number)}, "kind": {"S": kind}})
    return story


@pytest.mark.parametrize("words", [("scan", "orders"), ("query", "orders", "kind=usual", "--index", "by_kind")])
def test_more_is_said_and_the_cursor_goes_through_everything_once(filled: Story, words: tuple[str, ...]) -> None:
    everything = filled(*words, "--limit", "50").out.splitlines()
    found: list[str] = []
    more: list[str] = []
    for _ in range(COUNT + 1):
        shown = filled(*words, "--limit", "2", *more)
        found += shown.out.splitlines()
        if "there are more" not in shown.err:
            break
        assert "2 items shown, and there are more." in shown.err
        more = shlex.split(shown.err.split("add: ")[1])
        as_json = filled(*words, "--limit", "2", "--json").json
        assert (len(as_json["items"]), as_json["cursor"] is None) == (2, False)
    assert sorted(found) == sorted(everything)
    assert len(everything) == (COUNT if words[0] == "scan" else COUNT - 2)


@pytest.mark.parametrize("limit", [COUNT, COUNT + 1])
def test_a_limit_that_is_all_there_is_promises_nothing(filled: Story, limit: int) -> None:
    shown = filled("scan", "orders", "--limit", str(limit))
    assert (len(shown.out.splitlines()), "more" in shown.err) == (COUNT, False)
    assert filled("scan", "orders", "--limit", str(limit), "--json").json["cursor"] is None


@pytest.mark.parametrize("cursor", ["x", "e30", "bnVsbA", "ünï", "eyJwayI6MX0"])
def test_what_is_not_a_cursor_is_refused(filled: Story, cursor: str) -> None:
    shown = filled("scan", "orders", "--cursor", cursor)
    assert (shown.code, shown.error) == (2, "The value of --cursor is not a cursor.")


def test_count(filled: Story) -> None:
    assert filled("count", "orders").out == f"{COUNT}\n"
    assert filled("count", "orders", "pk=3").out == "1\n"
    assert filled("count", "orders", "kind=rare", "--index", "by_kind").out == "2\n"
    whole = filled("count", "orders", "--json").json
    assert (whole["table"], whole["count"], whole["estimate"]) == ("orders", COUNT, False)
    assert filled("count", "orders", "--estimate", "--json").json["estimate"] is True
    assert filled("count", "orders", "pk=3", "--estimate").code == 2
    unserved = filled("count", "orders", "kind=rare", "nokey:=3")
    assert (unserved.code, unserved.out) == (0, "0\n")
    assert "Query of index by_kind: its key serves kind; nokey filters what is read." in unserved.err
    assert filled("count", "orders", "pk=3", "--index", "absent").code == 2
    assert filled("count", "absent").code == 1


def test_a_key_of_two_attributes_may_be_its_values(story: Story) -> None:
    schema = [{"attribute_name": "pk", "key_type": "HASH"}, {"attribute_name": "n", "key_type": "RANGE"}]
    types = [{"name": "pk", "type": "S"}, {"name": "n", "type": "N"}]
    story.define(table("orders", attributes=types, key_schema=schema))
    assert story("ensure").code == 0
    assert story("put", "orders", "pk=ann", "n=7").code == 0
    assert story("get", "orders", "ann", "7").out == '{"pk":"ann","n":7}\n'
    assert story("get", "orders", "ann").hint == 'write {"name": "value"} or name=value'
    mistyped = story("get", "orders", "pkk=ann", "7")
    assert (mistyped.code, mistyped.out) == (2, "")
    assert story("delete-item", "orders", "ann", "7").code == 0
    assert story("count", "orders").out == "0\n"


def test_a_table_that_is_not_there_is_named_by_the_nearest_defined_one(filled: Story) -> None:
    missing = filled("scan", "order")
    assert (missing.code, missing.error) == (1, "Table order does not exist.")
    assert missing.hint.startswith("did you mean orders? dynasmith list")
    assert filled("scan", "weather").hint == "dynasmith list shows the existing tables"


def test_a_new_item_does_not_replace_one(filled: Story) -> None:
    refused = filled("put", "orders", "pk=1", "kind=rare", "--new")
    assert (refused.code, refused.hint) == (1, "remove --new to replace it")
    assert refused.error == "Table orders already has an item with that key; nothing was written."
    words = filled("query", "orders", "pk", "=", "1")
    assert (words.code, words.hint) == (2, "write pk=value, as one word")


def test_delete_item(filled: Story) -> None:
    dry = filled("delete-item", "orders", "pk=1", "--dry-run")
    assert (dry.code, "Would delete one item of orders." in dry.err) == (0, True)
    assert filled("count", "orders").out == f"{COUNT}\n"
    assert filled("delete-item", "orders", "pk=1", "--json").json.items() >= {"table": "orders", "deleted": 1}.items()
    again = filled("delete-item", "orders", "pk=1")
    assert (again.code, again.error) == (1, "Table orders has no item with that key; nothing was deleted.")
    assert filled("count", "orders").out == f"{COUNT - 1}\n"
    assert filled("delete-item", "orders", "pk=2", "kind=rare").code == 2


def test_delete_item_of_a_protected_environment_asks_for_its_name(filled: Story) -> None:
    kept = f'[environments.kept]\nendpoint = "{filled.endpoint}"\nregion = "us-east-1"\nprotected = true\n'
    filled.write("dynasmith.toml", f'definitions = ["tables_config.json"]\n{kept}')
    refused = filled("delete-item", "orders", "pk=1", "--env", "kept", "--yes")
    assert refused.code == 4
    assert "--confirm kept" in refused.hint
    assert filled("get", "orders", "pk=1", "--env", "kept").code == 0
    assert filled("delete-item", "orders", "pk=1", "--env", "kept", "--confirm", "kept").code == 0
