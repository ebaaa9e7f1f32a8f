"""Resource policies of tables and streams: revisions, the pause after an update, and their denials.

Sources: API reference of PutResourcePolicy, GetResourcePolicy and DeleteResourcePolicy; Developer Guide,
"Resource-based policy considerations", "DynamoDB global tables security".
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from dynasmith.strict.iam.document import PolicyNotUnderstood, PolicyStatement, read_denials, read_policy
from dynasmith.strict.iam.dynamodb_calls import NeededAction, needed_actions
from dynasmith.strict.iam.judgement import AccessRequest, judge
from dynasmith.strict.rules.rule import plain_name
from dynasmith.strict.services.service_actions import partition_keys
from dynasmith.strict.services.world import Handler, IncomingCall, StrictWorld
from dynasmith.strict.state.policies import NO_POLICY, NOTHING, POLICY_BYTES_MAX, PolicyLog, PolicyVersion
from dynasmith.strict.state.state import Account, StrictTable
from dynasmith.strict.wire.messages import WireReply, WireRequest, error_reply, value_reply

PAUSE_RULE = "policy-15-seconds"
DENIAL_RULE = "policy-denies"
NOT_UNDERSTOOD = "StrictPolicyException"


async def policy_log(world: StrictWorld, request: WireRequest, account: Account, arn: str) -> PolicyLog:
    """The versions of a resource's policy; what the engine has of one that the endpoint has not met yet holds."""
    log = account.policies.get(arn)
    if log is None:
        call = IncomingCall(request, "GetResourcePolicy", {}, account, world.clock.time())
        reply, said = await world.ask(call, "GetResourcePolicy", {"ResourceArn": arn})
        log = PolicyLog()
        if reply.status == 200 and said.get("Policy"):
            log.versions = [PolicyVersion(NOTHING.at, str(said["Policy"]), str(said.get("RevisionId") or uuid.uuid4()))]
        log = account.policies.setdefault(arn, log)
    return log


async def put_policy(world: StrictWorld, call: IncomingCall) -> WireReply:
    """PutResourcePolicy: the same policy again keeps its revision; what is expected is held against what is there."""
    arn, text = str(call.body["ResourceArn"]), str(call.body["Policy"])
    if len(text.encode()) > POLICY_BYTES_MAX:
        return error_reply("LimitExceededException", "Resource-based policy exceeds the maximum size of 20 KB")
    log = await policy_log(world, call.request, call.account, arn)
    refusal = _unexpected(call, log)
    if refusal is not None:
        return refusal
    if log.newest.text == text:
        return value_reply({"RevisionId": log.newest.revision})
    return _paused(world, log) or await _written(world, call, log, text)


async def delete_policy(world: StrictWorld, call: IncomingCall) -> WireReply:
    """DeleteResourcePolicy: of none is no error, unless a revision is expected."""
    log = await policy_log(world, call.request, call.account, str(call.body["ResourceArn"]))
    refusal = _unexpected(call, log)
    if refusal is not None:
        return refusal
    if log.newest.text is None:
        return value_reply({"RevisionId": ""})
    return _paused(world, log) or await _written(world, call, log, None)


async def get_policy(world: StrictWorld, call: IncomingCall) -> WireReply:
    """GetResourcePolicy: eventually consistent, by as much as a test says."""
    arn = str(call.body["ResourceArn"])
    log = await policy_log(world, call.request, call.account, arn)
    shown = log.at(world.stream_time() - world.policy_delays.shown)
    if shown.text is None:
        return error_reply(
            "PolicyNotFoundException", f"Resource-based policy not found for the provided ResourceArn: {arn}"
        )
    return value_reply({"Policy": shown.text, "RevisionId": shown.revision})


def _unexpected(call: IncomingCall, log: PolicyLog) -> WireReply | None:
    """The refusal of a revision that is not there. A mismatch and an absent policy answer the same."""
    expected = call.body.get("ExpectedRevisionId")
    if expected is None:
        return None
    there = log.newest
    if call.operation == "PutResourcePolicy" and expected == NO_POLICY:
        met = there.text is None
    else:
        met = there.text is not None and there.revision == expected
    if met:
        return None
    return error_reply("PolicyNotFoundException", "The policy with the expected revision id was not found")


def _paused(world: StrictWorld, log: PolicyLog) -> WireReply | None:
    now = world.stream_time()
    if now >= log.blocked_until() or not world.rules.holds(PAUSE_RULE):
        return None
    world.poll([world.clock.time() + log.blocked_until() - now], world.clock.time())
    message = "The policy of this resource was updated less than 15 seconds ago; try again later"
    return error_reply("ResourceInUseException", message)


async def _written(world: StrictWorld, call: IncomingCall, log: PolicyLog, text: str | None) -> WireReply:
    body = {name: value for name, value in call.body.items() if name != "ExpectedRevisionId"}
    reply = await world.send(call, body)
    if reply.status != 200:
        return reply
    before, revision = log.newest.revision, str(uuid.uuid4())
    log.write(world.stream_time(), text, revision)
    return value_reply({"RevisionId": revision if text is not None else before})


def with_table(account: Account, arn: str, body: Mapping[str, Any]) -> None:
    """The policy that a table is made with holds at once (API reference, CreateTable: strongly consistent)."""
    log = account.policies[arn] = PolicyLog()
    if body.get("ResourcePolicy"):
        log.write(NOTHING.at, str(body["ResourcePolicy"]), str(uuid.uuid4()))


def statements_of(version: PolicyVersion) -> tuple[PolicyStatement, ...]:
    """What a policy says. PolicyNotUnderstood for one that cannot be judged."""
    if "all" not in version.judged:
        version.judged["all"] = read_policy(version.text) if version.text is not None else ()
    found: tuple[PolicyStatement, ...] = version.judged["all"]
    return found


def _placed(account: Account, resource: str) -> tuple[str, str]:
    """The ARN of a table or stream as its engine has it, and the rest that names an index; ("", "") for others."""
    arn, slash, index = resource.partition("/index/")
    if f":dynamodb:{account.key[1]}:" not in arn or "/backup/" in resource:
        return "", ""
    table = account.tables.get(plain_name(arn))
    if table is not None:
        arn = table.arn + arn[len(arn.partition("/stream/")[0]) :]
    return arn, slash + index


async def resource_policy(
    world: StrictWorld, request: WireRequest, account: Account, one: NeededAction
) -> tuple[PolicyStatement, ...]:
    """The policy of the table (also for its indexes) or of the stream that an action is on, as it is enforced now."""
    arn, _ = _placed(account, one.resource)
    if not arn:
        return ()
    log = await policy_log(world, request, account, arn)
    return statements_of(world.policy_delays.judging(log, world.stream_time()))


async def policy_denial(
    world: StrictWorld,
    request: WireRequest,
    account: Account,
    operation: str,
    body: Mapping[str, Any],
    names: Sequence[str],
) -> WireReply | None:
    """The refusal of a caller that took no role: a policy of a resource denies this to everybody, or to the account.
    What else such a caller may do is not known, and not judged. ``names`` are tables, or the ARN of a stream."""
    prefix = f"arn:aws:dynamodb:{account.key[1]}:{account.number}:table/"
    denies = False
    for name in names:
        arn, _ = _placed(account, name if name.startswith("arn:") else prefix + name)
        denies = (await policy_log(world, request, account, arn)).denies or denies
    if not denies or request.scope[0] in world.sessions or not world.rules.holds(DENIAL_RULE):
        return None
    try:
        for one in needed_actions(operation, body, account.key[1], account.number, partition_keys(account)):
            if await _denies(world, request, account, one):
                return error_reply("AccessDeniedException", denial(_caller(account), one))
    except PolicyNotUnderstood as error:
        world.permissions.not_understood.append(str(error))
        return error_reply(NOT_UNDERSTOOD, f"The strict endpoint cannot judge {error}")
    return None


def _caller(account: Account) -> str:
    """Who calls without a role, as STS of the engine says it."""
    return f"arn:aws:iam::{account.number}:root"


async def _denies(world: StrictWorld, request: WireRequest, account: Account, one: NeededAction) -> bool:
    arn, index = _placed(account, one.resource)
    log = await policy_log(world, request, account, arn) if arn else PolicyLog()
    version = world.policy_delays.judging(log, world.stream_time())
    context: dict[str, tuple[str, ...]] = {
        "aws:principalarn": (_caller(account),),
        "aws:principalaccount": (account.number,),
        "aws:requestedregion": (account.key[1],),
    }
    if one.leading_keys is not None:
        context["dynamodb:leadingkeys"] = one.leading_keys
    return _denied(version, AccessRequest(_caller(account), one.action, arn + index, context=context))


def _denied(version: PolicyVersion, asked: AccessRequest) -> bool:
    """Whether a policy denies something. PolicyNotUnderstood where a statement about it has a condition that cannot be
    judged."""
    if "denials" not in version.judged:
        version.judged["denials"] = () if version.text is None else read_denials(version.text)
    for one in version.judged["denials"]:
        if judge(asked, (), (one.unconditional,)) == "denied" and judge(asked, (), (one.whole(),)) == "denied":
            return True
    return False


_REPLICATION = "aws-service-role/replication.dynamodb.amazonaws.com/AWSServiceRoleForDynamoDBReplication"
_REPLICATES = ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "DescribeTable", "UpdateTable", "Scan")


def replication_denied(world: StrictWorld, account: Account, table: StrictTable) -> bool:
    """Whether the policy of a table denies the service what it needs to replicate the table."""
    log = account.policies.get(table.arn)
    if log is None or not log.denies:
        return False
    version = world.policy_delays.judging(log, world.stream_time())
    role = f"arn:aws:iam::{account.number}:role/{_REPLICATION}"
    context = {"aws:principalarn": (role,), "aws:principalaccount": (account.number,)}
    asked = (AccessRequest(role, f"dynamodb:{one}", table.arn, context=context) for one in _REPLICATES)
    return any(_denied(version, one) for one in asked)


def denial(caller: str, one: NeededAction) -> str:
    """The sentence of a call that the policy of a resource denies."""
    return (
        f"User: {caller} is not authorized to perform: {one.action} on resource: {one.resource} "
        "with an explicit deny in a resource-based policy"
    )


WRITES: dict[str, Handler] = {"PutResourcePolicy": put_policy, "DeleteResourcePolicy": delete_policy}
READS: dict[str, Handler] = {"GetResourcePolicy": get_policy}
