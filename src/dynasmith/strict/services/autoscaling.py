"""Application Auto Scaling is another engine's; the endpoint knows the tables, so it says which targets there are.

Tags of targets are kept here: the engine has no call for them.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from dynasmith.strict.rules.autoscaling import DEREGISTER, REGISTER, TAGS_MAX, resource_of
from dynasmith.strict.rules.rule import JudgedRequest, Refusal, invalid
from dynasmith.strict.services.world import IncomingCall, StrictWorld, reply_json
from dynasmith.strict.state.state import Account
from dynasmith.strict.wire.http import Upstream
from dynasmith.strict.wire.messages import WireReply, WireRequest, error_reply, json_reply, value_reply

_DESCRIBE = "DescribeScalableTargets"


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
    """Remember the targets that were registered, for the rules that ask whether a table is scaled, and their tags."""
    if reply.status != 200 or operation not in {REGISTER, DEREGISTER, _DESCRIBE}:
        return
    body, said = _body(request), reply_json(reply)
    if operation == _DESCRIBE:
        for described in said.get("ScalableTargets") or ():
            account.scaling_tags.setdefault(str(described.get("ScalableTargetARN")), {})
        return
    target = (str(body.get("ResourceId")), str(body.get("ScalableDimension")))
    if operation == REGISTER:
        account.scaled.add(target)
        arn = str(said.get("ScalableTargetARN"))
        account.scaling_tags.setdefault(arn, {}).update(body.get("Tags") or {})
    else:
        account.scaled.discard(target)


def _list(tags: dict[str, str], _: Mapping[str, Any]) -> WireReply:
    return value_reply({"Tags": tags})


def _tag(tags: dict[str, str], body: Mapping[str, Any]) -> WireReply:
    both = {**tags, **(body.get("Tags") or {})}
    if len(both) > TAGS_MAX:
        return error_reply("TooManyTagsException", f"The resource has more than {TAGS_MAX} tags")
    tags.update(both)
    return json_reply(b"{}")


def _untag(tags: dict[str, str], body: Mapping[str, Any]) -> WireReply:
    for name in body.get("TagKeys") or ():
        tags.pop(name, None)
    return json_reply(b"{}")


_OWN: Mapping[str, Callable[[dict[str, str], Mapping[str, Any]], WireReply]] = {
    "ListTagsForResource": _list,
    "TagResource": _tag,
    "UntagResource": _untag,
}


def own_answer(account: Account, request: WireRequest, operation: str) -> WireReply | None:
    """The answer to a call about tags, which the endpoint keeps itself; None for any other call."""
    answer = _OWN.get(operation)
    if answer is None:
        return None
    body = _body(request)
    arn = body.get("ResourceARN")
    if not isinstance(arn, str) or not arn:
        refusal = invalid(
            "1 validation error detected: Value null at 'resourceARN' failed to satisfy constraint: Member must not be "
            "null"
        )
        return error_reply(refusal.code, refusal.message)
    tags = account.scaling_tags.get(arn)
    if tags is None:
        return error_reply("ResourceNotFoundException", f"No scalable target found for the ARN: {arn}")
    return answer(tags, body)


async def drop_policies(upstream: Upstream, request: WireRequest, operation: str, reply: WireReply) -> None:
    """The policies of a target go with it (API reference, DeregisterScalableTarget); the engine behind keeps them."""
    if reply.status != 200 or operation != DEREGISTER:
        return
    body = _body(request)
    target = {name: body.get(name) for name in ("ServiceNamespace", "ResourceId", "ScalableDimension")}

    async def ask(called: str, more: dict[str, Any]) -> dict[str, Any]:
        headers = {**request.headers, b"x-amz-target": f"AnyScaleFrontendService.{called}".encode()}
        encoded = msgspec.json.encode({**target, **more})
        return reply_json(await upstream.send(WireRequest(b"POST", request.target, headers, encoded)))

    for policy in (await ask("DescribeScalingPolicies", {})).get("ScalingPolicies") or ():
        await ask("DeleteScalingPolicy", {"PolicyName": policy.get("PolicyName")})


def _body(request: WireRequest) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(request.body)
    except msgspec.DecodeError:
        return {}
    return value if isinstance(value, dict) else {}
