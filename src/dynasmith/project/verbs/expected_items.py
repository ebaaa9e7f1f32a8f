"""Writes of one item that is still as it was read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynasmith.errors import ConditionFailed, ItemNotFound, UsageError
from dynasmith.items.digest import tree_hash
from dynasmith.plans.step import CallDeleteItem, CallPutItem
from dynasmith.project.world import World


def put_expected(world: World, name: str, item: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Make ``expected`` (an item as it was read) ``item``: what differs is written, where the item still is as it was
    read. What somebody added to it since is kept.

    Raises UsageError where the key differs, ConditionFailed with ``item`` as it is now where the item has changed since
    and nothing was written, or got another attribute, and the change was written.
    """
    names = world.control.describe(name, ()).table.key.names
    differing = [each for each in names if _hash_of(item, each) != _hash_of(expected, each)]
    if differing:
        raise UsageError(
            f"The key of an item cannot be changed: {', '.join(differing)} differs.",
            hint="write a new item, then delete the old one",
        )
    if tree_hash(item) == tree_hash(expected):
        return
    try:
        world.control.send(name, CallPutItem(item=dict(item), before=dict(expected)))
    except ConditionFailed as failed:
        raise _changed(world, name, {each: item[each] for each in names}, failed) from failed


def delete_expected(world: World, name: str, key: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Delete the item of that key where it still is as it was read.

    Raises ItemNotFound where there is none, ConditionFailed with ``item`` as it is now where it has changed since.
    """
    if world.few_items.get(name, key) is None:
        raise ItemNotFound(f"Table {name} has no item with that key; nothing was deleted.", hint="it was deleted since")
    try:
        world.control.send(name, CallDeleteItem(key=dict(key), before=dict(expected)))
    except ConditionFailed as failed:
        raise _changed(world, name, key, failed) from failed


def _hash_of(item: Mapping[str, Any], name: str) -> object:
    """One attribute, equal for equal values however a number is spelt."""
    return tree_hash({name: item[name]}) if name in item else None


def _changed(world: World, name: str, key: Mapping[str, Any], failed: ConditionFailed) -> ConditionFailed:
    """The error for an item that is not as it was read, with the item as it is now. One call."""
    refused = bool(failed.service_code)
    error = ConditionFailed(
        f"An item of {name} has changed since it was read; nothing was written."
        if refused
        else f"An item of {name} got another attribute since it was read, which is kept.",
        hint="look at the item as it is now, and make the change again" if refused else "look at the item as it is now",
        service_code=failed.service_code,
        operation=failed.operation,
        request_id=failed.request_id,
    )
    error.item = world.few_items.get(name, key)
    return error
