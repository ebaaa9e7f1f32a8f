"""What `save` sends: one update of what changed, or a transaction where the key did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from dynasmith.errors import TemplateIncomplete, UsageError
from dynasmith.models.changes import changes_of, changes_of_templates, upgrade_changes
from dynasmith.models.condition import ModelCondition
from dynasmith.models.expression_writer import request_expressions
from dynasmith.models.instance import loaded_tree
from dynasmith.models.item_codec import ItemCodec
from dynasmith.models.item_write import RETURN_OLD, ItemWrite, codec_for
from dynasmith.models.model import Model
from dynasmith.models.sealed_value import unsealed
from dynasmith.models.tree_equality import same_item, same_tree
from dynasmith.models.upgrades import SHAPE_ATTRIBUTE, UpgradedItem, stored_item
from dynasmith.models.value_codec import Tree
from dynasmith.models.write_conditions import (
    all_of,
    has_shape,
    is_as_read,
    is_missing,
    is_there,
    not_deleted_since,
    version_check,
)
from dynasmith.models.write_stamps import next_version, stamp_actions, updated_stamps


def save_write(item: Model, where: ModelCondition | None, now: datetime) -> ItemWrite | None:
    """One update of what changed since the item was read; None where nothing did.

    A changed key is one transaction: the item under its new key, and none under the old one.
    """
    codec = codec_for(item)
    loaded = loaded_tree(item)
    if loaded is None:
        raise UsageError(
            f"This {codec.schema.name} was never read or written, and save writes what changed since.",
            hint="create it, or put it",
        )
    old_key = {place.attribute: loaded[place.attribute] for place in codec.schema.key}
    if not same_item(_key_of(codec, item, loaded, old_key), old_key):
        return _moved(codec, item, old_key, where, now)
    stamps = next_version(codec, item) | updated_stamps(codec, now)
    tree = None
    if isinstance(loaded, UpgradedItem):
        tree = codec.write(codec.copy_with(item, stamps))
        actions = upgrade_changes(codec, loaded, tree)
    else:
        actions = changes_of(codec, item, loaded)
    stamped = {codec.schema.fields[name].attribute for name in stamps}
    actions = [each for each in actions if each.path.parts[0] not in stamped]
    if not actions:
        return None
    if not isinstance(loaded, UpgradedItem):
        actions += changes_of_templates(codec, item, loaded, actions, stamps)
    if tree is None and all(name in item.__dict__ for name in codec.schema.fields):
        tree = codec.write(codec.copy_with(item, stamps))
    expected = _expected(codec, loaded, [str(each.path.parts[0]) for each in actions])
    write, condition = _checked(codec, item, expected, where)
    request = {
        "Key": old_key,
        **RETURN_OLD,
        "ReturnValues": "ALL_NEW",
        **request_expressions(type(item), update=[*actions, *stamp_actions(codec, stamps)], condition=condition),
    }
    changed = {each.path.parts[0] for each in actions}
    unique = {each.attribute: codec.encoded(each, item) for each in codec.schema.unique if each.attribute in changed}
    return replace(write, operation="UpdateItem", request=request, key=old_key, tree=tree, stamps=stamps, unique=unique)


def _checked(
    codec: ItemCodec, item: Model, expected: Mapping[str, Tree | None], where: ModelCondition | None
) -> tuple[ItemWrite, ModelCondition | None]:
    """What the write needs to find, and the condition that says so."""
    version, same_version = version_check(codec, item)
    visible = not_deleted_since(codec, item)
    shape = None if expected else has_shape(codec)
    number = None if shape is None else codec.schema.shape.number
    write = ItemWrite("", {}, {}, version=version, expects_visible=visible is not None, shape=number, expected=expected)
    return write, all_of(is_there(codec), visible, shape, same_version, is_as_read(codec, expected), where)


def _expected(codec: ItemCodec, loaded: Tree, changed: Iterable[str]) -> Mapping[str, Tree | None]:
    """What must be as it was where an upgrade is written: the shape, and without a version what the write changes."""
    if not isinstance(loaded, UpgradedItem):
        return {}
    names = [SHAPE_ATTRIBUTE] if codec.schema.stamped("version") else [SHAPE_ATTRIBUTE, *changed]
    found = {name: loaded.stored.get(name) for name in names}
    # Ciphertext cannot be compared: it is another in every write.
    return {name: stored for name, stored in found.items() if unsealed(stored) is stored}


def _key_of(codec: ItemCodec, item: Model, loaded: Tree, old_key: Tree) -> Tree:
    """The key of an instance now; where a part of it was not read, it is what it was."""
    fields = [codec.schema.fields[name] for name in codec.schema.key_fields]
    missing = [each.name for each in fields if each.name not in item.__dict__]
    if not missing:
        return codec.key(item)
    for each in fields:
        if each.name in item.__dict__ and not same_tree(codec.encoded(each, item), loaded.get(each.attribute)):
            raise TemplateIncomplete(
                f"{each.name} is in the key of {codec.schema.name}, and {', '.join(missing)} was not read.",
                hint="read the whole item before you change its key",
            )
    return old_key


def _moved(codec: ItemCodec, item: Model, old_key: Tree, where: ModelCondition | None, now: datetime) -> ItemWrite:
    stamps = next_version(codec, item) | updated_stamps(codec, now)
    tree = codec.write(codec.copy_with(item, stamps))
    loaded = loaded_tree(item) or {}
    expected = _expected(codec, loaded, stored_item(loaded) or {})
    write, condition = _checked(codec, item, expected, where)
    put = {"Item": tree, **RETURN_OLD, **request_expressions(type(item), condition=is_missing(codec))}
    gone = {"Key": old_key, **RETURN_OLD, **request_expressions(type(item), condition=condition)}
    request = {"TransactItems": [{"Put": put}, {"Delete": gone}]}
    return replace(
        write,
        operation="TransactWriteItems",
        request=request,
        key=old_key,
        tree=tree,
        stamps=stamps,
        unique={each.attribute: tree.get(each.attribute) for each in codec.schema.unique},
        new_key={place.attribute: tree[place.attribute] for place in codec.schema.key},
    )
