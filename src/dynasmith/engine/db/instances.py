"""Instances after a write: with its stamps, and with the item as it is now as what was read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from dynasmith.models.instance import loaded_tree, mark_assigned, set_loaded
from dynasmith.models.item_write import ItemWrite
from dynasmith.models.metaclass import codec_of
from dynasmith.models.model import Model

M = TypeVar("M", bound=Model)


def written(item: M, write: ItemWrite) -> M:
    """The instance with its stamps, and with what was written as what was read."""
    item.__dict__.update(write.stamps)
    set_loaded(item, write.tree)
    return item


def refreshed(item: M, attributes: dict[str, Any]) -> M:
    """The instance as the item is now."""
    fresh = codec_of(type(item)).read(attributes)
    item.__dict__.clear()
    item.__dict__.update(fresh.__dict__)
    set_loaded(item, loaded_tree(fresh))
    return item


def with_unsaved(item: M, values: Mapping[str, Any]) -> M:
    """The instance with these values by field, which are not saved yet."""
    item.__dict__.update(values)
    mark_assigned(item, values)
    return item


def partly_refreshed(item: M, write: ItemWrite, attributes: dict[str, Any]) -> M:
    """An instance of which a part was read: that part as the item is now."""
    names = [field.attribute for field in codec_of(type(item)).schema.fields.values() if field.name in item.__dict__]
    stamps = [codec_of(type(item)).schema.fields[name].attribute for name in write.stamps]
    fresh = codec_of(type(item)).read_part(attributes, [*names, *stamps])
    item.__dict__.update(fresh.__dict__)
    set_loaded(item, attributes)
    return item
