"""Roles and their policies, as the engine's IAM has them: it stores them and enforces none."""

from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

from dynasmith.strict.iam.document import read_policy
from dynasmith.strict.iam.managed_policies import MANAGED
from dynasmith.strict.iam.role import Role
from dynasmith.strict.services.world import StrictWorld
from dynasmith.strict.state.state import Account
from dynasmith.strict.wire.credentials import credentials_of
from dynasmith.strict.wire.messages import WireRequest


def name_of(arn: str) -> str:
    """The name of a role in its ARN."""
    return arn.rsplit("/", 1)[-1]


async def role(world: StrictWorld, account: Account, arn: str) -> Role | None:
    """The role, or None where there is none. Raises PolicyNotUnderstood for a policy that cannot be judged."""
    key = (account.key[0], arn)
    if key not in world.roles:
        world.roles[key] = await _read(world, account, arn)
    found: Role | None = world.roles[key]
    return found


async def _read(world: StrictWorld, account: Account, arn: str) -> Role | None:
    name = name_of(arn)
    told = await ask_iam(world, account, "GetRole", RoleName=name)
    if told is None:
        return None
    role_arn = _text(told, "Arn")
    if role_arn != arn:
        return None
    documents: list[Any] = []
    inline = await ask_iam(world, account, "ListRolePolicies", RoleName=name)
    for policy in _texts(inline, "PolicyNames"):
        said = await ask_iam(world, account, "GetRolePolicy", RoleName=name, PolicyName=policy)
        documents.append(_text(said, "PolicyDocument"))
    attached = await ask_iam(world, account, "ListAttachedRolePolicies", RoleName=name)
    arns = [one.text or "" for one in _all(attached) if _plain(one.tag) == "PolicyArn"]
    documents += [await _attached(world, account, arn) for arn in arns]
    return Role(
        arn,
        read_policy(_text(told, "AssumeRolePolicyDocument") or "{}"),
        tuple(statement for one in documents if one for statement in read_policy(one)),
    )


async def _attached(world: StrictWorld, account: Account, arn: str) -> Any:
    if arn in MANAGED:
        return MANAGED[arn]
    policy = await ask_iam(world, account, "GetPolicy", PolicyArn=arn)
    version = _text(policy, "DefaultVersionId")
    said = await ask_iam(world, account, "GetPolicyVersion", PolicyArn=arn, VersionId=version)
    return _text(said, "Document")


async def ask_iam(world: StrictWorld, account: Account, action: str, **said: str) -> ElementTree.Element | None:
    """A call of the endpoint's own to the engine's IAM; None where it refuses."""
    headers = {
        **credentials_of(account.key, "iam"),
        b"content-type": b"application/x-www-form-urlencoded; charset=utf-8",
    }
    body = urlencode({"Action": action, "Version": "2010-05-08", **said}).encode()
    reply = await world.upstream.send(WireRequest(b"POST", b"/", headers, body))
    # The engine on this machine wrote it.
    return ElementTree.fromstring(reply.body) if reply.status == 200 else None  # noqa: S314


def _all(root: ElementTree.Element | None) -> list[ElementTree.Element]:
    return [] if root is None else list(root.iter())


def _plain(tag: str) -> str:
    return tag.rpartition("}")[2]


def _text(root: ElementTree.Element | None, name: str) -> str:
    """The text of the first element of a name; "" where there is none."""
    return next((one.text or "" for one in _all(root) if _plain(one.tag) == name), "")


def _texts(root: ElementTree.Element | None, name: str) -> list[str]:
    """The texts of the members of a list."""
    lists = [one for one in _all(root) if _plain(one.tag) == name]
    return [member.text or "" for one in lists for member in one]
