"""Requests for an item of a definition: conditional on what was read, so that no other writer loses anything."""

from collections.abc import Mapping, Sequence
from typing import Any

from dynasmith.aws.control.binary import to_botocore
from dynasmith.plans.step import CallDeleteItem, CallPutItem


def put_item(table: str, item: Mapping[str, Any]) -> dict[str, Any]:
    """PutItem of an item, if there is none of its key."""
    return {"TableName": table, "Item": to_botocore(item), **absent(item)}


def change_item(table: str, step: CallPutItem, names: Sequence[str]) -> dict[str, Any]:
    """UpdateItem from what was read to the item of the definition, if what was read is still there.

    No PutItem: a condition cannot say "and no other attribute", so that one that somebody added since would be lost.
    ``names`` are those of the key's attributes.
    """
    before, item = step.before or {}, step.item
    told = unchanged(before)
    placeholders = {name: placeholder for placeholder, name in told["ExpressionAttributeNames"].items()}
    changed = [name for name in sorted(item) if name not in names and item[name] != before.get(name)]
    for number, name in enumerate(changed):
        told["ExpressionAttributeNames"][placeholders.setdefault(name, f"#b{number}")] = name
        told["ExpressionAttributeValues"] |= to_botocore({f":b{number}": item[name]})
    dropped = [placeholders[name] for name in sorted(before) if name not in item]
    sets = [f"{placeholders[name]} = :b{number}" for number, name in enumerate(changed)]
    clauses = [f"{word} {', '.join(terms)}" for word, terms in (("SET", sets), ("REMOVE", dropped)) if terms]
    key = to_botocore({name: item[name] for name in names})
    return {"TableName": table, "Key": key, **told, "UpdateExpression": " ".join(clauses), "ReturnValues": "ALL_NEW"}


def delete_item(table: str, step: CallDeleteItem) -> dict[str, Any]:
    """DeleteItem, if what was read is still there; the reply says what was deleted."""
    return {"TableName": table, "Key": to_botocore(step.key), **unchanged(step.before), "ReturnValues": "ALL_OLD"}


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
