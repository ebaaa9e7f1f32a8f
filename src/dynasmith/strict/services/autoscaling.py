"""Application Auto Scaling is another engine's; the endpoint knows the tables, so it says which targets there are."""

from typing import Any

import msgspec

from dynasmith.strict.rules.autoscaling import DEREGISTER, REGISTER, resource_of
from dynasmith.strict.rules.rule import JudgedRequest, Refusal
from dynasmith.strict.services.world import IncomingCall, StrictWorld
from dynasmith.strict.state.state import Account
from dynasmith.strict.wire.messages import WireReply, WireRequest


async def judge(world: StrictWorld, request: WireRequest, operation: str) -> Refusal | None:
    """What the rules say of a call to Application Auto Scaling."""
    if operation != REGISTER:
        return None
    body = _body(request)
    account = world.account_of(request)
    now = world.clock.time()
    account.settle(now)
    name, _ = resource_of(body)
    call = IncomingCall(request, operation, body, account, now)
    table = await world.table(call, name)
    return world.rules.judge(JudgedRequest(operation, body, table, account, now))


def learn(account: Account, request: WireRequest, operation: str, reply: WireReply) -> None:
    """Remember the targets that were registered, for the rules that ask whether a table is scaled."""
    if reply.status != 200 or operation not in {REGISTER, DEREGISTER}:
        return
    body = _body(request)
    target = (str(body.get("ResourceId")), str(body.get("ScalableDimension")))
    if operation == REGISTER:
        account.scaled.add(target)
    else:
        account.scaled.discard(target)


def _body(request: WireRequest) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(request.body)
    except msgspec.DecodeError:
        return {}
    return value if isinstance(value, dict) else {}
