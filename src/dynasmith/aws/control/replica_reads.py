"""Reads of a replica in its own Region: its tags, and whether an item is there."""

from collections.abc import Mapping
from typing import Any

from dynasmith.aws.control.binary import to_botocore
from dynasmith.aws.control.request_parts import arn_there
from dynasmith.aws.control.session import Session
from dynasmith.tables.own_tags import is_managed_tag


def tags_there(session: Session, table: str, arn: str, region: str) -> dict[str, str]:
    """Every tag of the replica in a Region that a definition can have; ``arn`` is the table's. All pages."""
    asked: dict[str, Any] = {"ResourceArn": arn_there(arn, region)[0]}
    found: dict[str, str] = {}
    while True:
        answer = session.call("dynamodb", "ListTagsOfResource", asked, table=table, region=region)
        found |= {tag["Key"]: tag["Value"] for tag in answer.get("Tags") or ()}
        if not answer.get("NextToken"):
            return {name: value for name, value in sorted(found.items()) if is_managed_tag(name)}
        asked = {**asked, "NextToken": answer["NextToken"]}


def item_there(session: Session, table: str, key: Mapping[str, Any], region: str) -> bool:
    """Whether the replica in a Region has an item, by its key in DynamoDB JSON; one eventually consistent GetItem."""
    asked = {"TableName": table, "Key": to_botocore(key)}
    return bool(session.call("dynamodb", "GetItem", asked, table=table, region=region).get("Item"))
