"""Conditions that writes have of their own: an item is there or missing, has its version, or a value as it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynasmith.errors import NotLoaded
from dynasmith.models.condition import Comparison, Junction, ModelCondition
from dynasmith.models.fields import FieldCodec
from dynasmith.models.instance import loaded_tree
from dynasmith.models.item_codec import ItemCodec
from dynasmith.models.model import Model
from dynasmith.models.operand import ExprPath, StoredValue
from dynasmith.models.upgrades import SHAPE_ATTRIBUTE
from dynasmith.models.value_codec import Tree
from dynasmith.models.visibility import is_deleted, not_deleted, visibility


def field_path(codec: ItemCodec, each: FieldCodec) -> ExprPath:
    """The path of the attribute of a field."""
    return ExprPath(codec.schema.model, (each.attribute,))


def is_missing(codec: ItemCodec) -> ModelCondition:
    """That there is no item of the key."""
    path = ExprPath(codec.schema.model, (codec.schema.partition.attribute,))
    return Comparison(path, "attribute_not_exists", ())


def is_there(codec: ItemCodec) -> ModelCondition:
    """That there is an item of the key, of the entity of the class: two of one table may have the same key."""
    if codec.schema.entity:
        return visibility(codec.schema, deleted=True)[0]
    path = ExprPath(codec.schema.model, (codec.schema.partition.attribute,))
    return Comparison(path, "attribute_exists", ())


def all_of(*conditions: ModelCondition | None) -> ModelCondition | None:
    """Conditions joined by AND; None of none."""
    present = [condition for condition in conditions if condition is not None]
    if len(present) < 2:
        return present[0] if present else None
    return Junction("AND", tuple(present))


def is_still(codec: ItemCodec, each: FieldCodec, value: Any) -> ModelCondition:
    """That the attribute of a field has that value; for None, that it is absent or NULL."""
    stored = each.encode(value)
    path = field_path(codec, each)
    if stored is None:
        is_null = Comparison(path, "=", (StoredValue({"NULL": True}),))
        return Junction("OR", (Comparison(path, "attribute_not_exists", ()), is_null))
    return Comparison(path, "=", (StoredValue(stored),))


def has_shape(codec: ItemCodec) -> ModelCondition | None:
    """That the item has the shape of the class; None where the class declares none."""
    shape = codec.schema.shape
    if not shape.is_declared:
        return None
    path = ExprPath(codec.schema.model, (SHAPE_ATTRIBUTE,))
    is_number = Comparison(path, "=", (StoredValue({"N": str(shape.number)}),))
    return is_number if shape.stored else Junction("OR", (Comparison(path, "attribute_not_exists", ()), is_number))


def is_as_read(codec: ItemCodec, expected: Mapping[str, Tree | None]) -> ModelCondition | None:
    """That these attributes are as they were read; None stands for absent. None of none."""
    found = []
    for name, stored in expected.items():
        path = ExprPath(codec.schema.model, (name,))
        operands = () if stored is None else (StoredValue(stored),)
        found.append(Comparison(path, "=" if operands else "attribute_not_exists", operands))
    return all_of(*found)


def not_deleted_since(codec: ItemCodec, what: object) -> ModelCondition | None:
    """That the item is not deleted; None where the class has no such items, or the instance was read as one."""
    loaded = loaded_tree(what) if isinstance(what, Model) else None
    if codec.schema.deleted is None or (loaded is not None and is_deleted(codec.schema, loaded)):
        return None
    return not_deleted(codec.schema)


def version_check(codec: ItemCodec, item: Model) -> tuple[Tree | None, ModelCondition | None]:
    """The stored version that a write of the instance expects, and the condition that says so; None without one.

    It is the version of what was read: absent means that there is none, and a stored 0 is compared as 0. Raises
    NotLoaded where it was not read.
    """
    for each in codec.schema.stamped("version"):
        loaded = loaded_tree(item)
        if loaded is not None and each.name not in item.__dict__:
            raise NotLoaded(
                f"{codec.schema.name}.{each.name} was not read, and a write of an instance compares it.",
                hint="read the whole item, or write by key, which compares no version",
            )
        stored = loaded.get(each.attribute) if loaded is not None else each.encode(item.__dict__.get(each.name))
        if stored is None or "NULL" in stored:
            return {}, Comparison(field_path(codec, each), "attribute_not_exists", ())
        return stored, Comparison(field_path(codec, each), "=", (StoredValue(stored),))
    return None, None
