"""A role that may not write a table cannot prove that its writes are stopped, so it stops none."""

from pathlib import Path

import pytest

from permissions.kit import RoleStory
from permissions.replacement_cases import to_replace

DENIED = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem")


def test_a_role_that_may_not_write_cuts_nothing_over(rich: None, story: RoleStory) -> None:
    to_replace(story)
    story.owner("replace", "start", "single", "--yes", "--config", "single.json")
    allowed = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    written = {"Effect": "Deny", "Action": [f"dynamodb:{each}" for each in DENIED], "Resource": "*"}
    story.home.allow([allowed, written])
    refused = story.taken("replace", "cutover", "last", "--pointer", "file:table.txt", "--yes")
    assert refused.code == 1
    assert refused.error.startswith("The caller may not write single, so it cannot prove that a fence stops writes: ")
    assert "explicit deny in an identity-based policy" in refused.error
    assert '"dynamodb:DeleteItem"' in refused.hint
    client = story.home.client("dynamodb")
    with pytest.raises(client.exceptions.PolicyNotFoundException):
        client.get_resource_policy(ResourceArn=f"arn:aws:dynamodb:us-east-1:{story.home.number}:table/single")
    assert Path("table.txt").read_text() == "single\n"
    assert story("replace", "status", "last", "--json").json["replacement"]["state"] == "verified"
