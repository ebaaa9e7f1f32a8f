"""What `update` sends: one update by actions, with the keys of indexes that they change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

from dynasmith.errors import UsageError
from dynasmith.models.action import Assignment, ModelAction
from dynasmith.models.condition import ModelCondition
from dynasmith.models.expression_writer import request_expressions
from dynasmith.models.fields import FieldCodec
from dynasmith.models.instance import loaded_tree
from dynasmith.models.item_codec import ItemCodec
from dynasmith.models.item_write import RETURN_OLD, ItemWrite, target_of
from dynasmith.models.key_of import KeyOf
from dynasmith.models.metaclass import codec_of
from dynasmith.models.model import Model
from dynasmith.models.operand import ExprPath, StoredValue
from dynasmith.models.required_parts import refuse_removals
from dynasmith.models.template_changes import template_changes
from dynasmith.models.upgrades import UpgradedItem
from dynasmith.models.value_codec import Tree
from dynasmith.models.write_conditions import (
    all_of,
    field_path,
    has_shape,
    is_still,
    is_there,
    not_deleted_since,
    version_check,
)
from dynasmith.models.write_stamps import next_version, stamp_actions, updated_stamps


def update_write(
    what: Model | KeyOf[Any], actions: Sequence[ModelAction], where: ModelCondition | None, now: datetime
) -> ItemWrite:
    """One update by actions; of an instance its version is compared, of a key it is only raised."""
    model, key, values = target_of(what)
    codec = codec_of(model)
    if not actions:
        raise UsageError(f"An update of {codec.schema.name} has no actions.", hint="save writes what changed")
    changed = {action.path.parts[0] for action in actions if isinstance(action, Assignment)}
    for name, template in codec.schema.templates.items():
        if name in changed and not template.role:
            raise UsageError(
                f"{codec.schema.name}.{name} is made of {', '.join(template.fields)}, and is not set itself.",
                hint="set these, and the update makes it again",
            )
    for place in codec.schema.key:
        names = {codec.schema.fields[name].attribute for name in place.fields} | {place.attribute}
        if changed & names:
            both = ", ".join(sorted(map(str, changed & names)))
            raise UsageError(
                f"An update cannot change {both}, which is in the key of {codec.schema.name}.",
                hint="set it on an instance and save that: the item is then moved",
            )
    refuse_removals(codec.schema, actions)
    version, condition, raised = None, None, list[ModelAction]()
    stamped = {each.name for kind in ("version", "updated") for each in codec.schema.stamped(kind)}
    if isinstance(what, Model):
        version, condition = version_check(codec, what)
        stamps = next_version(codec, what)
    else:
        stamps = {}
        raised += [
            Assignment(field_path(codec, each), "add", (StoredValue({"N": "1"}), StoredValue({"N": "0"})))
            for each in codec.schema.stamped("version")
            if each.attribute not in changed
        ]
    stamps |= updated_stamps(codec, now)
    stamps = {name: value for name, value in stamps.items() if codec.schema.fields[name].attribute not in changed}
    before = {name: value for name, value in _before(codec, what, values).items() if name not in stamped}
    rendered, known = _templates(codec, actions, stamped, {**before, **stamps})
    extra = [*rendered, *raised, *stamp_actions(codec, stamps)]
    deleted = codec.schema.deleted
    # A time of deletion is the same in every shape.
    is_of_any_shape = deleted is not None and changed == {deleted.attribute} and not rendered
    shape = None if is_of_any_shape else has_shape(codec)
    if shape is not None and isinstance(what, Model):
        _refuse_older(codec, what)
    visible = None if deleted and deleted.attribute in changed else not_deleted_since(codec, what)
    condition = all_of(is_there(codec), visible, shape, condition, *known, where)
    request = {
        "Key": key,
        **RETURN_OLD,
        "ReturnValues": "ALL_NEW",
        **request_expressions(model, update=[*actions, *extra], condition=condition),
    }
    number = None if shape is None else codec.schema.shape.number
    return ItemWrite(
        "UpdateItem",
        request,
        key,
        version=version,
        expects_visible=visible is not None,
        shape=number,
        unique=_unique(codec, actions),
    )


def _refuse_older(codec: ItemCodec, item: Model) -> None:
    loaded = loaded_tree(item)
    if isinstance(loaded, UpgradedItem):
        raise UsageError(
            f"This {codec.schema.name} is stored in shape {codec.schema.shape.of(loaded.stored)}, and an update by "
            f"actions would mix that with shape {codec.schema.shape.number}.",
            hint="save it first, which writes the upgrade",
        )


def _before(codec: ItemCodec, what: Model | KeyOf[Any], values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values by field before the update: of an instance that was read, what was read."""
    loaded = loaded_tree(what) if isinstance(what, Model) else None
    if loaded is None or not codec.schema.templates:
        return values
    return {name: codec.schema.fields[name].decode(loaded.get(codec.schema.fields[name].attribute)) for name in values}


def _templates(
    codec: ItemCodec, actions: Sequence[ModelAction], stamped: AbstractSet[str], values: Mapping[str, Any]
) -> tuple[list[ModelAction], list[ModelCondition]]:
    """The templates that actions and stamps change, made again; and that their other parts are what they were.

    ``values`` are those before the update, with the stamps.
    """
    schema = codec.schema
    by_attribute = {each.attribute: each for each in schema.fields.values()}
    given: dict[str, Any] = {}
    touched = set()
    for action in actions:
        if not isinstance(action, Assignment):
            continue
        each = by_attribute.get(str(action.path.parts[0]))
        if each is not None:
            touched.add(each.name)
            given.update(value_of(action, each))
    known = {name: value for name, value in values.items() if name not in touched} | given
    found = template_changes(
        codec, touched, stamped - touched, known, "set each part, or update an instance that was read"
    )
    made: list[ModelAction] = []
    for name, stored in found.made.items():
        path = ExprPath(schema.model, (name,))
        made.append(Assignment(path, "set", (StoredValue(stored),)) if stored else Assignment(path, "remove", ()))
    fixed = {*touched, *stamped, *schema.key_fields}
    unchanged = [schema.fields[part] for part in found.parts if part not in fixed]
    return made, [is_still(codec, each, values[each.name]) for each in unchanged]


def _unique(codec: ItemCodec, actions: Sequence[ModelAction]) -> dict[str, Tree | None]:
    """The unique attributes that the actions concern, with the value that each gets. Raises UsageError."""
    values: dict[str, Tree | None] = {}
    for each in codec.schema.unique:
        for action in actions:
            if not isinstance(action, Assignment) or action.path.parts[0] != each.attribute:
                continue
            known = value_of(action, each)
            if each.name not in known:
                raise UsageError(
                    f"An update cannot {action.kind} {action.path}: its value is unique, and must be known before.",
                    hint="use set(value) or remove()",
                )
            values[each.attribute] = each.encode(known[each.name])
    return values


def value_of(action: Assignment, each: FieldCodec) -> dict[str, Any]:
    """The value that an action gives a field, where it says so."""
    if len(action.path.parts) > 1:
        return {}
    if action.kind == "remove":
        return {each.name: None}
    if action.kind == "set" and isinstance(action.operands[0], StoredValue):
        return {each.name: each.decode(action.operands[0].tree)}
    return {}
