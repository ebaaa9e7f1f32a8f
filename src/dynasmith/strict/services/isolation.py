"""Conflicts of transactions: what is refused while one is under way.

From its arrival to its reply a transaction that writes holds each of its items, those of a ConditionCheck too. Another
such transaction on one of them is cancelled, a plain write is refused, an entry of a BatchWriteItem comes back
unprocessed (BatchWriteItem has no such error in the service's model). A transaction that only reads is cancelled where
a write of one of its items is under way, or begins before it is answered. Source: "Transaction conflict handling in
DynamoDB", developer guide.
"""

from collections.abc import Awaitable, Callable, Sequence

from dynasmith.strict.measures.measure import MeasuredPart
from dynasmith.strict.rules.items import key_text
from dynasmith.strict.services.world import IncomingCall, StrictWorld
from dynasmith.strict.state.conflicts import Key
from dynasmith.strict.wire.messages import WireReply, error_reply

CONFLICT_RULE = "transaction-conflict"
ONGOING = "Transaction is ongoing for the item"
"""The service's message for both errors (TransactionCanceledException, botocore's service model)."""


def key_of_part(call: IncomingCall, part: MeasuredPart) -> Key | None:
    """The item of a part; None where its table is not known or its key is not whole (the engine refuses it)."""
    table = call.account.tables.get(part.table)
    if table is None or not isinstance(part.value, dict) or any(name not in part.value for name in table.keys):
        return None
    return table.arn, key_text(table, part.value)


async def isolated(world: StrictWorld, call: IncomingCall, go_on: Callable[[], Awaitable[WireReply]]) -> WireReply:
    """Let a call of items through unless it meets a conflict; what it writes or reads is known to others meanwhile."""
    if not world.rules.holds(CONFLICT_RULE):
        return await go_on()
    keys = [key_of_part(call, part) for part in call.measured.parts]
    match call.operation:
        case "TransactWriteItems":
            return await transaction(world, call, keys, go_on, writes=True)
        case "TransactGetItems":
            return await transaction(world, call, keys, go_on, writes=False)
        case "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem":
            for part, key in zip(call.measured.parts, keys, strict=True):
                part.conflict = key in world.conflicts.held
            if call.operation != "BatchWriteItem" and any(part.conflict for part in call.measured.parts):
                return error_reply("TransactionConflictException", ONGOING)
            free = [key for part, key in zip(call.measured.parts, keys, strict=True) if key and not part.conflict]
            with world.conflicts.writing(free):
                return await go_on()
    return await go_on()


async def transaction(
    world: StrictWorld,
    call: IncomingCall,
    keys: Sequence[Key | None],
    go_on: Callable[[], Awaitable[WireReply]],
    *,
    writes: bool,
) -> WireReply:
    """Run a transaction whose actions are about ``keys`` (None: not known), or answer that it was cancelled."""
    conflicts, known = world.conflicts, [key for key in keys if key is not None]
    if not writes:
        with conflicts.reading(known) as disturbed:
            reply = await go_on() if not disturbed else None
        return cancelled(keys, disturbed) if reply is None or disturbed else reply
    token = str(call.body.get("ClientRequestToken") or "")
    if token and token in conflicts.tokens:
        return error_reply(
            "TransactionInProgressException", "The transaction with the given request token is already in progress"
        )
    if not conflicts.held.isdisjoint(known):
        return cancelled(keys, conflicts.held)
    with conflicts.holding(known, token):
        return await go_on()


def cancelled(keys: Sequence[Key | None], held: set[Key]) -> WireReply:
    """TransactionCanceledException with a reason for each action, in their order."""
    reasons: list[dict[str, str]] = [
        {"Code": "TransactionConflict", "Message": ONGOING} if key in held else {"Code": "None"} for key in keys
    ]
    return error_reply(
        "TransactionCanceledException",
        "Transaction cancelled, please refer cancellation reasons for specific reasons "
        f"[{', '.join(reason['Code'] for reason in reasons)}]",
        parts={"CancellationReasons": reasons},
    )
