"""validate on access: roles that may more than they were granted, and grants that differ, on the strict endpoint."""

from typing import Any

import pytest

from access_stories import Functions
from cli.story import table
from item_stories.kit import ItemStory


def codes(story: ItemStory) -> set[tuple[str, str]]:
    found = story("validate", "orders", "--json").json
    return {(each["code"], each["severity"]) for each in found if each["code"] in ("DS013", "DS014")}


@pytest.fixture
def orders(story: ItemStory) -> ItemStory:
    Functions(story.endpoint, story.account).make("api")
    story.define(table("orders", access=[{"function": "api", "allow": ["read"]}]))
    assert story("apply", "--yes").code == 0
    return story


@pytest.mark.parametrize(
    ("action", "resource", "found"),
    [
        ("dynamodb:*", "*", True),
        ("*", "*", True),
        ("dynamodb:DeleteTable", "arn:aws:dynamodb:us-east-1:{account}:table/orders", True),
        ("dynamodb:CreateTable", "*", True),
        ("dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:{account}:table/*", True),
        ("dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:{account}:table/orders", False),
        ("dynamodb:*", "arn:aws:dynamodb:us-east-1:{account}:table/other", False),
        ("s3:*", "*", False),
    ],
)
def test_a_role_that_may_more_is_found(orders: ItemStory, action: str, resource: str, found: bool) -> None:
    functions = Functions(orders.endpoint, orders.account)
    assert codes(orders) == set()
    statement: dict[str, Any] = {
        "Effect": "Allow", "Action": action, "Resource": resource.format(account=orders.account),
    }  # fmt: skip
    functions.put("api-role", "other-table", {"Version": "2012-10-17", "Statement": [statement]})
    assert codes(orders) == ({("DS013", "warning")} if found else set())


def test_a_grant_that_differs_is_found(orders: ItemStory) -> None:
    assert orders("lambda", "grant", "orders", "api", "--allow", "read,write", "--yes").code == 0
    assert codes(orders) == {("DS014", "warning")}
    assert orders("apply", "--yes").code == 0
    assert codes(orders) == set()
