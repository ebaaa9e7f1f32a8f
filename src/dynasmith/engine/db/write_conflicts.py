"""What a write that was refused means: `ItemExists`, `VersionConflict`, `ItemNotFound` or `ConditionFailed`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynasmith.engine.db.context import DbContext
from dynasmith.errors import ConditionFailed, DynasmithError, ItemExists, ItemInvalid, ItemNotFound, VersionConflict
from dynasmith.models.item_write import ItemWrite
from dynasmith.models.metaclass import codec_of, schema_of
from dynasmith.models.model import Model
from dynasmith.models.tree_equality import same_item, same_tree
from dynasmith.models.upgrades import SHAPE_ATTRIBUTE, shape_number
from dynasmith.models.visibility import is_deleted, is_visible


def conflict(context: DbContext, model: type[Model], write: ItemWrite, failed: ConditionFailed) -> DynasmithError:
    """What a failed condition means: the item is gone, another writer was first, or ``where`` does not hold."""
    tree, schema = failed.item, schema_of(model)
    if tree is not None and not is_visible(schema, tree, deleted=True):
        tree = None  # another entity has the key, and there is no item of this class
    current = _readable(context, model, tree)
    was_deleted = tree is not None and write.expects_visible and is_deleted(schema, tree)
    facts = {"service_code": failed.service_code, "operation": failed.operation, "request_id": failed.request_id}
    shown = ", ".join(f"{name}={next(iter(value.values()))!r}" for name, value in write.key.items())
    error: ConditionFailed
    if write.version is None and not write.is_deletion:
        if was_deleted:
            return ItemNotFound(f"The {schema.name} ({shown}) was deleted.", hint="restore() brings it back")
        if tree is None and write.operation in ("UpdateItem", "TransactWriteItems"):
            return ItemNotFound(
                f"{context.table(model)} has no {schema.name} with {shown}.", hint="create it, or put it"
            )
    number = None if tree is None else shape_number(tree.get(SHAPE_ATTRIBUTE))
    is_other = any(not same_tree((tree or {}).get(name), stored) for name, stored in write.expected.items())
    if is_other or (write.version is not None and not has_version(model, tree, write.version)):
        what = "was deleted" if tree is None or was_deleted else "was changed by another writer"
        hint = "restore(.current) brings it back" if was_deleted else "read .current, change that, and save it"
        error = VersionConflict(f"{schema.name} ({shown}) {what} since it was read.", hint=hint, **facts)
    elif tree is not None and write.shape is not None and number != write.shape:
        hint = "read it and save it, which writes the upgrade, or bring the table up to date with a backfill"
        if number is None or number > write.shape:
            hint = "a newer version of the program wrote it"
        message = f"{schema.name} ({shown}) is stored in shape {number}, and this write needs {write.shape}."
        error = VersionConflict(message, hint=hint, **facts)
    else:
        error = ConditionFailed(f"The condition on {schema.name} ({shown}) does not hold.", hint=failed.hint, **facts)
    error.item = current
    return error


def _readable(context: DbContext, model: type[Model], tree: dict[str, Any] | None) -> Model | None:
    """The instance of an item, deleted or not; None where there is none, or it is not one that the class can read."""
    try:
        return context.read(model, tree, deleted=True) if tree else None
    except ItemInvalid:
        return None


def already_there(context: DbContext, model: type[Model], failed: ConditionFailed) -> ItemExists:
    """A condition that failed because something is under the key."""
    tree, schema = failed.item or {}, schema_of(model)
    shown = ", ".join(f"{name}={value!r}" for name, value in codec_of(model).describe_key(tree).items())
    message = f"{context.table(model)} already has the {model.__name__} {shown}"
    if tree and not is_visible(schema, tree, deleted=True):
        message = f"{context.table(model)} already has another item with the key of the {model.__name__} {shown}"
    hint = "save or update what is there, or put over it"
    if is_deleted(schema, tree):
        message += ", which was deleted and is kept"
        hint = "restore() brings it back, delete(..., hard=True) makes room for a new one"
    error = ItemExists(
        f"{message}.",
        hint=hint,
        service_code=failed.service_code,
        operation=failed.operation,
        request_id=failed.request_id,
    )
    error.item = _readable(context, model, tree)
    return error


def is_ours(context: DbContext, model: type[Model], failed: ConditionFailed, write: ItemWrite) -> bool:
    """Whether the condition failed because our own write, whose answer was lost, was there already."""
    if not failed.sent_again or write.tree is None or failed.item is None:
        return False
    return same_item(context.opened(model, failed.item), write.tree)


def is_our_deletion(model: type[Model], failed: ConditionFailed, write: ItemWrite) -> bool:
    """Whether an item that is deleted already was so by this write, whose answer was lost."""
    fields = schema_of(model).fields
    stamps = [(fields[name].attribute, fields[name].encode(moment)) for name, moment in write.stamps.items()]
    item = failed.item or {}
    return failed.sent_again and all(same_tree(item.get(attribute, {}), stored) for attribute, stored in stamps)


def has_version(model: type[Model], tree: Mapping[str, Any] | None, version: Mapping[str, Any]) -> bool:
    """Whether an item has that version; the empty one is none at all."""
    if tree is None:
        return False
    for field in schema_of(model).stamped("version"):
        stored = tree.get(field.attribute)
        return same_tree(stored, version) if stored is not None and version else stored is None and not version
    return True
