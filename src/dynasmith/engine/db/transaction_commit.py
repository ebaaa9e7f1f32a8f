"""Actions sent as one transaction, and their instances brought up to date; alone where it takes no more than one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid4, uuid5

from dynasmith.engine.db.batch_get import read_many
from dynasmith.engine.db.context import DbContext
from dynasmith.engine.db.instances import partly_refreshed, refreshed, with_unsaved, written
from dynasmith.engine.db.planned_action import PlannedAction
from dynasmith.engine.db.transaction_causes import decisive_parts, failure_of
from dynasmith.engine.db.transaction_parts import ClaimKnowledge, TransactionPart, parts_of
from dynasmith.engine.db.write_conflicts import is_ours
from dynasmith.errors import CancelledAction, ConditionFailed, DynasmithError, ServiceError, TransactionFailed
from dynasmith.models.changes import unsaved_values
from dynasmith.models.instance import LOADED, loaded_tree, slot_of
from dynasmith.models.metaclass import codec_of
from dynasmith.models.model import Model

ATTEMPTS_MAX: Final = 8
"""How often a transaction is made again because a unique value was changed between the read and the write."""


def commit_one(context: DbContext, action: PlannedAction) -> Mapping[str, Any] | None:
    """Send one write with what it does to claims; its reply where it could be sent alone, None where it could not.

    Raises what the write alone would raise, and ValueTaken.
    """
    try:
        return commit(context, [action], "", alone=True)
    except TransactionFailed as failed:
        raise failed.reasons[0].error or failed from failed


def commit(
    context: DbContext, actions: Sequence[PlannedAction], token: str, *, alone: bool = False
) -> Mapping[str, Any] | None:
    """Send the actions as one transaction. Raises TransactionFailed, and UsageError before the call.

    With ``alone`` one action that needs no other part is a plain write, whose reply it gives.
    """
    context.refuse_dry()
    _read_unknown(context, actions)
    token = token or str(uuid4())
    known = ClaimKnowledge()
    attempt = 0
    while True:
        # The request of another attempt is another one, so it has another token: made of the first, to stay the same.
        sent_token = token if not attempt else str(uuid5(NAMESPACE_URL, f"{token}:{attempt}"))
        parts = parts_of(actions, known, sent_token)
        try:
            if alone and len(parts) == 1:
                return _send_alone(context, actions[0], parts[0])
            _send_all(context, actions, parts, sent_token)
            break
        except ServiceError as failed:
            attempt += 1
            if failed.service_code == "IdempotentParameterMismatchException":
                failed.hint = (
                    "the token was used within ten minutes for other content (time stamps count); nothing was written "
                    "this time: another transaction needs another token"
                )
            if len(failed.cancelled) != len(parts):
                raise
            decisive = decisive_parts(context, actions, parts, failed.cancelled, known)
            if attempt == ATTEMPTS_MAX:
                decisive = [place for place, each in enumerate(failed.cancelled) if each.code]
            if decisive or not any(each.code for each in failed.cancelled):
                raise failure_of(context, actions, parts, failed, decisive) from failed
    return None


def _send_all(
    context: DbContext, actions: Sequence[PlannedAction], parts: Sequence[TransactionPart], token: str
) -> None:
    entries = [{part.kind: part.request} for part in parts]
    tables = ", ".join(dict.fromkeys(action.table for action in actions))
    context.items.call("TransactWriteItems", tables, {"TransactItems": entries, "ClientRequestToken": token})


def _send_alone(context: DbContext, action: PlannedAction, part: TransactionPart) -> Mapping[str, Any]:
    request = {name: value for name, value in part.request.items() if name != "TableName"}
    if "ReturnValues" in action.write.request:
        request["ReturnValues"] = action.write.request["ReturnValues"]
    try:
        return context.write(action.model, action.write.operation, request)
    except ConditionFailed as failed:
        if is_ours(context, action.model, failed, action.write):
            return {"Attributes": failed.item}
        failed.cancelled = (CancelledAction("ConditionalCheckFailed", failed.message, failed.item),)
        raise


def _read_unknown(context: DbContext, actions: Sequence[PlannedAction]) -> None:
    """Read the unique attributes that actions concern and nobody has read."""
    unknown: dict[type[Model], list[PlannedAction]] = {}
    for action in actions:
        if action.write.unique and action.before is None:
            unknown.setdefault(action.model, []).append(action)
    for model, some in unknown.items():
        found = read_many(context, model, [action.write.key for action in some], True)
        for action, tree in zip(some, found, strict=True):
            action.before = {name: tree.get(name) for name in action.write.unique} if tree else {}


def bring_up_to_date(context: DbContext, actions: Sequence[PlannedAction]) -> None:
    """The instances of a transaction that succeeded, as their items are now.

    What an action made of an item is read where only the service knows it; an instance for which that fails loses what
    the action changed, so that it raises NotLoaded and never gives an old value.
    """
    unknown: dict[type[Model], list[PlannedAction]] = {}
    for action in actions:
        if action.instance is None or action.write.operation in ("DeleteItem", "ConditionCheck"):
            continue
        if action.write.tree is not None:
            written(action.instance, action.write)
        else:
            unknown.setdefault(action.model, []).append(action)
    for model, some in unknown.items():
        try:
            read = read_many(context, model, [action.write.key for action in some], True)
            found = [None if tree is None else context.opened(model, tree) for tree in read]
        except DynasmithError:
            found = [None] * len(some)
        for action, tree in zip(some, found, strict=True):
            _renew(action, tree)


def _renew(action: PlannedAction, tree: dict[str, Any] | None) -> None:
    item = action.instance
    assert item is not None
    codec = codec_of(action.model)
    if tree is None:
        _forget(action, item)
    elif action.verb == "save":
        partly_refreshed(item, action.write, tree)
    else:
        unsaved = unsaved_values(codec, item, action.actions)
        with_unsaved(refreshed(item, tree), unsaved)


def _forget(action: PlannedAction, item: Model) -> None:
    """Take from an instance what its action changed."""
    schema = codec_of(action.model).schema
    names = set(action.write.request.get("ExpressionAttributeNames", {}).values()) - action.write.key.keys()
    for field in schema.fields.values():
        if field.attribute in names and field.name not in schema.key_fields:
            item.__dict__.pop(field.name, None)
    loaded = loaded_tree(item) or action.write.key
    slot_of(type(item), LOADED).__set__(item, {name: tree for name, tree in loaded.items() if name not in names})
