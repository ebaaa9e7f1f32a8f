"""What a write changes, by field: what hooks before an update are told, and what they add to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dynasmith.models.action import Assignment, ModelAction
from dynasmith.models.changes import changes_of, upgrade_changes
from dynasmith.models.instance import loaded_tree
from dynasmith.models.item_codec import ItemCodec
from dynasmith.models.operand import ExprPath, StoredValue
from dynasmith.models.tree_equality import same_tree
from dynasmith.models.update_write import value_of
from dynasmith.models.upgrades import UpgradedItem
from dynasmith.models.value_codec import Tree


def unsaved_changes(codec: ItemCodec, item: Any) -> dict[str, Any]:
    """The fields that a save of the instance writes, with their values; without version and time of the last write.

    Empty for an instance that was never read. Raises ItemInvalid.
    """
    loaded = loaded_tree(item)
    if loaded is None:
        return {}
    if isinstance(loaded, UpgradedItem):
        changes = upgrade_changes(codec, loaded, codec.write(item))
    else:
        changes = changes_of(codec, item, loaded)
    attributes = {change.path.parts[0] for change in changes}
    for place in codec.schema.key:
        each = place.field
        if each is not None and each.name in item.__dict__:
            stored = codec.encoded(each, item)
            attributes |= set() if same_tree(stored, loaded.get(each.attribute)) else {each.attribute}
    return {
        each.name: item.__dict__[each.name]
        for each in codec.schema.fields.values()
        if each.attribute in attributes and each.name in item.__dict__ and not _is_automatic(each.options.stamp)
    }


def action_changes(codec: ItemCodec, actions: Sequence[ModelAction]) -> dict[str, Any]:
    """The fields that actions change, with their values; an action whose value only the service knows stands for it."""
    by_attribute = {each.attribute: each for each in codec.schema.fields.values()}
    changes: dict[str, Any] = {}
    for action in actions:
        each = by_attribute.get(str(action.path.parts[0])) if isinstance(action, Assignment) else None
        if each is not None and isinstance(action, Assignment):
            changes |= value_of(action, each) or {each.name: action}
    return changes


def encoded_fields(codec: ItemCodec, item: Any) -> dict[str, Tree | None]:
    """The fields of an instance as they are stored, to compare later. Raises ItemInvalid."""
    fields = codec.schema.fields.values()
    return {each.name: codec.encoded(each, item) for each in fields if each.name in item.__dict__}


def assigned_since(codec: ItemCodec, item: Any, before: Mapping[str, Tree | None]) -> list[ModelAction]:
    """The actions that write the fields that are not as they were. Raises ItemInvalid."""
    actions: list[ModelAction] = []
    for name, stored in encoded_fields(codec, item).items():
        old, path = before.get(name), ExprPath(codec.schema.model, (codec.schema.fields[name].attribute,))
        if stored is None and old is not None:
            actions.append(Assignment(path, "remove", ()))
        elif stored is not None and (old is None or not same_tree(old, stored)):
            actions.append(Assignment(path, "set", (StoredValue(stored),)))
    return actions


def _is_automatic(stamp: str | None) -> bool:
    return stamp in ("version", "updated")
