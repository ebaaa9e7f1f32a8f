"""Reads of a replica in its own Region: its tags, and whether an item is there."""

from collections.abc import Mapping
from typing import Any

from dynasmith.aws.control.binary import to_botocore
from dynasmith.aws.control.session import Session


def tags_there(session: Session, table: str, arn: str, region: str) -> dict[str, str]:
    """The tags of the replica in a Region, but those of AWS itself; ``arn`` is the table's. All pages."""
    parts = arn.split(":")
    parts[3] = region
    asked: dict[str, Any] = {"ResourceArn": ":".join(parts)}
    found: dict[str, str] = {}
    while True:
        answer = session.call("dynamodb", "ListTagsOfResource", asked, table=table, region=region)
        found |= {tag["Key"]: tag["Value"] for tag in answer.get("Tags") or ()}
        if not answer.get("NextToken"):
            return {name: value for name, value in sorted(found.items()) if not name.startswith("aws:")}
        asked = {**asked, "NextToken": answer["NextToken"]}


def item_there(session: Session, table: str, key: Mapping[str, Any], region: str) -> bool:
    """Whether the replica in a Region has an item, by its key in DynamoDB JSON; one eventually consistent GetItem."""
    asked = {"TableName": table, "Key": to_botocore(key)}
    return bool(session.call("dynamodb", "GetItem", asked, table=table, region=region).get("Item"))
