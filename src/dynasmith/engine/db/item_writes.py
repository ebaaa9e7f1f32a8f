"""One item written: the call that the class makes of it, what a refusal means, the instance brought up to date."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from dynasmith.engine.db.context import DbContext
from dynasmith.engine.db.instances import partly_refreshed, refreshed, written
from dynasmith.engine.db.write_conflicts import already_there, conflict, is_our_deletion, is_ours
from dynasmith.errors import ConditionFailed
from dynasmith.models.action import ModelAction
from dynasmith.models.changes import unsaved_values
from dynasmith.models.condition import ModelCondition
from dynasmith.models.delete_write import delete_write, restore_action
from dynasmith.models.item_write import ItemWrite
from dynasmith.models.key_of import KeyOf
from dynasmith.models.metaclass import codec_of, schema_of
from dynasmith.models.model import Model
from dynasmith.models.save_write import save_write
from dynasmith.models.update_write import update_write
from dynasmith.models.visibility import is_deleted
from dynasmith.models.writes import create_write, put_write

M = TypeVar("M", bound=Model)


def create(context: DbContext, item: M) -> M:
    """Write a new item. See `Db.create`."""
    write = create_write(item, context.clock.now())
    try:
        _send(context, type(item), write)
    except ConditionFailed as failed:
        if not is_ours(context, type(item), failed, write):
            raise already_there(context, type(item), failed) from failed
    return written(item, write)


def put(context: DbContext, item: M, where: ModelCondition | None) -> M:
    """Write the whole item. See `Db.put`."""
    write = put_write(item, where, context.clock.now())
    send(context, type(item), write)
    return written(item, write)


def save(context: DbContext, item: M, where: ModelCondition | None) -> M:
    """Write what changed. See `Db.save`."""
    write = save_write(item, where, context.clock.now())
    if write is None:
        return item
    answer = send(context, type(item), write)
    attributes = answer.get("Attributes")
    if attributes is not None and write.tree is not None:
        return refreshed(item, context.opened(type(item), attributes))
    if attributes is not None:
        return partly_refreshed(item, write, context.opened(type(item), attributes))
    return written(item, write)


def update(context: DbContext, what: M | KeyOf[M], actions: Sequence[ModelAction], where: ModelCondition | None) -> M:
    """Change an item by actions. See `Db.update`."""
    write = update_write(what, actions, where, context.clock.now())
    unsaved = {} if isinstance(what, KeyOf) else unsaved_values(codec_of(type(what)), what, actions)
    model: Any = what.model if isinstance(what, KeyOf) else type(what)
    attributes = context.opened(model, send(context, model, write)["Attributes"])
    if isinstance(what, KeyOf):
        read: M = codec_of(model).read(attributes)
        return read
    refreshed(what, attributes).__dict__.update(unsaved)
    return what


def delete(context: DbContext, what: Model | KeyOf[Any], where: ModelCondition | None, *, hard: bool) -> bool:
    """Delete an item. See `Db.delete`."""
    write = delete_write(what, where, context.clock.now(), hard=hard)
    model = what.model if isinstance(what, KeyOf) else type(what)
    if write.operation == "DeleteItem":
        return bool(send(context, model, write).get("Attributes"))
    attributes = _marked_deleted(context, model, write, any_item=where is None)
    if attributes is not None and isinstance(what, Model):
        unsaved = unsaved_values(codec_of(model), what, [restore_action(model)])
        refreshed(what, attributes).__dict__.update(unsaved)
    return attributes is not None


def restore(context: DbContext, what: M | KeyOf[M]) -> M:
    """Bring back an item that was deleted. See `Db.restore`."""
    model: Any = what.model if isinstance(what, KeyOf) else type(what)
    return update(context, what, [restore_action(model)], None)


def _marked_deleted(
    context: DbContext, model: type[Model], write: ItemWrite, *, any_item: bool
) -> dict[str, Any] | None:
    """The item after the write that marks it as deleted; None where there was none to delete."""
    try:
        found: dict[str, Any] = _send(context, model, write)["Attributes"]
    except ConditionFailed as failed:
        if failed.item is not None and is_our_deletion(model, failed, write):
            return dict(failed.item)
        if any_item and (failed.item is None or is_deleted(schema_of(model), failed.item)):
            return None
        raise conflict(context, model, write, failed) from failed
    return found


def send(context: DbContext, model: type[Model], write: ItemWrite) -> dict[str, Any]:
    """Send a write whose condition may fail, and say what that means."""
    try:
        return _send(context, model, write)
    except ConditionFailed as failed:
        if is_ours(context, model, failed, write):
            return {"Attributes": failed.item}
        if write.operation == "TransactWriteItems" and failed.action == 0:  # something is under the new key
            raise already_there(context, model, failed) from failed
        raise conflict(context, model, write, failed) from failed


def _send(context: DbContext, model: type[Model], write: ItemWrite) -> dict[str, Any]:
    return context.write(model, write.operation, write.request)
