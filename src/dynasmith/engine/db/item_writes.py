"""One item written: the call that the class makes of it, what a refusal means, the instance brought up to date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from dynasmith.engine.db.context import DbContext
from dynasmith.engine.db.hook_calls import reverted_unless_written, run_after
from dynasmith.engine.db.instances import partly_refreshed, refreshed, with_unsaved, written
from dynasmith.engine.db.planned_action import (
    PlannedAction,
    create_action,
    delete_action,
    put_action,
    save_action,
    update_action,
)
from dynasmith.engine.db.transaction_commit import bring_up_to_date, commit_one
from dynasmith.engine.db.write_conflicts import already_there, conflict, is_our_deletion, is_ours
from dynasmith.errors import ConditionFailed, ItemNotFound
from dynasmith.models.action import ModelAction
from dynasmith.models.changes import unsaved_values
from dynasmith.models.condition import ModelCondition
from dynasmith.models.delete_write import restore_action
from dynasmith.models.key_of import KeyOf
from dynasmith.models.metaclass import codec_of, schema_of
from dynasmith.models.model import Model
from dynasmith.models.visibility import is_visible

M = TypeVar("M", bound=Model)


def create(context: DbContext, item: M, *, hooks: bool) -> M:
    """Write a new item. See `Db.create`."""
    planned = create_action(context, item, hooks=hooks)
    with reverted_unless_written([planned.hooks]):
        _send(context, planned)
    written(item, planned.write)
    run_after([planned.hooks])
    return item


def put(context: DbContext, item: M, where: ModelCondition | None) -> M:
    """Write the whole item. See `Db.put`."""
    planned = put_action(context, item, where)
    _send(context, planned)
    return written(item, planned.write)


def save(context: DbContext, item: M, where: ModelCondition | None, *, hooks: bool) -> M:
    """Write what changed. See `Db.save`."""
    planned = save_action(context, item, where, hooks=hooks)
    if planned is None:
        return item
    with reverted_unless_written([planned.hooks]):
        attributes = (_send(context, planned) or {}).get("Attributes")
    if attributes is None:
        bring_up_to_date(context, [planned])
    elif planned.write.tree is not None:
        refreshed(item, context.opened(planned.model, attributes))
    else:
        partly_refreshed(item, planned.write, context.opened(planned.model, attributes))
    run_after([planned.hooks])
    return item


def update(
    context: DbContext,
    what: M | KeyOf[M],
    actions: Sequence[ModelAction],
    where: ModelCondition | None,
    *,
    hooks: bool,
) -> M:
    """Change an item by actions. See `Db.update`."""
    planned = update_action(context, what, actions, where, hooks=hooks)
    with reverted_unless_written([planned.hooks]):
        unsaved = {} if isinstance(what, KeyOf) else unsaved_values(codec_of(type(what)), what, planned.actions)
        attributes = (_send(context, planned) or {}).get("Attributes") or _read_after(context, planned)
    attributes = context.opened(planned.model, attributes)
    if isinstance(what, KeyOf):
        read: M = codec_of(planned.model).read(attributes)
        return read
    with_unsaved(refreshed(what, attributes), unsaved)
    run_after([planned.hooks])
    return what


def delete(
    context: DbContext, what: Model | KeyOf[Any], where: ModelCondition | None, *, hard: bool, hooks: bool
) -> bool:
    """Delete an item. See `Db.delete`."""
    planned = delete_action(context, what, where, hard=hard, hooks=hooks)
    with reverted_unless_written([planned.hooks]):
        was_there = _deleted(context, planned, any_item=where is None)
    if was_there:
        run_after([planned.hooks])
    elif planned.hooks is not None:
        planned.hooks.revert()
    return was_there


def _deleted(context: DbContext, planned: PlannedAction, *, any_item: bool) -> bool:
    if planned.write.operation == "DeleteItem":
        try:
            answer = _send(context, planned)
        except ConditionFailed as failed:
            if any_item and failed.item is None:  # another entity has the key
                return False
            raise
        # A transaction gives no item back; it is one because the item was there and had a unique value.
        return answer is None or bool(answer.get("Attributes"))
    attributes = _marked_deleted(context, planned, any_item=any_item)
    if attributes is not None and planned.instance is not None:
        unsaved = unsaved_values(codec_of(planned.model), planned.instance, planned.actions)
        with_unsaved(refreshed(planned.instance, context.opened(planned.model, attributes)), unsaved)
    return attributes is not None


def restore(context: DbContext, what: M | KeyOf[M], *, hooks: bool) -> M:
    """Bring back an item that was deleted. See `Db.restore`."""
    model: Any = what.model if isinstance(what, KeyOf) else type(what)
    return update(context, what, [restore_action(model)], None, hooks=hooks)


def _marked_deleted(context: DbContext, planned: PlannedAction, *, any_item: bool) -> dict[str, Any] | None:
    """The item after the write that marks it as deleted; None where there was none to delete."""
    model, write = planned.model, planned.write
    try:
        found: dict[str, Any] = context.write(model, write.operation, write.request)["Attributes"]
    except ConditionFailed as failed:
        if failed.item is not None and is_our_deletion(model, failed, write):
            return dict(failed.item)
        if any_item and (failed.item is None or not is_visible(schema_of(model), failed.item)):
            return None
        raise conflict(context, model, write, failed) from failed
    return found


def _send(context: DbContext, planned: PlannedAction) -> Mapping[str, Any] | None:
    """Send a write, alone or with its claims, and say what a refusal means. None where it was a transaction."""
    write = planned.write
    if write.unique or write.operation == "TransactWriteItems":
        return commit_one(context, planned)
    try:
        return context.write(planned.model, write.operation, write.request)
    except ConditionFailed as failed:
        if is_ours(context, planned.model, failed, write):
            return {"Attributes": failed.item}
        if planned.verb == "create":
            raise already_there(context, planned.model, failed) from failed
        raise conflict(context, planned.model, write, failed) from failed


def _read_after(context: DbContext, planned: PlannedAction) -> dict[str, Any]:
    """The item after a transaction, which gives none back."""
    request = {"Key": planned.write.key, "ConsistentRead": True}
    tree: dict[str, Any] | None = context.items.call("GetItem", planned.table, request).get("Item")
    if not tree:
        raise ItemNotFound(
            f"{planned.shown} was updated, and another writer deleted it before it was read.", hint="create it again"
        )
    return tree
