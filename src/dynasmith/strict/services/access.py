"""Calls of those who took a role through the endpoint are judged by its policies; of others nothing is known.

Engines store policies and enforce none.
"""

from html import escape
from xml.etree import ElementTree

from dynasmith.strict.iam.document import PolicyNotUnderstood, read_policy
from dynasmith.strict.iam.dynamodb_calls import NeededAction
from dynasmith.strict.iam.judgement import AccessRequest, judge
from dynasmith.strict.iam.role import RoleSession
from dynasmith.strict.services.policies import NOT_UNDERSTOOD, denial, resource_policy
from dynasmith.strict.services.roles import role
from dynasmith.strict.services.service_actions import needed, query_of
from dynasmith.strict.services.world import StrictWorld
from dynasmith.strict.state.state import DEFAULT_ACCOUNT, Account
from dynasmith.strict.wire.messages import WireReply, WireRequest, error_reply
from dynasmith.strict.wire.rest_json import rest_error
from dynasmith.strict.wire.rpc import in_protocol

_QUERY = ("iam", "sts")


async def denied(world: StrictWorld, request: WireRequest) -> WireReply | None:
    """The refusal of a call that its caller's role does not allow; None where it does, or the caller took no role.
    A policy that cannot be judged is an error, never a permission."""
    session = world.sessions.get(request.scope[0])
    if session is None or not world.rules.holds("iam"):
        return None
    account = world.account_of(request)
    account.settle(world.clock.time())
    try:
        for action, passed_to in needed(world, request, account):
            why = await _why(world, request, session, account, action, passed_to)
            world.permissions.add(action.action, action.resource, allowed=not why)
            if why:
                return refusal_in_protocol(request, "AccessDeniedException", why, 403)
    except PolicyNotUnderstood as error:
        world.permissions.not_understood.append(str(error))
        return refusal_in_protocol(request, NOT_UNDERSTOOD, f"The strict endpoint cannot judge {error}", 400)
    return None


async def _why(
    world: StrictWorld, request: WireRequest, session: RoleSession, account: Account, one: NeededAction, passed_to: str
) -> str:
    """Why an action is not allowed, as IAM says it; "" where it is."""
    context: dict[str, tuple[str, ...]] = {
        "aws:principalarn": (session.role,),
        "aws:principalaccount": (session.role.split(":")[4],),
        "aws:requestedregion": (account.key[1],),
    }
    if one.leading_keys is not None:
        context["dynamodb:leadingkeys"] = one.leading_keys
    if passed_to:
        context["iam:passedtoservice"] = (passed_to,)
    asked = AccessRequest(session.role, one.action, one.resource, session.arn, context=context)
    known = await role(world, account, session.role)
    identity = known.policies if known is not None else ()
    of_resource = await resource_policy(world, request, account, one)
    verdict = judge(asked, identity, of_resource, session.policy)
    if verdict == "allowed":
        return ""
    if verdict == "denied" and judge(asked, identity, (), session.policy) != "denied":
        return denial(session.arn, one)
    because = (
        "with an explicit deny in an identity-based policy"
        if verdict == "denied"
        else f"because no identity-based policy allows the {one.action} action"
    )
    return f"User: {session.arn} is not authorized to perform: {one.action} on resource: {one.resource} {because}"


def learn(world: StrictWorld, request: WireRequest, reply: WireReply) -> None:
    """Note whose a key is that AssumeRole gave out, and that IAM was written to."""
    if reply.status != 200:
        return
    service = request.scope[2]
    if service not in _QUERY:
        return
    query = query_of(request)
    if service == "iam" and not query.get("Action", "").startswith(("Get", "List")):
        world.roles.clear()
    if query.get("Action") == "AssumeRole":
        found = {one.tag.rpartition("}")[2]: one.text or "" for one in _elements(reply)}
        number = query["RoleArn"].split(":")[4]
        access = "" if number == DEFAULT_ACCOUNT else number
        world.sessions[found["AccessKeyId"]] = RoleSession(
            query["RoleArn"],
            found["Arn"],
            access,
            read_policy(query["Policy"]) if query.get("Policy") else None,
        )


def _elements(reply: WireReply) -> list[ElementTree.Element]:
    # The engine on this machine wrote it.
    return list(ElementTree.fromstring(reply.body).iter())  # noqa: S314


def refusal_in_protocol(request: WireRequest, code: str, message: str, status: int) -> WireReply:
    """A refusal in the protocol of the service that was called."""
    service = request.scope[2]
    if service in {"backup", "lambda"}:
        return rest_error(code, message, status)
    if service in {*_QUERY, "s3"}:
        name = "AccessDenied" if code == "AccessDeniedException" else code
        inner = f"<Error><Code>{name}</Code><Message>{escape(message)}</Message></Error>"
        body = inner if service == "s3" else f"<ErrorResponse>{inner}</ErrorResponse>"
        return WireReply(status, {b"content-type": b"text/xml"}, body.encode())
    refusal = error_reply(code, message)
    return in_protocol(request, refusal) if service == "monitoring" else refusal
