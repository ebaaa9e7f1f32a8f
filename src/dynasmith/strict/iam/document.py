"""Policy documents as values. What this evaluator does not understand is an error, never a permission.

Grammar: IAM User Guide, "Grammar of the IAM JSON policy language".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import msgspec

OPERATORS = frozenset({"StringEquals", "StringLike", "ArnEquals", "ArnLike"})
# The same, turned round: they hold where no text matches, and where the key has no value.
NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}
FOR_ALL = "ForAllValues:"
LEADING_KEYS = "dynamodb:leadingkeys"
# Keys that a call of the endpoint has a value for, or knows that it has none. Any other key is not understood.
KEYS = frozenset(
    {
        LEADING_KEYS,
        *("aws:principalarn", "aws:principalaccount", "aws:requestedregion", "iam:passedtoservice"),
        "kms:viaservice",  # a call of KMS itself has none
    }
)
_ELEMENTS = frozenset({"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "Condition"})


class PolicyNotUnderstood(ValueError):
    """A policy that this evaluator cannot judge; a test that needs it fails."""


@dataclass(frozen=True, slots=True)
class PolicyCondition:
    """One test of a condition block: every key's value equals, or is like, one of the texts; ``negated``: none does."""

    operator: str
    for_all: bool
    key: str
    texts: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class PolicyStatement:
    """One statement. ``actions`` and ``resources`` are patterns, of what is left out where the flag says so; empty
    ``resources`` are any (a trust policy has none). ``principals`` are (kind, text); None in a policy of an identity.
    """

    allow: bool
    actions: tuple[str, ...]
    not_actions: bool
    resources: tuple[str, ...]
    not_resources: bool
    principals: tuple[tuple[str, str], ...] | None
    conditions: tuple[PolicyCondition, ...]


def read_policy(text: str | Mapping[str, Any]) -> tuple[PolicyStatement, ...]:
    """The statements of a document (JSON, URL-encoded JSON as IAM answers it, or decoded)."""
    return tuple(_statement(one) for one in _said(text))


@dataclass(frozen=True, slots=True)
class PolicyDenial:
    """A statement that denies. Its conditions are read only where it is about what is asked."""

    unconditional: PolicyStatement
    said: Mapping[str, Any]

    def whole(self) -> PolicyStatement:
        """The statement with its conditions. PolicyNotUnderstood for one that cannot be judged."""
        return _statement(self.said)


def read_denials(text: str) -> tuple[PolicyDenial, ...]:
    """The statements that deny something; what others say need not be understood."""
    said = [
        one
        for one in _said(text)
        if isinstance(one, Mapping) and one.get("Effect") != "Allow" and one.keys() & {"Action", "NotAction"}
    ]
    return tuple(
        PolicyDenial(_statement({name: value for name, value in one.items() if name != "Condition"}), one)
        for one in said
    )


def _said(text: str | Mapping[str, Any]) -> Sequence[Any]:
    value: Any = text
    if isinstance(text, str):
        try:
            value = msgspec.json.decode(unquote(text) if text.startswith("%") else text)
        except msgspec.DecodeError as error:
            raise PolicyNotUnderstood(f"a policy is not JSON: {error}") from error
    if not isinstance(value, Mapping):
        raise PolicyNotUnderstood("a policy is not an object")
    said = value.get("Statement", [])
    return [said] if isinstance(said, Mapping) else list(said)


def _statement(said: Any) -> PolicyStatement:
    if not isinstance(said, Mapping) or said.get("Effect") not in {"Allow", "Deny"}:
        raise PolicyNotUnderstood("a statement has neither Effect Allow nor Deny")
    unknown = said.keys() - _ELEMENTS
    if unknown:
        raise PolicyNotUnderstood(f"a statement has {sorted(unknown)[0]}")
    if ("Action" in said) == ("NotAction" in said):
        raise PolicyNotUnderstood("a statement has not exactly one of Action and NotAction")
    if "Resource" in said and "NotResource" in said:
        raise PolicyNotUnderstood("a statement has Resource and NotResource")
    return PolicyStatement(
        allow=said["Effect"] == "Allow",
        actions=_texts(said.get("Action", said.get("NotAction"))),
        not_actions="NotAction" in said,
        resources=_texts(said.get("Resource", said.get("NotResource", []))),
        not_resources="NotResource" in said,
        principals=_principals(said["Principal"]) if "Principal" in said else None,
        conditions=tuple(_conditions(said.get("Condition", {}))),
    )


def _texts(said: Any) -> tuple[str, ...]:
    texts = (said,) if isinstance(said, str) else tuple(said)
    for text in texts:
        if not isinstance(text, str):
            raise PolicyNotUnderstood(f"{text!r} is not a text")
        if "${" in text:
            raise PolicyNotUnderstood(f"the policy variable in {text!r}")
    return texts


def _principals(said: Any) -> tuple[tuple[str, str], ...]:
    if said == "*":
        return (("AWS", "*"),)
    if not isinstance(said, Mapping):
        raise PolicyNotUnderstood(f"the Principal {said!r}")
    unknown = said.keys() - {"AWS", "Service"}
    if unknown:
        raise PolicyNotUnderstood(f"a Principal of the kind {sorted(unknown)[0]}")
    return tuple((kind, text) for kind, texts in said.items() for text in _texts(texts))


def _conditions(said: Mapping[str, Any]) -> list[PolicyCondition]:
    found = []
    for operator, tests in said.items():
        for_all = operator.startswith(FOR_ALL)
        plain = operator.removeprefix(FOR_ALL)
        negated = plain in NEGATED
        plain = NEGATED.get(plain, plain)
        if plain not in OPERATORS:
            raise PolicyNotUnderstood(f"the condition operator {operator}")
        for key, texts in tests.items():
            if key.lower() not in KEYS:
                raise PolicyNotUnderstood(f"the condition key {key}")
            if for_all != (key.lower() == LEADING_KEYS):
                raise PolicyNotUnderstood(f"the condition operator {operator} on {key}")
            found.append(PolicyCondition(plain, for_all, key.lower(), _texts(texts), negated))
    return found
