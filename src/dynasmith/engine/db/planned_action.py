"""`PlannedAction`: one write, sent alone or in a transaction, and what is known of the item before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dynasmith.engine.db.context import DbContext
from dynasmith.engine.db.hook_calls import HookCalls, hook_calls, reverted_unless_written
from dynasmith.models.action import ModelAction
from dynasmith.models.condition import ModelCondition
from dynasmith.models.delete_write import delete_write, restore_action
from dynasmith.models.hook_changes import action_changes, assigned_since, encoded_fields, unsaved_changes
from dynasmith.models.instance import loaded_tree
from dynasmith.models.item_write import ItemWrite
from dynasmith.models.key_of import KeyOf
from dynasmith.models.metaclass import codec_of
from dynasmith.models.model import Model
from dynasmith.models.save_write import save_write
from dynasmith.models.update_write import update_write
from dynasmith.models.upgrades import stored_item
from dynasmith.models.value_codec import Tree
from dynasmith.models.writes import check_write, create_write, put_write


@dataclass(slots=True)
class PlannedAction:
    """A write by its verb. ``instance`` is brought up to date when it succeeded, ``actions`` are those of an update.

    ``before`` are the unique attributes as they are expected to be; None where the item has to be read first. ``hooks``
    are those to run after it.
    """

    verb: str
    model: type[Model]
    table: str
    write: ItemWrite
    instance: Model | None = None
    actions: Sequence[ModelAction] = ()
    before: Tree | None = None
    hooks: HookCalls | None = None

    @property
    def shown_key(self) -> dict[str, Any]:
        """The key in plain Python, for messages and reasons."""
        return codec_of(self.model).describe_key(self.write.key)

    @property
    def shown(self) -> str:
        """The item in a sentence."""
        return f"{self.model.__qualname__} ({', '.join(f'{name}={value!r}' for name, value in self.shown_key.items())})"


def create_action(context: DbContext, item: Model, *, hooks: bool = False) -> PlannedAction:
    """A create, after its hooks. Raises ItemInvalid, and what a hook raises."""
    calls = hook_calls(item, "create", hooks=hooks)
    if calls is not None:
        context.refuse_dry()
        calls.before(dict)
    with reverted_unless_written([calls]):
        planned = _action(context, "create", item, create_write(item, context.clock.now()), before={})
    planned.hooks = calls
    return planned


def put_action(context: DbContext, item: Model, where: ModelCondition | None) -> PlannedAction:
    """A put. Raises ItemInvalid, NotLoaded."""
    return _action(context, "put", item, put_write(item, where, context.clock.now()))


def save_action(
    context: DbContext, item: Model, where: ModelCondition | None, *, hooks: bool = False
) -> PlannedAction | None:
    """A save, after its hooks; None where nothing changed. Raises ItemInvalid, UsageError, TemplateIncomplete."""
    calls = hook_calls(item, "update", hooks=hooks)
    codec = codec_of(type(item))
    if calls is not None:
        context.refuse_dry()
        if unsaved_changes(codec, item):
            calls.before(lambda: unsaved_changes(codec, item))
    with reverted_unless_written([calls]):
        write = save_write(item, where, context.clock.now())
        if write is None:
            return None
        planned = _action(context, "save", item, write)
        if calls is not None:
            calls.names = tuple(unsaved_changes(codec, item))
    planned.hooks = calls
    return planned


def update_action(
    context: DbContext,
    what: Model | KeyOf[Any],
    actions: Sequence[ModelAction],
    where: ModelCondition | None,
    *,
    hooks: bool = False,
) -> PlannedAction:
    """An update, after its hooks. Raises UsageError, TemplateIncomplete, and what a hook raises."""
    calls = hook_calls(what, "update", hooks=hooks)
    with reverted_unless_written([calls]):
        actions = [*actions, *_added_by_hooks(context, calls, actions)]
        planned = _action(context, "update", what, update_write(what, actions, where, context.clock.now()))
        if calls is not None:
            calls.names = tuple(action_changes(codec_of(planned.model), actions))
    planned.actions, planned.hooks = actions, calls
    return planned


def delete_action(
    context: DbContext, what: Model | KeyOf[Any], where: ModelCondition | None, *, hard: bool, hooks: bool = False
) -> PlannedAction:
    """A delete, after its hooks; an update where deleted items of the class stay. Raises UsageError."""
    calls = hook_calls(what, "delete", hooks=hooks)
    with reverted_unless_written([calls]):
        added = _added_by_hooks(context, calls, ())
        write = delete_write(what, where, context.clock.now(), hard=hard, actions=added)
        planned = _action(context, "delete", what, write)
    if planned.write.operation == "UpdateItem":
        planned.actions = [restore_action(planned.model), *added]
    planned.hooks = calls
    return planned


def _added_by_hooks(
    context: DbContext, calls: HookCalls | None, actions: Sequence[ModelAction]
) -> Sequence[ModelAction]:
    """Run the hooks before a write by actions, and give the actions for what they set on the instance."""
    if calls is None:
        return ()
    context.refuse_dry()
    codec, item = codec_of(type(calls.item)), calls.item
    before = encoded_fields(codec, item)
    calls.before(lambda: action_changes(codec, [*actions, *assigned_since(codec, item, before)]))
    return assigned_since(codec, item, before)


def check_action(context: DbContext, what: Model | KeyOf[Any], where: ModelCondition) -> PlannedAction:
    """A condition on an item that is not written. Raises UsageError."""
    return _action(context, "check", what, check_write(what, where))


def _action(
    context: DbContext, verb: str, what: Model | KeyOf[Any], write: ItemWrite, before: Tree | None = None
) -> PlannedAction:
    model = what.model if isinstance(what, KeyOf) else type(what)
    instance = None if isinstance(what, KeyOf) else what
    loaded = None if instance is None else loaded_tree(instance)
    known = stored_item(loaded) if before is None else before
    return PlannedAction(verb, model, context.table(model), write, instance, before=known)
