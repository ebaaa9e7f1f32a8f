"""What a transaction sends: the actions in their order, then what becomes of the claims of unique values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from dynasmith.engine.db.batch_get import key_identity
from dynasmith.engine.db.planned_action import PlannedAction
from dynasmith.errors import UsageError
from dynasmith.items.size import item_bytes
from dynasmith.items.value import write_tree
from dynasmith.limits import ITEM_MAX_BYTES, TRANSACTION_MAX_BYTES, TRANSACTION_MAX_ITEMS
from dynasmith.models.metaclass import schema_of
from dynasmith.models.sealed_value import SEALED
from dynasmith.models.unique_claim import UniqueClaim, claims_of, with_values_as_read
from dynasmith.models.value_codec import Tree

_KINDS: Final = {"PutItem": "Put", "UpdateItem": "Update", "DeleteItem": "Delete", "ConditionCheck": "ConditionCheck"}


@dataclass(frozen=True, slots=True)
class TransactionPart:
    """One entry of a TransactWriteItems: its request, the action that it is for, and its claim where it is one."""

    kind: str
    request: Mapping[str, Any]
    action: int
    claim: UniqueClaim | None = None


@dataclass(slots=True)
class ClaimKnowledge:
    """What failed attempts have shown: claims that are of other items, and claims whose item has the value no more."""

    foreign: set[str] = field(default_factory=set)
    stale: dict[str, tuple[Tree, str | None]] = field(default_factory=dict)


def item_identity(table: str, key: Tree) -> str:
    """Equal for keys of one item in one table."""
    return json.dumps([table, key_identity(key, sorted(key))])


def parts_of(actions: Sequence[PlannedAction], known: ClaimKnowledge, token: str) -> list[TransactionPart]:
    """The parts of a transaction. Raises UsageError for two that take one value, and for too many."""
    parts = [part for place, each in enumerate(actions) for part in _own_parts(place, each)]
    claims: dict[str, tuple[int, UniqueClaim]] = {}
    for place, each in enumerate(actions):
        for claim in _claims(each):
            identity = item_identity(each.table, claim.key)
            if identity in claims:
                first, other = claims[identity]
                both = other.merged(claim)
                if both is None:
                    raise UsageError(
                        f"Two actions of the transaction give {claim.field.name}, which is unique, one value: "
                        f"{actions[first].verb} of {actions[first].shown} and {each.verb} of {each.shown}."
                    )
                claims[identity] = (place if claim.owner is not None else first, both)
            else:
                claims[identity] = (place, claim)
    for identity, (place, claim) in claims.items():
        if identity in known.foreign and claim.owner is None:
            continue
        if identity in known.stale:
            claim = claim.may_take_from(*known.stale[identity])
        each = actions[place]
        kind, request = claim.action(schema_of(each.model), token)
        parts.append(TransactionPart(kind, {"TableName": each.table, **request}, place, claim))
    refuse_too_many(len(parts), len(actions))
    _refuse_too_large(parts)
    return parts


def refuse_too_many(parts: int, actions: int) -> None:
    """Raise UsageError for more than the service takes in one transaction."""
    if parts > TRANSACTION_MAX_ITEMS:
        more = "" if parts == actions else f", and they are {parts} with the claims of unique values and moved items"
        raise UsageError(
            f"A transaction takes {TRANSACTION_MAX_ITEMS} actions; there are {actions}{more}.",
            hint="use several transactions: one is never split",
        )


def _own_parts(place: int, action: PlannedAction) -> list[TransactionPart]:
    """The parts of an action itself; where it concerns unique values, they must be what they were expected to be."""
    write = action.write
    concerned = () if action.verb == "create" or action.before is None else tuple(write.unique)
    if write.operation == "TransactWriteItems":  # the item under its new key, and none under the old one
        put, gone = (next(iter(each.items())) for each in write.request["TransactItems"])
        parts = [put, (gone[0], _as_read(action, gone[1], concerned))]
    else:
        parts = [(_KINDS[write.operation], _as_read(action, write.request, concerned))]
    return [
        TransactionPart(
            kind, {"TableName": action.table, **{k: v for k, v in request.items() if k != "ReturnValues"}}, place
        )
        for kind, request in parts
    ]


def _as_read(action: PlannedAction, request: Mapping[str, Any], concerned: Sequence[str]) -> Mapping[str, Any]:
    if not concerned or action.before is None:
        return request
    return with_values_as_read(request, action.before, concerned)


def _claims(action: PlannedAction) -> list[UniqueClaim]:
    write = action.write
    if not write.unique:
        return []
    keys = (write.key, write.new_key or write.key)
    schema = schema_of(action.model)
    return claims_of(schema, action.before or {}, write.unique, keys=keys, claims_all=write.claims_all)


def _refuse_too_large(parts: Sequence[TransactionPart]) -> None:
    items = [part.request["Item"] for part in parts if "Item" in part.request]
    if len(items) * ITEM_MAX_BYTES <= TRANSACTION_MAX_BYTES:
        return
    size = sum(item_bytes(write_tree(_unsealed(item))) for item in items)
    if size > TRANSACTION_MAX_BYTES:
        raise UsageError(
            f"The items of the transaction have {size} bytes, and it takes {TRANSACTION_MAX_BYTES}.",
            hint="use several transactions: one is never split",
        )


def _unsealed(item: Tree) -> Tree:
    """An item with values as they are before they are encrypted, which makes them larger."""
    return {name: tree[SEALED].tree if SEALED in tree else tree for name, tree in item.items()}
