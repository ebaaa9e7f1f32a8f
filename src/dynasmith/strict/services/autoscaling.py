"""Application Auto Scaling is another engine's; the endpoint knows the tables, so it says which targets there are."""

from typing import Any

import msgspec

from dynasmith.strict.rules.rule import JudgedRequest, Refusal, StrictRule, invalid, rule
from dynasmith.strict.server.wire import WireReply, WireRequest
from dynasmith.strict.server.world import Incoming, StrictWorld
from dynasmith.strict.state.state import Account

RULES: list[StrictRule] = []
REGISTER, DEREGISTER = "RegisterScalableTarget", "DeregisterScalableTarget"


def resource_of(body: Any) -> tuple[str, str]:
    """(table, index) of a ResourceId, index "" for the table itself; ("", "") for what is no DynamoDB target."""
    if not isinstance(body, dict) or body.get("ServiceNamespace") != "dynamodb":
        return "", ""
    parts = str(body.get("ResourceId", "")).split("/")
    if parts[0] != "table" or len(parts) not in {2, 4}:
        return "", ""
    return parts[1], parts[3] if len(parts) == 4 else ""


@rule(
    RULES,
    "scaling-target-exists",
    REGISTER,
    refuses="registering a table or an index for autoscaling that is not there, or an index that is not ACTIVE",
    source="https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html; the "
    "message is our reading",
    certainty="assumed",
)
def _exists(ask: JudgedRequest) -> Refusal | None:
    table, index = resource_of(ask.body)
    if not table:
        return None
    if ask.table is None or ask.table.status == "DELETING":
        return invalid(f"DynamoDB table does not exist: table/{table}")
    if index and (index not in ask.table.gsis or ask.table.gsis[index].status != "ACTIVE"):
        return invalid(f"DynamoDB index does not exist or is not active: table/{table}/index/{index}")
    return None


async def judge(world: StrictWorld, request: WireRequest, operation: str) -> Refusal | None:
    """What the rules say of a call to Application Auto Scaling."""
    if operation != REGISTER:
        return None
    body = _body(request)
    account = world.account_of(request)
    now = world.clock.now()
    account.settle(now)
    name, _ = resource_of(body)
    call = Incoming(request, operation, body, account, now)
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
