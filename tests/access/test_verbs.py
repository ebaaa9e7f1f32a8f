"""lambda grant and revoke: function by function, on the strict endpoint."""

import json
from typing import Any

import pytest

from access_stories import Functions
from cli.story import gsi, table
from item_stories.kit import ItemStory

INDEXED = {"global_secondary_indexes": [gsi("by-user", "user")]}


@pytest.fixture
def functions(story: ItemStory) -> Functions:
    return Functions(story.endpoint, story.account)


@pytest.fixture
def orders(story: ItemStory) -> ItemStory:
    story.define(table("orders", **INDEXED))
    assert story("ensure").code == 0
    return story


def states(answer: Any) -> list[tuple[str, str]]:
    return [(each["function"] or each["role"], each["state"]) for each in answer.json]


def test_functions_are_granted_one_by_one_and_one_that_fails_does_not_stop_the_others(
    orders: ItemStory, functions: Functions
) -> None:
    roles = [functions.make(name) for name in ("api", "report_1")]
    words = ("lambda", "grant", "orders", "api,absent,report_1", "--allow", "read")
    assert orders(*words).code == 4
    assert all(functions.document(role) is None for role in roles)
    rehearsed = orders(*words, "--dry-run", "--json")
    assert states(rehearsed) == [("api", "granted"), ("absent", "failed"), ("report_1", "granted")]
    assert all(functions.document(role) is None for role in roles)
    answer = orders(*words, "--yes", "--json")
    assert (answer.code, states(answer)) == (1, states(rehearsed))
    assert answer.json[0] | {"why": ""} == {
        "function": "api", "role": "api-role", "policy": "dynasmith-orders", "state": "granted", "why": "",
    }  # fmt: skip
    assert "The function absent does not exist." in answer.json[1]["why"]
    before = [functions.document(role) for role in roles]
    again = orders("lambda", "grant", "orders", "api", "report_1", "--allow", "read", "--yes", "--json")
    assert (again.code, states(again)) == (0, [("api", "unchanged"), ("report_1", "unchanged")])
    assert [functions.document(role) for role in roles] == before


def test_a_grant_is_exactly_what_it_says_and_a_revoke_takes_it_away(orders: ItemStory, functions: Functions) -> None:
    role = functions.make("api")
    assert orders("lambda", "grant", "orders", "api", "--allow", "read,write", "--yes").code == 0
    assert orders("lambda", "grant", "orders", "api", "--allow", "read", "--indexes", "by-user", "--yes").code == 0
    document = functions.document(role)
    assert document is not None
    assert {each["Sid"] for each in document["Statement"]} == {"TableFunctionUseast1api", "IndexFunctionUseast1api"}
    assert "dynamodb:PutItem" not in json.dumps(document)
    assert orders("lambda", "revoke", "orders", "api", "--indexes", "by-user", "--yes").code == 0
    document = functions.document(role)
    assert document is not None
    assert [each["Sid"] for each in document["Statement"]] == ["TableFunctionUseast1api"]
    part = orders("lambda", "revoke", "orders", "api", "--allow", "dynamodb:Scan", "--yes", "--json")
    assert states(part) == [("api", "revoked")]
    gone = orders("lambda", "revoke", "orders", "api", "--yes", "--json")
    assert (states(gone), functions.document(role)) == ([("api", "revoked")], None)
    again = orders("lambda", "revoke", "orders", "api", "--yes", "--json")
    assert (again.code, states(again)) == (0, [("api", "unchanged")])


def test_a_role_is_shared_and_a_function_s_alias_and_arn_are_names_of_it(
    orders: ItemStory, functions: Functions
) -> None:
    arn = functions.role("shared", "/team/api/")
    for name in ("one", "two"):
        functions.make(name, arn)
    assert orders("lambda", "grant", "orders", "one", "--allow", "read", "--yes").code == 0
    by_arn = f"arn:aws:lambda:us-east-1:{functions.account}:function:two"
    answer = orders("lambda", "grant", "orders", by_arn, "--allow", "write", "--yes", "--json")
    assert answer.code == 0, answer.err
    assert (answer.json[0]["function"], answer.json[0]["role"]) == ("two", "shared")
    assert "shared with one" in answer.json[0]["why"]
    assert orders("lambda", "revoke", "orders", "one", "--yes").code == 0
    document = functions.document("shared")
    assert document is not None
    assert [each["Sid"] for each in document["Statement"]] == ["TableFunctionUseast1two"]


def test_a_role_by_itself(orders: ItemStory, functions: Functions) -> None:
    arn = functions.role("app", "/team/")
    answer = orders("lambda", "grant", "orders", "--role", arn, "--allow", "dynamodb:GetItem", "--yes", "--json")
    assert (answer.code, states(answer)) == (0, [("app", "granted")]), answer.err
    assert functions.document("app") is not None
    assert orders("lambda", "revoke", "orders", "--role", "app", "--yes").code == 0
    assert functions.document("app") is None


def test_what_the_definition_says_is_granted(orders: ItemStory, functions: Functions) -> None:
    functions.make("api")
    orders.define(table("orders", access=[{"function": "api", "allow": ["read"]}], **INDEXED))
    assert orders("lambda", "grant", "orders", "api", "--yes").code == 0
    assert orders("check").code == 0


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("orders", "api"), 2, "Nothing says what the function api may do"),
        (("orders", "api", "--allow", "dynamodb:*"), 2, "wildcard"),
        (("orders", "api", "--allow", "dynamodb:DeleteTable"), 2, "is not an action on items or streams"),
        (("orders", "api", "--allow", "read", "--indexes", "absent"), 2, "has no index absent"),
        (("orders", "--allow", "read"), 2, "No function and no role is named"),
        (("orders", "api,,b", "--allow", "read"), 2, "empty name"),
        (("absent", "api", "--allow", "read"), 1, "absent"),
        (("orders", "arn:aws:lambda:us-east-1:999999999999:function:x", "--allow", "read"), 1, ""),
        (("orders", "--role", "aws-role", "--allow", "read"), 1, "belongs to AWS"),
        (("orders", "--role", "absent", "--allow", "read"), 1, "does not exist"),
    ],
)
def test_what_cannot_be_granted_is_one_sentence_and_nothing_is_done(
    orders: ItemStory, functions: Functions, words: tuple[str, ...], code: int, message: str
) -> None:
    functions.role("aws-role", "/aws-service-role/lambda.amazonaws.com/")
    answer = orders("lambda", "grant", *words, "--yes")
    assert (answer.code, message in answer.err) == (code, True), answer.err
    assert functions.document("aws-role") is None


def test_the_list_shows_access_and_whether_it_is_declared(orders: ItemStory, functions: Functions) -> None:
    functions.make("api")
    functions.role("app")
    orders.define(table("orders", access=[{"function": "api", "allow": ["read"]}], **INDEXED))
    assert orders("lambda", "grant", "orders", "api", "--yes").code == 0
    granted = orders("lambda", "grant", "orders", "--role", "app", "--allow", "write", "--indexes", "by-user", "--yes")
    assert granted.code == 0
    rows = orders("lambda", "list", "orders", "--json").json
    assert [(row["kind"], row["function"], row["role"], row["allowed"], row["declared"]) for row in rows] == [
        ("access", "api", "api-role", ["read"], True),
        ("access", "", "app", ["write"], False),
    ]
    shown = orders("lambda", "list", "orders")
    assert "api  may read  indexes all  dynasmith-orders of api-role" in shown.out
    assert "role app  may write" in shown.out
