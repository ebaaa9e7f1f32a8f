"""Version and time stamps of a write: they are set in what is sent; the instance gets them when it succeeded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dynasmith.models.action import Assignment, ModelAction
from dynasmith.models.fields import FieldCodec
from dynasmith.models.item_codec import ItemCodec
from dynasmith.models.model import Model
from dynasmith.models.operand import StoredValue
from dynasmith.models.write_conditions import field_path, version_check


def next_version(codec: ItemCodec, item: Model) -> dict[str, Any]:
    """The version after the one that the instance has, by field; empty where the class has none."""
    stamps = {}
    for each in codec.schema.stamped("version"):
        stored, _ = version_check(codec, item)
        stamps[each.name] = each.decode(stored) + 1 if stored else 1
    return stamps


def created_stamps(codec: ItemCodec, item: Model, now: datetime) -> dict[str, Any]:
    """The stamps of a new item; a time of creation that it has is kept."""
    fields = codec.schema.stamped("created")
    made = {each.name: moment(each, now) for each in fields if item.__dict__.get(each.name) is None}
    return made | updated_stamps(codec, now)


def updated_stamps(codec: ItemCodec, now: datetime) -> dict[str, Any]:
    """The time of the last write, by field."""
    return {each.name: moment(each, now) for each in codec.schema.stamped("updated")}


def moment(each: FieldCodec, now: datetime) -> datetime:
    """``now`` as finely as the field stores it, so that the instance is what would be read."""
    read: datetime = each.codec.decode(each.codec.encode(now))
    return read


def stamp_actions(codec: ItemCodec, stamps: Mapping[str, Any]) -> list[ModelAction]:
    """The actions that set these stamps in an update."""
    actions: list[ModelAction] = []
    for name, value in stamps.items():
        each = codec.schema.fields[name]
        stored = each.encode(value)
        assert stored is not None
        actions.append(Assignment(field_path(codec, each), "set", (StoredValue(stored),)))
    return actions
