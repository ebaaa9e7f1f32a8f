"""Requests for an item of a definition: conditional on what was read, so that no other writer loses anything."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dynasmith.aws.control.binary import to_botocore
from dynasmith.plans.step import CallDeleteItem, CallPutItem

CONDITION_ATTRIBUTES_MAX: Final = 140
"""Of so many attributes a condition holds what was read: 300 operators (comparisons and ANDs) and 4 KB of text are the
service's limits. Of an item with more, those that change come first; the rest is compared with the reply."""


def put_item(table: str, item: Mapping[str, Any]) -> dict[str, Any]:
    """PutItem of an item, if there is none of its key."""
    return {"TableName": table, "Item": to_botocore(item), **absent(item)}


def change_item(table: str, step: CallPutItem, names: Sequence[str]) -> dict[str, Any]:
    """UpdateItem from what was read to the item of the definition, if what was read is still there.

    No PutItem: a condition cannot say "and no other attribute", so that one that somebody added since would be lost.
    ``names`` are those of the key's attributes.
    """
    before, item = step.before or {}, step.item
    touched = [name for name in sorted(before) if before[name] != item.get(name)]
    told = unchanged(before, touched)
    placeholders = {name: placeholder for placeholder, name in told["ExpressionAttributeNames"].items()}
    changed = [name for name in sorted(item) if name not in names and item[name] != before.get(name)]
    for number, name in enumerate(changed):
        told["ExpressionAttributeNames"][placeholders.setdefault(name, f"#b{number}")] = name
        told["ExpressionAttributeValues"] |= to_botocore({f":b{number}": item[name]})
    dropped = [
        placeholders.setdefault(name, f"#c{number}") for number, name in enumerate(sorted(before)) if name not in item
    ]
    told["ExpressionAttributeNames"] |= {placeholders[name]: name for name in before if name not in item}
    sets = [f"{placeholders[name]} = :b{number}" for number, name in enumerate(changed)]
    clauses = [f"{word} {', '.join(terms)}" for word, terms in (("SET", sets), ("REMOVE", dropped)) if terms]
    key = to_botocore({name: item[name] for name in names})
    return {"TableName": table, "Key": key, **told, "UpdateExpression": " ".join(clauses), "ReturnValues": "ALL_NEW"}


def delete_item(table: str, step: CallDeleteItem) -> dict[str, Any]:
    """DeleteItem, if what was read is still there; the reply says what was deleted."""
    return {"TableName": table, "Key": to_botocore(step.key), **unchanged(step.before), "ReturnValues": "ALL_OLD"}


def unchanged(before: Mapping[str, Any], first: Sequence[str] = ()) -> dict[str, Any]:
    """The condition that an item still is what was read: each attribute that it had has the same value. ``first`` are
    those that are held where there are too many of them."""
    held = sorted(list(dict.fromkeys((*first, *sorted(before))))[:CONDITION_ATTRIBUTES_MAX])
    names = {f"#a{number}": name for number, name in enumerate(held)}
    values = {f":a{number}": before[name] for number, name in enumerate(held)}
    conditions = [f"#a{number} = :a{number}" for number in range(len(held))]
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
