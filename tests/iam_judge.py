"""A judge of policies that shares nothing with the endpoint's: it reads the JSON as it is, and matches by hand."""

from collections.abc import Mapping, Sequence
from typing import Any

Call = Mapping[str, Any]


def like(pattern: str, text: str) -> bool:
    """Whether a pattern with * and ? is a text."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(like(pattern[1:], text[at:]) for at in range(len(text) + 1))
    return bool(text) and pattern[0] in {"?", text[0]} and like(pattern[1:], text[1:])


def texts(said: Any) -> Sequence[str]:
    """A text or a list of them."""
    return [said] if isinstance(said, str) else said


def meets(statement: Mapping[str, Any], call: Call) -> bool:
    """Whether a statement is about a call."""
    action = call["action"].lower()
    if "Action" in statement:
        if not any(like(one.lower(), action) for one in texts(statement["Action"])):
            return False
    elif any(like(one.lower(), action) for one in texts(statement["NotAction"])):
        return False
    if "Resource" in statement and not any(like(one, call["resource"]) for one in texts(statement["Resource"])):
        return False
    if "NotResource" in statement and any(like(one, call["resource"]) for one in texts(statement["NotResource"])):
        return False
    return all(
        condition(operator, key, texts(wanted), call)
        for operator, tests in statement.get("Condition", {}).items()
        for key, wanted in tests.items()
    )


def condition(operator: str, key: str, wanted: Sequence[str], call: Call) -> bool:
    """One test of a condition block."""
    values = call["context"].get(key)
    if operator.startswith("ForAllValues:"):
        return values is None or all(condition(operator[13:], "x", wanted, {"context": {"x": [v]}}) for v in values)
    if "Not" in operator:
        return values is None or not condition(operator.replace("Not", ""), key, wanted, call)
    if values is None:
        return False
    (value,) = values
    if operator == "StringEquals":
        return value in wanted
    if operator == "StringLike":
        return any(like(one, value) for one in wanted)
    assert operator in {"ArnLike", "ArnEquals"}
    return any(
        len(one.split(":", 5)) == 6
        and all(like(a, b) for a, b in zip(one.split(":", 5), value.split(":", 5), strict=True))
        for one in wanted
    )


def principal(statement: Mapping[str, Any], call: Call) -> str:
    """How a statement of a resource names the caller: itself, its account, or not at all."""
    said = statement["Principal"]
    names = [said] if said == "*" else texts(said["AWS"])
    account = call["principal"].split(":")[4]
    if {"*", call["principal"], call["session"]} & set(names):
        return "itself"
    return "account" if {account, f"arn:aws:iam::{account}:root"} & set(names) else ""


def verdict(call: Call, identity: Sequence[Any], resource: Sequence[Any]) -> str:
    """What the policies say of a call."""
    own = [one for one in identity if meets(one, call)]
    other = [one for one in resource if meets(one, call) and principal(one, call)]
    if any(one["Effect"] == "Deny" for one in own + other):
        return "denied"
    mine = any(one["Effect"] == "Allow" for one in own)
    given = {principal(one, call) for one in other}
    same = call["principal"].split(":")[4] == call["resource"].split(":")[4]
    good = (mine or "itself" in given) if same else (mine and bool(given))
    return "allowed" if good else "not allowed"
