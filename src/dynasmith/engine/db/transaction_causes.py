"""Why a transaction was cancelled, action by action; and what another attempt can do about it.

A write of a unique attribute expects the value that was read before. Where another writer changed it meanwhile, the
refusal shows what it is now, and the write is made again for that: as a write of a plain attribute, which does not
look. A claim whose item is gone, or has another value, is taken over; one of another item that has the value decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dynasmith.engine.db.context import DbContext
from dynasmith.engine.db.planned_action import PlannedAction
from dynasmith.engine.db.transaction_parts import ClaimKnowledge, TransactionPart, item_identity
from dynasmith.engine.db.write_conflicts import already_there, conflict, has_version
from dynasmith.errors import (
    CancelledAction,
    ConditionFailed,
    DynasmithError,
    ServiceError,
    ServiceUnavailable,
    Throttled,
    TransactionFailed,
    TransactionReason,
    ValidationRefused,
    ValueTaken,
)
from dynasmith.items.claims import CLAIM_OWNER
from dynasmith.models.metaclass import codec_of, schema_of
from dynasmith.models.tree_equality import same_tree
from dynasmith.models.unique_claim import TOKEN, UniqueClaim, claim_key
from dynasmith.models.value_codec import Tree
from dynasmith.models.visibility import is_visible

_CONDITION = "ConditionalCheckFailed"


def decisive_parts(
    context: DbContext,
    actions: Sequence[PlannedAction],
    parts: Sequence[TransactionPart],
    cancelled: Sequence[CancelledAction],
    known: ClaimKnowledge,
) -> list[int]:
    """The parts that no other attempt helps; of the rest, what this one has shown is put into actions and ``known``."""
    return [
        place
        for place, (part, each) in enumerate(zip(parts, cancelled, strict=True))
        if each.code and (each.code != _CONDITION or not _learnt(context, actions[part.action], part, each, known))
    ]


def _learnt(
    context: DbContext, action: PlannedAction, part: TransactionPart, failed: CancelledAction, known: ClaimKnowledge
) -> bool:
    item = failed.item
    if part.claim is not None:
        identity = item_identity(action.table, part.claim.key)
        if part.claim.owner is None:
            known.foreign.add(identity)
            return True
        if item is None or _holder(context, action, part.claim, item) is not None:
            return False
        known.stale[identity] = (item[CLAIM_OWNER]["M"], item.get(TOKEN, {}).get("S"))
        return True
    write = action.write
    if not write.unique or action.before is None or _must_be_new(action, part):
        return False
    if write.version is not None and not has_version(action.model, item, write.version):
        return False
    now = {attribute: item.get(attribute) for attribute in write.unique} if item else dict.fromkeys(write.unique)
    if all(_same(action.before.get(attribute), stored) for attribute, stored in now.items()):
        return False
    action.before = now
    return True


def _same(one: Tree | None, other: Tree | None) -> bool:
    return one is other is None or (one is not None and other is not None and same_tree(one, other))


def _holder(context: DbContext, action: PlannedAction, claim: UniqueClaim, item: Mapping[str, Any]) -> Any:
    """The item that holds a claim, as it is stored; None where it is gone, or has the value no more."""
    schema = schema_of(action.model)
    owner = item.get(CLAIM_OWNER, {}).get("M")
    if not owner:
        return item  # something else is under the key of a claim: it is not ours to take
    request = {"Key": owner, "ConsistentRead": True}
    holder = context.items.call("GetItem", action.table, request).get("Item")
    if not holder or not is_visible(schema, holder, deleted=True):
        return None
    codec = codec_of(action.model)
    for tree in (holder, codec.upgraded(holder)):  # of an older shape the value may be that of either
        stored = tree.get(claim.field.attribute)
        if stored is not None and "NULL" not in stored and claim_key(schema, claim.field, stored) == claim.key:
            return holder
    return None


def failure_of(
    context: DbContext,
    actions: Sequence[PlannedAction],
    parts: Sequence[TransactionPart],
    failed: ServiceError,
    decisive: Sequence[int],
) -> TransactionFailed:
    """The error of a transaction that was cancelled, with a reason for each action; ``decisive`` parts are causes."""
    causes: dict[int, tuple[str, DynasmithError]] = {}
    for place in decisive:
        part, each = parts[place], failed.cancelled[place]
        if part.action not in causes:
            causes[part.action] = each.code, _error_of(context, actions[part.action], part, each, failed)
    reasons = [
        TransactionReason(each.verb, each.model, each.shown_key, *causes.get(place, ("", None)))
        for place, each in enumerate(actions)
    ]
    named = [
        f"action {place + 1} of {len(actions)}, {actions[place].verb}: {error.message}"
        for place, (_, error) in sorted(causes.items())
    ]
    return TransactionFailed(
        f"The transaction was cancelled, and nothing was written: {' '.join(named)}",
        reasons=reasons,
        hint=next((error.hint for _, error in causes.values() if error.hint), failed.hint),
        service_code=failed.service_code,
        operation=failed.operation,
        request_id=failed.request_id,
    )


def _error_of(
    context: DbContext, action: PlannedAction, part: TransactionPart, cause: CancelledAction, failed: ServiceError
) -> DynasmithError:
    facts = {"service_code": cause.code, "operation": failed.operation, "request_id": failed.request_id}
    if cause.code != _CONDITION:
        return _other_error(action, cause, facts)
    if part.claim is not None:
        return _taken(context, action, part.claim, cause, facts)
    found = ConditionFailed(cause.message, hint="an item is not as the write expects it: read it again", **facts)
    found.item = cause.item
    if _must_be_new(action, part):
        return already_there(context, action.model, found)
    return conflict(context, action.model, action.write, found)


def _must_be_new(action: PlannedAction, part: TransactionPart) -> bool:
    """Whether a part fails where anything is under its key."""
    return action.verb == "create" or (part.kind == "Put" and action.write.operation == "TransactWriteItems")


def _taken(
    context: DbContext, action: PlannedAction, claim: UniqueClaim, cause: CancelledAction, facts: Mapping[str, str]
) -> ValueTaken:
    """The value of a unique attribute is another item's. The value is not shown: it may be confidential."""
    holder = None if cause.item is None else _holder(context, action, claim, cause.item)
    error = ValueTaken(
        f"{claim.field.name} is unique, and another {action.model.__qualname__} in {action.table} has the value that "
        f"{action.verb} gives {action.shown}.",
        hint="use another value, or change the item in .item first",
        **facts,
    )
    error.attribute = claim.field.name
    error.item = context.read(action.model, holder, deleted=True) if holder and CLAIM_OWNER not in holder else None
    return error


def _other_error(action: PlannedAction, cause: CancelledAction, facts: Mapping[str, str]) -> ServiceError:
    words = f": {cause.message}" if cause.message else ""
    if cause.code.startswith("TransactionConflict"):
        hint = "other writers kept writing the same item; try again when they are done"
        return ServiceUnavailable(f"Another transaction or write held {action.shown}{words}.", hint=hint, **facts)
    if "Throttl" in cause.code or "Throughput" in cause.code:
        return Throttled(f"{action.table} was throttled{words}.", hint="try again later, or slower", **facts)
    kind = ValidationRefused if cause.code.startswith("Validation") else ServiceError
    return kind(f"{action.shown} was refused ({cause.code}){words}.", **facts)
