"""IAM's SimulatePrincipalPolicy, answered by the endpoint's own judge: engines know not every policy of AWS."""

from html import escape
from urllib.parse import parse_qs

from dynasmith.strict.iam.judgement import AccessRequest, judge
from dynasmith.strict.services.roles import role
from dynasmith.strict.services.world import StrictWorld
from dynasmith.strict.wire.messages import WireReply, WireRequest

_WORDS = {"allowed": "allowed", "denied": "explicitDeny", "not allowed": "implicitDeny"}


async def simulated(world: StrictWorld, request: WireRequest) -> WireReply | None:
    """The decisions about each action on each resource; None for a principal that is not a role of the engine."""
    said = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    account = world.account_of(request)
    found = await role(world, account, said.get("PolicySourceArn", ""))
    if found is None:
        return None
    actions, resources = (_members(said, name) for name in ("ActionNames", "ResourceArns"))
    context = {"aws:principalarn": (found.arn,), "aws:requestedregion": (account.key[1],)}
    members = "".join(
        f"<member><EvalActionName>{escape(action)}</EvalActionName><EvalResourceName>{escape(resource)}"
        f"</EvalResourceName><EvalDecision>{_WORDS[judge(asked, found.policies)]}</EvalDecision></member>"
        for action in actions
        for resource in resources or ["*"]
        for asked in (AccessRequest(found.arn, action, resource, context=context),)
    )
    body = (
        '<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">'
        f"<SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults>{members}</EvaluationResults>"
        "</SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>"
    )
    return WireReply(200, {b"content-type": b"text/xml"}, body.encode())


def _members(said: dict[str, str], name: str) -> list[str]:
    prefix = f"{name}.member."
    return [value for key, value in sorted(said.items()) if key.startswith(prefix)]
