"""Lambda's operations on event source mappings of DynamoDB streams. Those of other sources pass to the engine."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import msgspec

from dynasmith.strict.iam.judgement import AccessRequest, judge
from dynasmith.strict.rules.rule import JudgedRequest, Refusal
from dynasmith.strict.services.aws_backup.call import own_call
from dynasmith.strict.services.mappings.adoption import adopt
from dynasmith.strict.services.mappings.engine_calls import MAPPINGS, ask_lambda, configuration, lambda_model
from dynasmith.strict.services.mappings.feeds import feed_of
from dynasmith.strict.services.mappings.mapping_tag import keep
from dynasmith.strict.services.mappings.poller import start
from dynasmith.strict.services.roles import role
from dynasmith.strict.services.world import StrictWorld, reply_json
from dynasmith.strict.state import timing
from dynasmith.strict.state.mappings import OPTIONS, StreamMapping, table_of
from dynasmith.strict.state.state import Account
from dynasmith.strict.wire.messages import WireReply, WireRequest
from dynasmith.strict.wire.rest_json import BadRestRequest, rest_error

PREFIX: Final = "lambda:"
_LAMBDA: Final = "lambda.amazonaws.com"
READS_STREAM: Final = tuple(
    f"dynamodb:{one}" for one in ("GetRecords", "GetShardIterator", "DescribeStream", "ListStreams")
)
"""What the role of a function must be allowed (Lambda Developer Guide, "Process DynamoDB records with Lambda")."""
_SENDS: Final[Mapping[str, tuple[str, str]]] = {
    "sqs": ("sqs:SendMessage", "SendMessage on SQS"),
    "sns": ("sns:Publish", "Publish on SNS"),
    "s3": ("s3:PutObject", "PutObject on S3"),
}
_ACCEPTED: Final = 202


def is_mapping_call(request: WireRequest) -> bool:
    """Whether a request is about event source mappings."""
    return request.target.split(b"?", 1)[0].rstrip(b"/").startswith(MAPPINGS.encode())


def mapping_operation(request: WireRequest) -> str:
    """The name of a request's operation; method and path where it is none."""
    try:
        return lambda_model().operation(request)[0]
    except BadRestRequest:
        return f"{request.method.decode('latin-1')} {request.target.decode('latin-1')}"


async def answer_mapping(world: StrictWorld, request: WireRequest) -> WireReply:
    """The reply of Lambda to a request about mappings."""
    try:
        read = lambda_model().read(request)
    except BadRestRequest as error:
        return rest_error("InvalidParameterValueException", str(error))
    account = world.account_of(request)
    async with world.control:
        await adopt(world, account)
        await _settle(world, account)
        if read.operation == "ListEventSourceMappings":
            return await _list(world, account, request, str(read.body.get("EventSourceArn") or ""))
        ours = read.body.get("UUID") in account.mappings or table_of(str(read.body.get("EventSourceArn")))
        if not ours:
            return await world.upstream.send(request)
        body = read.body
        if "FunctionName" in body:
            body = {**body, "FunctionName": function_arn(account, str(body["FunctionName"]))}
        refusal = await _refusal(world, account, read.operation, body)
        if refusal is not None:
            return rest_error(refusal.code, refusal.message, refusal.status)
        mapping = await _done(world, account, read.operation, body)
        await keep(world, account, mapping)
        now = world.clock.time()
        reply = lambda_model().reply(read.operation, mapping.said(now))
        world.poll([mapping.due], now)
        return reply if read.operation.startswith("Get") else replace(reply, status=_ACCEPTED)


def function_arn(account: Account, named: str) -> str:
    """The ARN of a function by its name, its partial ARN or its ARN, with its alias or version where it names one."""
    name = named.rpartition(":function:")[2] if ":function:" in named else named
    name = name.removesuffix(":$LATEST")
    owner, region = account.number, account.key[1]
    if named.startswith("arn:"):
        region, owner = named.split(":")[3:5]
    return f"arn:aws:lambda:{region}:{owner}:function:{name}"


async def _settle(world: StrictWorld, account: Account) -> None:
    """Forget the mappings whose deletion is over."""
    now = world.clock.time()
    for mapping in [one for one in account.mappings.values() if one.moving == "Deleting" and now >= one.due]:
        del account.mappings[mapping.uuid]
        await ask_lambda(world, account, "DELETE", f"{MAPPINGS}/{mapping.uuid}")
        world.callers.pop(mapping.uuid).cancel()


async def _refusal(world: StrictWorld, account: Account, operation: str, body: Mapping[str, Any]) -> Refusal | None:
    now = world.clock.time()
    account.settle(now)
    name = table_of(str(body.get("EventSourceArn") or ""))
    table = await world.table(own_call(world, account, "DescribeTable", {}), name)
    refusal = world.rules.judge(JudgedRequest(PREFIX + operation, body, table, account, now))
    if refusal is not None:
        if refusal.code == "ResourceInUseException":
            world.poll([one.due for one in account.mappings.values()], now)
        return refusal
    if operation.startswith(("Get", "Delete")):
        return None
    return await _function_refusal(world, account, body)


async def _function_refusal(world: StrictWorld, account: Account, body: Mapping[str, Any]) -> Refusal | None:
    """What Lambda looks up: the function, and what its role may do."""
    there = account.mappings.get(str(body.get("UUID")))
    function = str(body.get("FunctionName") or (there.function if there is not None else ""))
    stream = str(body.get("EventSourceArn") or (there.stream if there is not None else ""))
    found = await configuration(world, account, function)
    if not found and world.rules.holds("mapping-function"):
        return Refusal("ResourceNotFoundException", f"Function not found: {function}", 404)
    if not world.rules.holds("mapping-role"):
        return None
    taken = str(found.get("Role") or "")
    if there is None and await _lacking(world, account, taken, [(one, stream) for one in READS_STREAM]):
        return _bad(
            f"Cannot access stream {stream}. Please ensure the role can perform the GetRecords, GetShardIterator, "
            "DescribeStream, and ListStreams Actions on your stream in IAM."
        )
    destination = str(((body.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination") or "")
    if destination:
        action, words = _SENDS[destination.split(":")[2]]
        resource = f"{destination}/*" if action.startswith("s3:") else destination
        if await _lacking(world, account, taken, [(action, resource)]):
            return _bad(f"The provided execution role does not have permissions to call {words}")
    return None


async def _lacking(world: StrictWorld, account: Account, taken: str, needed: list[tuple[str, str]]) -> bool:
    """Whether Lambda cannot take the role, or the role lacks one of these actions."""
    found = await role(world, account, taken)
    if found is None:
        return True
    if judge(AccessRequest(_LAMBDA, "sts:AssumeRole", taken, service=True), (), found.trust) != "allowed":
        return True
    context = {"aws:principalarn": (taken,), "aws:requestedregion": (account.key[1],)}
    asked = (AccessRequest(taken, action, resource, context=context) for action, resource in needed)
    return any(judge(one, found.policies) != "allowed" for one in asked)


async def _done(world: StrictWorld, account: Account, operation: str, body: Mapping[str, Any]) -> StreamMapping:
    if operation == "CreateEventSourceMapping":
        return await _created(world, account, body)
    mapping = account.mappings[str(body["UUID"])]
    if operation == "GetEventSourceMapping":
        return mapping
    now = world.clock.time()
    mapping.due = now + _lasting(world)
    mapping.version += 1
    if operation == "DeleteEventSourceMapping":
        mapping.moving = "Deleting"
        mapping.due = max(mapping.due, now + 1e-9)
        return mapping
    enabled = bool(body.get("Enabled", mapping.enabled))
    mapping.moving = "Updating" if enabled == mapping.enabled else "Enabling" if enabled else "Disabling"
    mapping.enabled, mapping.modified_at = enabled, now
    mapping.function = str(body.get("FunctionName", mapping.function))
    mapping.options |= {name: body[name] for name in OPTIONS if body.get(name) is not None}
    mapping.news.set()
    return mapping


async def _created(world: StrictWorld, account: Account, body: Mapping[str, Any]) -> StreamMapping:
    stream, function = str(body["EventSourceArn"]), str(body["FunctionName"])
    kept = {name: body[name] for name in OPTIONS if body.get(name) is not None}
    feed = feed_of(account, stream)
    # The engine keeps it under its own name of the stream, which a later endpoint knows.
    table = account.tables.get(table_of(stream))
    engine_arn = table.stream.engine_arn if table is not None else None
    asked = {**body, "Enabled": False, "EventSourceArn": engine_arn or stream}
    made = reply_json_of(await ask_lambda(world, account, "POST", MAPPINGS, asked))
    now, uuid = world.clock.time(), str(made["UUID"])
    mapping = StreamMapping(
        uuid=uuid,
        arn=f"arn:aws:lambda:{account.key[1]}:{account.number}:event-source-mapping:{uuid}",
        stream=stream,
        function=function,
        starting=str(body["StartingPosition"]),
        options=kept,
        enabled=bool(body.get("Enabled", True)),
        moving="Creating",
        due=now + _lasting(world),
        modified_at=now,
        position=len(feed.records) if body["StartingPosition"] == "LATEST" else 0,
    )
    account.mappings[uuid] = mapping
    start(world, account, mapping)
    return mapping


def reply_json_of(reply: WireReply) -> dict[str, Any]:
    """The JSON of a reply to a write."""
    return reply_json(replace(reply, status=200) if reply.status == _ACCEPTED else reply)


async def _list(world: StrictWorld, account: Account, request: WireRequest, source: str) -> WireReply:
    """The engine's list, with the mappings of streams as they are. Those of one stream are chosen here: the engine may
    have another name of it."""
    if table_of(source):
        path, _, query = request.target.decode("latin-1").partition("?")
        kept = [(name, value) for name, value in parse_qsl(query) if name != "EventSourceArn"]
        request = replace(request, target=f"{path}?{urlencode(kept)}".encode())
    reply = await world.upstream.send(request)
    if reply.status != 200:
        return reply
    said, now = msgspec.json.decode(reply.body), world.clock.time()
    found = said.get("EventSourceMappings") or []
    dues = [one.due for one in account.mappings.values()]
    said["EventSourceMappings"] = [
        account.mappings[one["UUID"]].said(now) if one.get("UUID") in account.mappings else one for one in found
    ]
    if table_of(source):
        said["EventSourceMappings"] = [
            one for one in said["EventSourceMappings"] if one.get("EventSourceArn") == source
        ]
    headers = {name: value for name, value in reply.headers.items() if name != b"content-length"}
    world.poll(dues, now)
    return replace(reply, body=msgspec.json.encode(said), headers=headers)


def _lasting(world: StrictWorld) -> float:
    return world.clock.lasting(timing.MAPPING_SECONDS) if world.rules.holds("states") else 0.0


def _bad(message: str) -> Refusal:
    return Refusal("InvalidParameterValueException", message)
