"""What differs between an instance and the item that it was read from, as the actions of one update.

Values are compared, not assignments: changes in place are seen, and a value that is only spelt differently (a number, a
set, a time in another format) is no change. What the class does not know is never named, in maps neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dynasmith.errors import ItemInvalid
from dynasmith.models.action import Assignment, ModelAction
from dynasmith.models.collection_codec import MapCodec
from dynasmith.models.encryption_codec import EncryptionCodec
from dynasmith.models.fields import FieldCodec
from dynasmith.models.instance import assigned_names, loaded_tree
from dynasmith.models.item_codec import ItemCodec
from dynasmith.models.nested_codec import NestedCodec
from dynasmith.models.operand import ExprPath, StoredValue
from dynasmith.models.sealed_value import SEALED
from dynasmith.models.template_changes import template_changes
from dynasmith.models.tree_equality import same_tree
from dynasmith.models.upgrades import UpgradedItem
from dynasmith.models.value_codec import Tree, ValueCodec


def changes_of(codec: ItemCodec, item: Any, loaded: Tree) -> list[Assignment]:
    """The actions that make the item ``loaded`` what ``item`` is now; none where nothing changed.

    The key of the table and templates are not among them. Raises ItemInvalid.
    """
    schema = codec.schema
    key = {place.attribute for place in schema.key}
    assigned = assigned_names(item)
    actions: list[Assignment] = []
    for field in schema.fields.values():
        if field.name not in item.__dict__ or field.attribute in key:
            continue
        stored = codec.encoded(field, item)
        before = loaded.get(field.attribute)
        if before is None and field.name not in assigned and _is_default(field, stored, item.__dict__):
            continue
        actions += _of_field(schema.model, field, before, stored)
    return actions


def upgrade_changes(codec: ItemCodec, loaded: UpgradedItem, tree: Tree) -> list[Assignment]:
    """The actions that make the item of an older shape in the table ``tree``, attribute by attribute."""
    model, stored = codec.schema.model, loaded.stored
    key = {place.attribute for place in codec.schema.key}
    codecs = {field.attribute: field.codec for field in codec.schema.fields.values()}
    actions = []
    for name in dict.fromkeys((*stored, *tree)):
        path, old, new = ExprPath(model, (name,)), stored.get(name), tree.get(name)
        if name in key or same_tree(old, new):
            continue
        if name in codecs and old is not None and new is not None and _is_spelling(codecs[name], old, new):
            continue
        actions.append(Assignment(path, "remove", ()) if new is None else Assignment(path, "set", (StoredValue(new),)))
    return actions


def unsaved_values(codec: ItemCodec, item: Any, actions: Sequence[ModelAction]) -> dict[str, Any]:
    """The values of an instance that were changed since it was read, and that no action concerns.

    Key, version and time stamps are not among them. Raises ItemInvalid for one that cannot be stored.
    """
    loaded = loaded_tree(item)
    if loaded is None:
        return {}
    concerned = {action.path.parts[0] for action in actions if isinstance(action, Assignment)}
    changed = {change.path.parts[0] for change in changes_of(codec, item, loaded)} - concerned
    fields = codec.schema.fields.values()
    return {
        field.name: item.__dict__[field.name]
        for field in fields
        if field.attribute in changed and field.options.stamp not in ("version", "updated")
    }


def _of_field(model: type, field: FieldCodec, before: Any, stored: Tree | None) -> Iterator[Assignment]:
    path = ExprPath(model, (field.attribute,))
    if stored is None:
        if before is not None and "NULL" not in before:
            yield Assignment(path, "remove", ())
    elif before is not None:
        yield from _of_value(path, field.codec, before, stored)
    else:
        yield Assignment(path, "set", (StoredValue(stored),))


def _is_default(field: FieldCodec, stored: Tree | None, values: Mapping[str, Any]) -> bool:
    """Whether the value is what the class gives for an absent attribute: it was read so, and did not change."""
    if stored is None or field.info.is_required() or field.nullable:
        return False
    try:
        default = field.encode(field.absent(values))
    except ItemInvalid:
        return False
    return default is not None and same_tree(default, stored)


def _of_value(path: ExprPath, codec: ValueCodec, before: Any, stored: Tree) -> Iterator[Assignment]:
    if same_tree(before, stored) or _is_spelling(codec, before, stored):
        return
    members = _members(codec, before, stored)
    if members is None:
        yield Assignment(path, "set", (StoredValue(stored),))
        return
    for name, inner in members.items():
        old, new = before["M"].get(name), stored["M"].get(name)
        if new is None:
            if old is not None and not ("NULL" in old and isinstance(codec, NestedCodec)):
                yield Assignment(path.part(name), "remove", ())
        elif old is None:
            yield Assignment(path.part(name), "set", (StoredValue(new),))
        else:
            yield from _of_value(path.part(name), inner, old, new)


def _is_spelling(codec: ValueCodec, before: Any, stored: Tree) -> bool:
    """Whether what stands there reads as the same value, in other words than this class writes.

    A plain value of an encrypted attribute is none: it has to be encrypted.
    """
    if isinstance(codec, EncryptionCodec) and SEALED not in before:
        return False
    try:
        return same_tree(codec.encode(codec.decode(before)), stored)
    except ItemInvalid:
        return False


def _members(codec: ValueCodec, before: Any, stored: Tree) -> dict[str, ValueCodec] | None:
    """The members of a map that are compared one by one; None where the value is written whole."""
    if "M" not in before or "M" not in stored:
        return None
    if isinstance(codec, NestedCodec):
        return {field.attribute: field.codec for field in codec.fields.values()}
    if isinstance(codec, MapCodec):
        return dict.fromkeys((*before["M"], *stored["M"]), codec.values)
    return None


def changes_of_templates(
    codec: ItemCodec, item: Any, loaded: Tree, changes: Sequence[Assignment], stamps: Mapping[str, Any]
) -> list[Assignment]:
    """The templates that these changes and stamps make other than what was read.

    Raises TemplateIncomplete where a part was not read.
    """
    schema = codec.schema
    attributes = {change.path.parts[0] for change in changes}
    changed = {field.name for field in schema.fields.values() if field.attribute in attributes} - stamps.keys()
    found = template_changes(
        codec, changed, stamps.keys(), {**item.__dict__, **stamps}, "read the whole item before you change it"
    )
    actions = []
    for name, new in found.made.items():
        path = ExprPath(schema.model, (name,))
        if new is None and name in loaded:
            actions.append(Assignment(path, "remove", ()))
        elif new is not None and new != loaded.get(name):
            actions.append(Assignment(path, "set", (StoredValue(new),)))
    return actions
