"""The setting ``access``: planned, applied, checked, imported, pruned and restored, on the strict endpoint."""

from typing import Any

import pytest

from access_stories import Functions
from cli.story import gsi, table
from item_stories.kit import ItemStory

INDEXED = {"global_secondary_indexes": [gsi("by-user", "user")]}


@pytest.fixture
def functions(story: ItemStory) -> Functions:
    return Functions(story.endpoint, story.account)


def with_access(*entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    return table("orders", access=list(entries), **INDEXED, **more)


def test_access_is_applied_checked_and_imported(story: ItemStory, functions: Functions) -> None:
    role = functions.make("order_api-1")
    story.define(with_access({"function": "order_api-1", "allow": ["read", "write"]}))
    planned = story("plan")
    assert planned.code == 0, planned.err
    assert "order_api-1" in planned.out
    applied = story("apply", "--yes")
    assert applied.code == 0, applied.err
    arn = f"arn:aws:dynamodb:us-east-1:{functions.account}:table/orders"
    document = functions.document(role)
    assert document is not None
    by_sid = {each["Sid"]: each for each in document["Statement"]}
    assert sorted(by_sid) == ["IndexFunctionUseast1orderZuapiZh1", "TableFunctionUseast1orderZuapiZh1"]
    assert [each["Resource"] for _, each in sorted(by_sid.items())] == [f"{arn}/index/*", arn]
    assert (story("check").code, story("plan", "--json").json["tables"][0]["changes"]) == (0, [])
    assert story("import", "orders", "--out", "live.json").code == 0
    assert "order_api-1" in story.folder.joinpath("live.json").read_text("utf-8")


def test_an_edit_changes_the_statements_and_takes_a_question(story: ItemStory, functions: Functions) -> None:
    role = functions.make("api")
    story.define(with_access({"function": "api", "allow": ["read", "write"]}))
    assert story("apply", "--yes").code == 0
    story.define(with_access({"function": "api", "allow": ["dynamodb:GetItem", "dynamodb:Query"], "indexes": []}))
    assert story("check").code == 3
    planned = story("plan", "--json").json["tables"][0]
    assert [each["hazard"] for each in planned["changes"]] == ["access-reduced"]
    assert story("apply", "--only", "access", "--yes").code == 0
    document = functions.document(role)
    assert document is not None
    assert [each["Action"] for each in document["Statement"]] == [["dynamodb:GetItem", "dynamodb:Query"]]
    assert story("check").code == 0


def test_what_is_not_defined_stays_until_it_is_pruned(story: ItemStory, functions: Functions) -> None:
    roles = [functions.make(name) for name in ("api", "old")]
    both = [{"function": name, "allow": ["read"]} for name in ("api", "old")]
    story.define(with_access(*both))
    assert story("apply", "--yes").code == 0
    story.define(with_access(both[0]))
    planned = story("plan")
    assert "access of function old is not defined; --prune removes it" in planned.out + planned.err
    assert story("apply", "--yes").code == 0
    assert functions.document(roles[1]) is not None
    assert story("apply", "--prune", "--yes").code == 0
    assert (functions.document(roles[1]), functions.document(roles[0]) is None) == (None, False)
    assert story("check").code == 0


def test_functions_that_share_a_role_have_statements_of_their_own(story: ItemStory, functions: Functions) -> None:
    arn = functions.role("shared", "/team/")
    for name in ("one", "two"):
        functions.make(name, arn)
    story.define(with_access({"function": "one", "allow": ["read"]}, {"function": "two", "allow": ["write"]}))
    assert story("apply", "--yes").code == 0
    story.define(with_access({"function": "two", "allow": ["write"]}))
    assert story("apply", "--prune", "--yes").code == 0
    document = functions.document("shared")
    assert document is not None
    assert [each["Sid"] for each in document["Statement"]] == ["TableFunctionUseast1two"]
    story.define(with_access())
    assert story("apply", "--prune", "--yes").code == 0
    assert functions.document("shared") is None


def test_what_others_wrote_into_the_policy_stays(story: ItemStory, functions: Functions) -> None:
    role = functions.make("api")
    own = {"Sid": "Mine", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [own]}
    functions.put(role, "orders", document)
    story.define(with_access({"function": "api", "allow": ["read"]}))
    assert story("apply", "--yes").code == 0
    story.define(with_access())
    assert story("apply", "--prune", "--yes").code == 0
    assert functions.document(role) == document


def test_statements_that_somebody_changed_are_put_right(story: ItemStory, functions: Functions) -> None:
    role = functions.make("api")
    story.define(with_access({"function": "api", "allow": ["read"]}))
    assert story("apply", "--yes").code == 0
    document = functions.document(role)
    assert document is not None
    wide = {**document, "Statement": [{**each, "Resource": "*"} for each in document["Statement"]]}
    functions.put(role, "orders", wide)
    assert story("check").code == 3
    assert story("apply", "--yes").code == 0
    assert functions.document(role) == document


def test_a_function_that_got_another_role_is_granted_there(story: ItemStory, functions: Functions) -> None:
    role = functions.make("api")
    story.define(with_access({"function": "api", "allow": ["read"]}))
    assert story("apply", "--yes").code == 0
    functions.awslambda.update_function_configuration(FunctionName="api", Role=functions.role("new"))
    assert story("check").code == 3
    assert story("apply", "--yes").code == 0
    assert functions.document("new") is not None
    assert story("check").code == 0
    planned = story("plan")
    assert f"access of function api in the role {role}" in planned.out + planned.err
    assert story("apply", "--prune", "--yes").code == 0
    assert (functions.document(role), functions.document("new") is None) == (None, False)


def test_a_key_of_the_customer_adds_its_actions(story: ItemStory, functions: Functions) -> None:
    role = functions.make("api")
    key = functions.client("kms").create_key()["KeyMetadata"]["Arn"]
    encryption = {"type": "CUSTOMER", "key": key}
    story.define(with_access({"function": "api", "allow": ["read"]}))
    assert story("apply", "--yes").code == 0
    story.define(with_access({"function": "api", "allow": ["read"]}, encryption=encryption))
    assert story("apply", "--yes").code == 0
    document = functions.document(role)
    assert document is not None
    of_key = [each for each in document["Statement"] if each["Resource"] == key]
    assert [each["Action"] for each in of_key] == [["kms:Decrypt", "kms:GenerateDataKey"]]
    assert story("check").code == 0


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"function": "api", "allow": ["dynamodb:*"]}, "wildcard"),
        ({"function": "api", "allow": ["dynamodb:DeleteTable"]}, "not an action on items or streams"),
        ({"function": "api", "role": "app", "allow": ["read"]}, "names a function and a role"),
        ({"allow": ["read"]}, "names neither a function nor a role"),
        ({"function": "api", "allow": ["dynamodb:Scan"], "leading_keys": ["a"]}, "past leading_keys"),
    ],
)
def test_a_definition_is_refused_before_any_call(story: ItemStory, entry: dict[str, Any], message: str) -> None:
    story.define(with_access(entry))
    answer = story("apply", "--yes")
    assert (answer.code, message in answer.err) == (2, True), answer.err
    assert story.wrote() == []


def test_a_function_that_does_not_exist_is_named_and_the_rest_is_there(story: ItemStory, functions: Functions) -> None:
    story.define(with_access({"function": "absent", "allow": ["read"]}))
    answer = story("apply", "--yes")
    assert (answer.code, "The function absent does not exist." in answer.err) == (1, True), answer.err
    assert story.live() == ["orders"]
    functions.make("absent")
    assert story("apply", "--yes").code == 0
    assert story("check").code == 0
