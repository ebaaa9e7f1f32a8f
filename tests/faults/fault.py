"""What a fault is: one entry of the tables in this folder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from faults.messages import Reply
from faults.proxy import Exchange, Step, Strike

BATCHES = frozenset({"BatchWriteItem"})
STATEMENTS = frozenset({"BatchExecuteStatement"})
SCANS = frozenset({"Scan"})
LOOKUPS = frozenset({"BatchGetItem"})
ITEM_OPERATIONS = frozenset({"PutItem", "UpdateItem", "GetItem"}) | BATCHES | STATEMENTS | SCANS | LOOKUPS


@dataclass(frozen=True)
class Fault:
    """A reply that is not what the service says.

    ``legal``: it is what HTTP or the service allow, so a job ends with exit 0 however often it meets it. ``stops``: a
    client may end the job at the first one. All others are repaired by a retry when they come once. ``later``: it needs
    a reply that came before, so it cannot strike the first call.
    """

    name: str
    operations: frozenset[str]
    strike: Strike
    legal: bool = False
    stops: bool = False
    later: bool = False


def whole(name: str, reply: Callable[[], Reply], *, stops: bool = False) -> tuple[Fault, Fault]:
    """Another reply in place of the engine's: one fault where the engine never sees the call, one where it does it."""

    async def instead(_: Exchange) -> Sequence[Step]:
        return [reply().wire]

    async def after(exchange: Exchange) -> Sequence[Step]:
        await exchange.forward()
        return [reply().wire]

    return (
        Fault(name, ITEM_OPERATIONS, instead, stops=stops),
        Fault(f"{name}, done", ITEM_OPERATIONS - SCANS - LOOKUPS - {"GetItem"}, after, stops=stops),
    )


def edited(
    name: str, operations: frozenset[str], edit: Callable[[Any, Any], Any], *, legal: bool = False, later: bool = False
) -> Fault:
    """The engine's reply with its document changed by ``edit(document, request)``; length and checksum are right."""

    async def strike(exchange: Exchange) -> Sequence[Step]:
        reply = await exchange.forward()
        return [reply.with_json(edit(reply.json, exchange.request.json)).wire]

    return Fault(name, operations, strike, legal=legal, later=later)


def rewired(
    name: str,
    rewire: Callable[[Reply], Sequence[Step]],
    operations: frozenset[str] = ITEM_OPERATIONS,
    *,
    legal: bool = False,
    stops: bool = False,
) -> Fault:
    """The engine's reply, said otherwise on the wire."""

    async def strike(exchange: Exchange) -> Sequence[Step]:
        return rewire(await exchange.forward())

    return Fault(name, operations, strike, legal=legal, stops=stops)
