"""What `save` sends: one update of what changed, or a transaction where the key did."""

from __future__ import annotations

from datetime import datetime

from dynasmith.errors import TemplateIncomplete, UsageError
from dynasmith.models.changes import changes_of, changes_of_templates
from dynasmith.models.condition import ModelCondition
from dynasmith.models.expression_writer import request_expressions
from dynasmith.models.instance import loaded_tree
from dynasmith.models.item_codec import ItemCodec
from dynasmith.models.item_write import RETURN_OLD, ItemWrite, codec_for
from dynasmith.models.model import Model
from dynasmith.models.tree_equality import same_item, same_tree
from dynasmith.models.value_codec import Tree
from dynasmith.models.write_conditions import all_of, is_missing, is_there, not_deleted_since, version_check
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
    stamped = {codec.schema.fields[name].attribute for name in stamps}
    actions = [each for each in changes_of(codec, item, loaded) if each.path.parts[0] not in stamped]
    if not actions:
        return None
    actions += changes_of_templates(codec, item, loaded, actions, stamps)
    tree = None
    if all(name in item.__dict__ for name in codec.schema.fields):
        tree = codec.write(codec.copy_with(item, stamps))
    version, condition = version_check(codec, item)
    visible = not_deleted_since(codec, item)
    request = {
        "Key": old_key,
        **RETURN_OLD,
        "ReturnValues": "ALL_NEW",
        **request_expressions(
            type(item),
            update=[*actions, *stamp_actions(codec, stamps)],
            condition=all_of(is_there(codec), visible, condition, where),
        ),
    }
    changed = {each.path.parts[0] for each in actions}
    return ItemWrite(
        "UpdateItem",
        request,
        old_key,
        tree,
        stamps,
        version,
        expects_visible=visible is not None,
        unique={each.attribute: codec.encoded(each, item) for each in codec.schema.unique if each.attribute in changed},
    )


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
    version, condition = version_check(codec, item)
    put = {"Item": tree, **RETURN_OLD, **request_expressions(type(item), condition=is_missing(codec))}
    visible = not_deleted_since(codec, item)
    gone = {
        "Key": old_key,
        **RETURN_OLD,
        **request_expressions(type(item), condition=all_of(is_there(codec), visible, condition, where)),
    }
    request = {"TransactItems": [{"Put": put}, {"Delete": gone}]}
    return ItemWrite(
        "TransactWriteItems",
        request,
        old_key,
        tree,
        stamps,
        version,
        expects_visible=visible is not None,
        unique={each.attribute: tree.get(each.attribute) for each in codec.schema.unique},
        new_key={place.attribute: tree[place.attribute] for place in codec.schema.key},
    )
