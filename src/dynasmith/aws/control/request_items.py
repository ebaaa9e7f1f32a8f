"""Requests for an item of a definition: conditional on what was read, so that no other writer loses anything."""

from collections.abc import Mapping
from typing import Any

from dynasmith.aws.control.binary import to_botocore
from dynasmith.plans.step import CallDeleteItem, CallPutItem


def put_item(table: str, step: CallPutItem) -> dict[str, Any]:
    """PutItem of an item, if what was read (or nothing) is still there."""
    told: dict[str, Any] = {"TableName": table, "Item": to_botocore(step.item)}
    return {**told, **(unchanged(step.before) if step.before is not None else absent(step.item))}


def delete_item(table: str, step: CallDeleteItem) -> dict[str, Any]:
    """DeleteItem, if what was read is still there."""
    return {"TableName": table, "Key": to_botocore(step.key), **unchanged(step.before)}


def unchanged(before: Mapping[str, Any]) -> dict[str, Any]:
    """The condition that an item still is what was read: each attribute that it had has the same value."""
    names = {f"#a{number}": name for number, name in enumerate(sorted(before))}
    values = {f":a{number}": before[name] for number, name in enumerate(sorted(before))}
    conditions = [f"#a{number} = :a{number}" for number in range(len(before))]
    return {
        "ConditionExpression": " AND ".join(conditions),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": to_botocore(values),
    }


def absent(item: Mapping[str, Any]) -> dict[str, Any]:
    """The condition that there is no item of that key: none of ``item``'s attributes exists, the key among them."""
    names = {f"#a{number}": name for number, name in enumerate(sorted(item))}
    conditions = [f"attribute_not_exists({placeholder})" for placeholder in names]
    return {"ConditionExpression": " AND ".join(conditions), "ExpressionAttributeNames": names}
