"""What each write of an instance or of a key sends: a request, and what the item is afterwards. No call is made here.

Time stamps and versions are set in what is sent; the instance gets them when the write has succeeded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dynasmith.errors import TemplateIncomplete, UsageError
from dynasmith.models.action import Assignment, ModelAction
from dynasmith.models.changes import changes_of, same_index
from dynasmith.models.condition import Comparison, Junction, ModelCondition
from dynasmith.models.expression_writer import request_expressions
from dynasmith.models.fields import FieldCodec
from dynasmith.models.instance import loaded_tree
from dynasmith.models.item_codec import ItemCodec
from dynasmith.models.key_of import KeyOf
from dynasmith.models.metaclass import codec_of, schema_of
from dynasmith.models.model import Model
from dynasmith.models.operand import ExprPath, StoredValue
from dynasmith.models.value_codec import DatetimeCodec, Tree

RETURN_OLD = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}


@dataclass(frozen=True, slots=True)
class ItemWrite:
    """One write: the operation, its request without the table, and what it makes of the item.

    ``tree`` is the whole item afterwards where it is known, ``stamps`` are the fields that the write sets by itself,
    ``version`` is the stored version that it expects (None: no version is compared; an empty dict: absent).
    """

    operation: str
    request: Mapping[str, Any]
    key: Tree
    tree: Tree | None = None
    stamps: Mapping[str, Any] = field(default_factory=dict)
    version: Tree | None = None


def create_write(item: Model, now: datetime) -> ItemWrite:
    """A put that fails where an item of that key exists."""
    codec = _codec(item)
    stamps = {each.name: 1 for each in codec.schema.stamped("version")} | _created(codec, item, now)
    tree = codec.write(codec.copy_with(item, stamps))
    condition = _missing(codec)
    return _put(codec, item, tree, stamps, condition, None)


def put_write(item: Model, where: ModelCondition | None, now: datetime) -> ItemWrite:
    """A put of the whole item; where the class has a version, of the version that was read, or of none."""
    codec = _codec(item)
    version, condition = _version_check(codec, item)
    stamps = _next_version(codec, item) | _created(codec, item, now)
    tree = codec.write(codec.copy_with(item, stamps))
    return _put(codec, item, tree, stamps, _all(condition, where), version)


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
    return ItemWrite("PutItem", request, key, tree, stamps, version)


def save_write(item: Model, where: ModelCondition | None, now: datetime) -> ItemWrite | None:
    """One update of what changed since the item was read; None where nothing did.

    A changed key is one transaction: the item under its new key, and none under the old one.
    """
    codec = _codec(item)
    loaded = loaded_tree(item)
    if loaded is None:
        raise UsageError(
            f"This {codec.schema.name} was never read or written, and save writes what changed since.",
            hint="create it, or put it",
        )
    old_key = {place.attribute: loaded[place.attribute] for place in codec.schema.key}
    if _key_of(codec, item, loaded, old_key) != old_key:
        return _moved(codec, item, loaded, old_key, where, now)
    stamps = _next_version(codec, item) | _updated(codec, now)
    stamped = {codec.schema.fields[name].attribute for name in stamps}
    actions = [each for each in changes_of(codec, item, loaded) if each.path.parts[0] not in stamped]
    if not actions:
        return None
    tree = None
    if all(name in item.__dict__ for name in codec.schema.fields):
        tree = codec.write(codec.copy_with(item, stamps))
    version, condition = _version_check(codec, item)
    exists = _exists(codec)
    request = {
        "Key": old_key,
        **RETURN_OLD,
        "ReturnValues": "ALL_NEW",
        **request_expressions(
            type(item), update=[*actions, *_stamp_actions(codec, stamps)], condition=_all(exists, condition, where)
        ),
    }
    return ItemWrite("UpdateItem", request, old_key, tree, stamps, version)


def _key_of(codec: ItemCodec, item: Model, loaded: Tree, old_key: Tree) -> Tree:
    """The key of an instance now; where a part of it was not read, it is what it was."""
    fields = [codec.schema.fields[name] for name in codec.schema.key_fields]
    missing = [each.name for each in fields if each.name not in item.__dict__]
    if not missing:
        return codec.key(item)
    for each in fields:
        if each.name in item.__dict__ and codec.encoded(each, item) != loaded.get(each.attribute):
            raise TemplateIncomplete(
                f"{each.name} is in the key of {codec.schema.name}, and {', '.join(missing)} was not read.",
                hint="read the whole item before you change its key",
            )
    return old_key


def _moved(
    codec: ItemCodec, item: Model, loaded: Tree, old_key: Tree, where: ModelCondition | None, now: datetime
) -> ItemWrite:
    stamps = _next_version(codec, item) | _updated(codec, now)
    tree = codec.write(codec.copy_with(item, stamps))
    version, condition = _version_check(codec, item)
    put = {"Item": tree, **RETURN_OLD, **request_expressions(type(item), condition=_missing(codec))}
    gone = {
        "Key": old_key,
        **RETURN_OLD,
        **request_expressions(type(item), condition=_all(_exists(codec), condition, where)),
    }
    del loaded
    request = {"TransactItems": [{"Put": put}, {"Delete": gone}]}
    return ItemWrite("TransactWriteItems", request, old_key, tree, stamps, version)


def update_write(
    what: Model | KeyOf[Any], actions: Sequence[ModelAction], where: ModelCondition | None, now: datetime
) -> ItemWrite:
    """One update by actions; of an instance its version is compared, of a key it is only raised."""
    model, key, values = _target(what)
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
        version, condition = _version_check(codec, what)
        stamps = _next_version(codec, what)
    else:
        stamps = {}
        extra += [
            Assignment(_path(codec, each), "add", (StoredValue({"N": "1"}), StoredValue({"N": "0"})))
            for each in codec.schema.stamped("version")
            if each.attribute not in changed
        ]
    stamps |= _updated(codec, now)
    stamps = {name: value for name, value in stamps.items() if codec.schema.fields[name].attribute not in changed}
    extra += _stamp_actions(codec, stamps)
    condition = _all(_exists(codec), condition, *known, where)
    request = {
        "Key": key,
        **RETURN_OLD,
        "ReturnValues": "ALL_NEW",
        **request_expressions(model, update=[*actions, *extra], condition=condition),
    }
    return ItemWrite("UpdateItem", request, key, None, {}, version)


def delete_write(what: Model | KeyOf[Any], where: ModelCondition | None) -> ItemWrite:
    """A delete; of an instance its version is compared, and an item that is absent is none to delete."""
    model, key, _ = _target(what)
    codec = codec_of(model)
    version, condition = _version_check(codec, what) if isinstance(what, Model) else (None, None)
    if condition is not None:
        condition = Junction("OR", (_missing(codec), condition))
    condition = _all(condition, where)
    request = {"Key": key, "ReturnValues": "ALL_OLD", **request_expressions(model, condition=condition)}
    if condition is not None:
        request |= RETURN_OLD
    return ItemWrite("DeleteItem", request, key, None, {}, version)


def _codec(item: Model) -> ItemCodec:
    schema_of(type(item))
    return codec_of(type(item))


def _target(what: Model | KeyOf[Any]) -> tuple[type[Model], Tree, Mapping[str, Any]]:
    """The class, the key and the values that are known of what is written."""
    if isinstance(what, KeyOf):
        return what.model, what.tree, what.values
    if not isinstance(what, Model):
        raise UsageError(f"{what!r} is neither an instance of a model nor a key.", hint="key(User, ...) makes a key")
    codec, loaded = _codec(what), loaded_tree(what)
    if loaded is None:
        return type(what), codec.key(what), what.__dict__
    return type(what), {place.attribute: loaded[place.attribute] for place in codec.schema.key}, what.__dict__


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
    return found, [_is_still(codec, each, values[each.name]) for each in unchanged]


def _value_of(action: Assignment, each: FieldCodec) -> dict[str, Any]:
    """The value that an action gives a field, where it says so."""
    if len(action.path.parts) > 1:
        return {}
    if action.kind == "remove":
        return {each.name: None}
    if action.kind == "set" and isinstance(action.operands[0], StoredValue):
        return {each.name: each.decode(action.operands[0].tree)}
    return {}


def _is_still(codec: ItemCodec, each: FieldCodec, value: Any) -> ModelCondition:
    stored = each.encode(value)
    path = _path(codec, each)
    if stored is None:
        return Comparison(path, "attribute_not_exists", ())
    return Comparison(path, "=", (StoredValue(stored),))


def _path(codec: ItemCodec, each: FieldCodec) -> ExprPath:
    return ExprPath(codec.schema.model, (each.attribute,))


def _missing(codec: ItemCodec) -> ModelCondition:
    path = ExprPath(codec.schema.model, (codec.schema.partition.attribute,))
    return Comparison(path, "attribute_not_exists", ())


def _exists(codec: ItemCodec) -> ModelCondition:
    path = ExprPath(codec.schema.model, (codec.schema.partition.attribute,))
    return Comparison(path, "attribute_exists", ())


def _all(*conditions: ModelCondition | None) -> ModelCondition | None:
    """Conditions joined by AND; None of none."""
    present = [condition for condition in conditions if condition is not None]
    if len(present) < 2:
        return present[0] if present else None
    return Junction("AND", tuple(present))


def _version_check(codec: ItemCodec, item: Model) -> tuple[Tree | None, ModelCondition | None]:
    """The stored version that a write of the instance expects, and the condition that says so; None without one.

    It is the version of what was read: absent means that there is none, and a stored 0 is compared as 0.
    """
    for each in codec.schema.stamped("version"):
        loaded = loaded_tree(item)
        stored = loaded.get(each.attribute) if loaded is not None else each.encode(item.__dict__.get(each.name))
        if stored is None or "NULL" in stored:
            return {}, Comparison(_path(codec, each), "attribute_not_exists", ())
        return stored, Comparison(_path(codec, each), "=", (StoredValue(stored),))
    return None, None


def _next_version(codec: ItemCodec, item: Model) -> dict[str, Any]:
    stamps = {}
    for each in codec.schema.stamped("version"):
        stored, _ = _version_check(codec, item)
        stamps[each.name] = each.decode(stored) + 1 if stored else 1
    return stamps


def _created(codec: ItemCodec, item: Model, now: datetime) -> dict[str, Any]:
    """The stamps of a new item; a time of creation that it has is kept."""
    fields = codec.schema.stamped("created")
    made = {each.name: _moment(each, now) for each in fields if item.__dict__.get(each.name) is None}
    return made | _updated(codec, now)


def _updated(codec: ItemCodec, now: datetime) -> dict[str, Any]:
    return {each.name: _moment(each, now) for each in codec.schema.stamped("updated")}


def _moment(each: FieldCodec, now: datetime) -> datetime:
    """``now`` as finely as the field stores it, so that the instance is what would be read."""
    if isinstance(each.codec, DatetimeCodec) and each.codec.epoch:
        unit = timedelta(milliseconds=1 if each.codec.epoch == "ms" else 1000)
        return now - timedelta(
            microseconds=(now - datetime.fromtimestamp(0, now.tzinfo)) % unit // timedelta.resolution
        )
    return now


def _stamp_actions(codec: ItemCodec, stamps: Mapping[str, Any]) -> list[ModelAction]:
    actions: list[ModelAction] = []
    for name, value in stamps.items():
        each = codec.schema.fields[name]
        stored = each.encode(value)
        assert stored is not None
        actions.append(Assignment(_path(codec, each), "set", (StoredValue(stored),)))
    return actions
