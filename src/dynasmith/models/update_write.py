"""What `update` sends: one update by actions, with the keys of indexes that they change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dynasmith.errors import TemplateIncomplete, UsageError
from dynasmith.models.action import Assignment, ModelAction
from dynasmith.models.changes import same_index
from dynasmith.models.condition import ModelCondition
from dynasmith.models.expression_writer import request_expressions
from dynasmith.models.fields import FieldCodec
from dynasmith.models.item_codec import ItemCodec
from dynasmith.models.item_write import RETURN_OLD, ItemWrite, target_of
from dynasmith.models.key_of import KeyOf
from dynasmith.models.metaclass import codec_of
from dynasmith.models.model import Model
from dynasmith.models.operand import ExprPath, StoredValue
from dynasmith.models.write_conditions import all_of, field_path, is_still, is_there, version_check
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
    for place in codec.schema.key:
        names = {codec.schema.fields[name].attribute for name in place.fields} | {place.attribute}
        if changed & names:
            both = ", ".join(sorted(map(str, changed & names)))
            raise UsageError(
                f"An update cannot change {both}, which is in the key of {codec.schema.name}.",
                hint="set it on an instance and save that: the item is then moved",
            )
    rendered, known = _rendered(codec, actions, values)
    version, condition, extra = None, None, list(rendered)
    if isinstance(what, Model):
        version, condition = version_check(codec, what)
        stamps = next_version(codec, what)
    else:
        stamps = {}
        extra += [
            Assignment(field_path(codec, each), "add", (StoredValue({"N": "1"}), StoredValue({"N": "0"})))
            for each in codec.schema.stamped("version")
            if each.attribute not in changed
        ]
    stamps |= updated_stamps(codec, now)
    stamps = {name: value for name, value in stamps.items() if codec.schema.fields[name].attribute not in changed}
    extra += stamp_actions(codec, stamps)
    condition = all_of(is_there(codec), condition, *known, where)
    request = {
        "Key": key,
        **RETURN_OLD,
        "ReturnValues": "ALL_NEW",
        **request_expressions(model, update=[*actions, *extra], condition=condition),
    }
    return ItemWrite("UpdateItem", request, key, None, {}, version)


def _rendered(
    codec: ItemCodec, actions: Sequence[ModelAction], values: Mapping[str, Any]
) -> tuple[list[ModelAction], list[ModelCondition]]:
    """The templates that the actions change, rendered again; and that their other parts are what they were."""
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
            given.update(_value_of(action, each))
    templates = [each for each in schema.templates.values() if not each.role and touched.intersection(each.fields)]
    if not templates:
        return [], []
    names = [each.name for each in templates]
    siblings = [each for name, each in schema.templates.items() if not each.role and same_index(schema, name, names)]
    known = {**values, **given}
    parts = dict.fromkeys(part for each in siblings for part in each.fields)
    missing = [part for part in parts if part not in known or (part in touched and part not in given)]
    if missing:
        raise TemplateIncomplete(
            f"The update changes a part of {schema.name}.{', '.join(names)}, and {', '.join(missing)} is not known.",
            hint="set each part, or update an instance that was read",
        )
    made = codec.rendered_of(known, [each.name for each in siblings])
    found: list[ModelAction] = []
    for sibling in siblings:
        path, stored = ExprPath(schema.model, (sibling.name,)), made.get(sibling.name)
        found.append(Assignment(path, "set", (StoredValue(stored),)) if stored else Assignment(path, "remove", ()))
    unchanged = [schema.fields[part] for part in parts if part not in touched and part not in schema.key_fields]
    return found, [is_still(codec, each, values[each.name]) for each in unchanged]


def _value_of(action: Assignment, each: FieldCodec) -> dict[str, Any]:
    """The value that an action gives a field, where it says so."""
    if len(action.path.parts) > 1:
        return {}
    if action.kind == "remove":
        return {each.name: None}
    if action.kind == "set" and isinstance(action.operands[0], StoredValue):
        return {each.name: each.decode(action.operands[0].tree)}
    return {}
