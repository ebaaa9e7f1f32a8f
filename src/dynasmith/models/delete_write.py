"""What `delete` sends: a delete, or where deleted items stay an update with the time; and what brings them back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from dynasmith.errors import UsageError
from dynasmith.models.action import Assignment, ModelAction
from dynasmith.models.condition import Junction, ModelCondition
from dynasmith.models.expression_writer import request_expressions
from dynasmith.models.item_write import RETURN_OLD, ItemWrite, target_of
from dynasmith.models.key_of import KeyOf
from dynasmith.models.metaclass import codec_of, schema_of
from dynasmith.models.model import Model
from dynasmith.models.operand import ExprPath
from dynasmith.models.update_write import update_write
from dynasmith.models.visibility import not_deleted
from dynasmith.models.write_conditions import all_of, is_missing, is_there, version_check
from dynasmith.models.write_stamps import moment, stamp_actions


def delete_write(
    what: Model | KeyOf[Any],
    where: ModelCondition | None,
    now: datetime,
    *,
    hard: bool = False,
    actions: Sequence[ModelAction] = (),
) -> ItemWrite:
    """A delete; of an instance its version is compared, and an item that is absent is none to delete.

    Where the class has a time of deletion it is an update that sets this, and does ``actions``, unless ``hard``.
    """
    model, key, _ = target_of(what)
    codec = codec_of(model)
    if codec.schema.deleted and not hard:
        stamps = {codec.schema.deleted.name: moment(codec.schema.deleted, now)}
        condition = all_of(not_deleted(codec.schema), where)
        write = update_write(what, [*actions, *stamp_actions(codec, stamps)], condition, now)
        return replace(write, stamps=stamps, is_deletion=True, expects_visible=True)
    version, condition = version_check(codec, what) if isinstance(what, Model) else (None, None)
    condition = all_of(is_there(codec) if codec.schema.entity else None, condition)
    if condition is not None:
        condition = Junction("OR", (is_missing(codec), condition))
    condition = all_of(condition, where)
    request = {"Key": key, "ReturnValues": "ALL_OLD", **request_expressions(model, condition=condition)}
    if condition is not None:
        request |= RETURN_OLD
    unique = {field.attribute: None for field in codec.schema.unique}
    return ItemWrite("DeleteItem", request, key, None, {}, version, is_deletion=True, unique=unique)


def restore_action(model: type[Model]) -> ModelAction:
    """The action that brings a deleted item back. Raises UsageError where deletes of the class are final."""
    deleted = schema_of(model).deleted
    if deleted is None:
        raise UsageError(
            f"{model.__name__} has no deleted_at() field: what is deleted is gone.", hint="create it, or put it"
        )
    return Assignment(ExprPath(model, (deleted.attribute,)), "remove", ())
