"""Whether a call is allowed: IAM User Guide, "Policy evaluation logic", for one account and for two.

A deny anywhere decides. In the resource's own account an allow of the identity or of the resource's policy is enough;
from another account it takes both. A resource's allow for the account as a whole leaves the choice to the identity's.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import translate
from functools import lru_cache
from typing import Literal

from dynasmith.strict.iam.document import PolicyCondition, PolicyStatement

Verdict = Literal["allowed", "denied", "not allowed"]
_DIRECT, _ACCOUNT = "direct", "account"


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """One action on one resource. ``principal`` is the ARN of the role, ``session`` of its session; for a ``service``
    (in a trust policy) its name. ``context`` has the values of condition keys, lower case; LeadingKeys has several."""

    principal: str
    action: str
    resource: str
    session: str = ""
    service: bool = False
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def judge(
    request: AccessRequest,
    identity: Iterable[PolicyStatement],
    resource: Iterable[PolicyStatement] = (),
    session: Iterable[PolicyStatement] | None = None,
) -> Verdict:
    """The verdict of the identity's policies, of the policy of the resource, and of the one that the session was made
    with, which only takes away (None: it has none)."""
    identity, resource = tuple(identity), tuple(resource)
    narrowed = None if session is None else tuple(session)
    of_identity = [one for one in identity if _concerns(one, request)]
    of_resource = [(one, who) for one in resource if _concerns(one, request) and (who := _who(one, request))]
    of_session = [one for one in narrowed or () if _concerns(one, request)]
    if not all(one.allow for one in (*of_identity, *of_session, *(one for one, _ in of_resource))):
        return "denied"
    if narrowed is not None and not of_session:
        return "not allowed"
    direct = any(who == _DIRECT for _, who in of_resource)
    if request.service:
        return "allowed" if direct else "not allowed"
    # Some resources, as those of S3, do not say whose they are.
    if _account(request.resource) in {"", _account(request.principal)}:
        return "allowed" if of_identity or direct else "not allowed"
    return "allowed" if of_identity and of_resource else "not allowed"


def _concerns(statement: PolicyStatement, request: AccessRequest) -> bool:
    """Whether a statement is about the call, principals aside."""
    named = any(_like(pattern, request.action, ignore_case=True) for pattern in statement.actions)
    if named == statement.not_actions:
        return False
    if statement.resources:
        there = any(_like(pattern, request.resource) for pattern in statement.resources)
        if there == statement.not_resources:
            return False
    return all(_holds(test, request) for test in statement.conditions)


def _who(statement: PolicyStatement, request: AccessRequest) -> str:
    """Whether a statement of a resource names the caller itself, its account, or neither ("")."""
    account = _account(request.principal)
    found = ""
    for kind, text in statement.principals or ():
        if (kind == "Service") != request.service and text != "*":
            continue
        if text == "*" or text in {request.principal, request.session}:
            return _DIRECT
        if account and text in {account, f"arn:aws:iam::{account}:root"}:
            found = _ACCOUNT
    return found


def _holds(test: PolicyCondition, request: AccessRequest) -> bool:
    values = request.context.get(test.key)
    if values is None:
        # IAM User Guide: ForAllValues, and an operator that is turned round, hold where the key has no value.
        return test.for_all or test.negated
    return all(any(_same(test.operator, text, value) for text in test.texts) != test.negated for value in values)


def _same(operator: str, text: str, value: str) -> bool:
    if operator == "StringEquals":
        return text == value
    if operator == "StringLike":
        return _like(text, value)
    wanted, given = text.split(":", 5), value.split(":", 5)
    # Each of the six parts by itself (IAM User Guide, "ARN condition operators").
    return len(wanted) == len(given) and all(map(_like, wanted, given))


def _account(arn: str) -> str:
    parts = arn.split(":")
    return parts[4] if len(parts) > 5 else ""


@lru_cache(maxsize=4096)
def _pattern(text: str, *, ignore_case: bool) -> re.Pattern[str]:
    # Only * and ? are special, which fnmatch shares; a bracket is itself.
    return re.compile(translate(text.replace("[", "[[]")), re.IGNORECASE if ignore_case else 0)


def _like(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    return _pattern(pattern, ignore_case=ignore_case).match(text) is not None
