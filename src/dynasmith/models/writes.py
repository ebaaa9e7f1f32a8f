"""What `create` and `put` send. No call is made here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dynasmith.models.condition import ModelCondition
from dynasmith.models.expression_writer import request_expressions
from dynasmith.models.item_codec import ItemCodec
from dynasmith.models.item_write import RETURN_OLD, ItemWrite, codec_for, target_of
from dynasmith.models.key_of import KeyOf
from dynasmith.models.metaclass import codec_of
from dynasmith.models.model import Model
from dynasmith.models.value_codec import Tree
from dynasmith.models.write_conditions import all_of, is_missing, version_check
from dynasmith.models.write_stamps import created_stamps, next_version


def create_write(item: Model, now: datetime) -> ItemWrite:
    """A put that fails where an item of that key exists."""
    codec = codec_for(item)
    stamps = {each.name: 1 for each in codec.schema.stamped("version")} | created_stamps(codec, item, now)
    tree = codec.write(codec.copy_with(item, stamps))
    condition = is_missing(codec)
    return _put(codec, item, tree, stamps, condition, None)


def put_write(item: Model, where: ModelCondition | None, now: datetime) -> ItemWrite:
    """A put of the whole item; where the class has a version, of the version that was read, or of none."""
    codec = codec_for(item)
    version, condition = version_check(codec, item)
    stamps = next_version(codec, item) | created_stamps(codec, item, now)
    tree = codec.write(codec.copy_with(item, stamps))
    return _put(codec, item, tree, stamps, all_of(condition, where), version)


def _put(
    codec: ItemCodec,
    item: Model,
    tree: Tree,
    stamps: Mapping[str, Any],
    condition: ModelCondition | None,
    version: Tree | None,
) -> ItemWrite:
    request = {"Item": tree, **RETURN_OLD, **request_expressions(type(item), condition=condition)}
    if condition is None:
        del request["ReturnValuesOnConditionCheckFailure"]
    key = {place.attribute: tree[place.attribute] for place in codec.schema.key}
    unique = {field.attribute: tree.get(field.attribute) for field in codec.schema.unique}
    return ItemWrite("PutItem", request, key, tree, stamps, version, unique=unique, claims_all=True)


def check_write(what: Model | KeyOf[Any], where: ModelCondition) -> ItemWrite:
    """A condition of a transaction on an item that it does not change; of an instance its version is compared."""
    model, key, _ = target_of(what)
    codec = codec_of(model)
    version, condition = version_check(codec, what) if isinstance(what, Model) else (None, None)
    request = {"Key": key, **RETURN_OLD, **request_expressions(model, condition=all_of(condition, where))}
    return ItemWrite("ConditionCheck", request, key, None, {}, version)
