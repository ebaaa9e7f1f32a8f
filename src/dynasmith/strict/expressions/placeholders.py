"""Just enough of the expression language to say which placeholders and words an expression uses, and what a plain SET
assigns. The engine parses; this judges what engines let pass.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from dynasmith.strict.expressions.reserved_words import RESERVED

EXPRESSIONS = (
    "KeyConditionExpression",
    "FilterExpression",
    "ConditionExpression",
    "UpdateExpression",
    "ProjectionExpression",
)
_TOKEN = re.compile(r"[#:][A-Za-z0-9_]+|[A-Za-z_][A-Za-z0-9_]*(?P<call>\s*\()?")
_OPERATORS = frozenset({"AND", "OR", "NOT", "BETWEEN", "IN"})
_CLAUSES = frozenset({"SET", "REMOVE", "ADD", "DELETE"})
_FUNCTIONS = frozenset(
    {
        "attribute_exists",
        "attribute_not_exists",
        "attribute_type",
        "begins_with",
        "contains",
        "size",
        "if_not_exists",
        "list_append",
    }
)
_ASSIGNMENT = re.compile(
    r"(?<![.\]\w#:])(#?[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(:[A-Za-z0-9_]+)\s*(?=,|\Z|REMOVE\b|ADD\b|DELETE\b)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class PlaceholderUse:
    """The placeholders that an expression uses, its first reserved word, and the plain names."""

    names: frozenset[str]
    values: frozenset[str]
    reserved: str | None
    plain: frozenset[str]


@lru_cache(maxsize=4096)
def used(kind: str, expression: str) -> PlaceholderUse:
    """What an expression of that kind uses."""
    names, values, plain = set(), set(), set()
    reserved = None
    for match in _TOKEN.finditer(expression):
        token = match.group().removesuffix("(").strip() if match["call"] else match.group()
        if token[0] == "#":
            names.add(token)
            continue
        if token[0] == ":":
            values.add(token)
            continue
        upper = token.upper()
        called = bool(match["call"])
        if (called and token in _FUNCTIONS) or upper in _OPERATORS:
            continue
        if kind == "UpdateExpression" and upper in _CLAUSES:
            continue
        plain.add(token)
        if reserved is None and upper in RESERVED:
            reserved = token
    return PlaceholderUse(frozenset(names), frozenset(values), reserved, frozenset(plain))


def assigned(body: Mapping[str, Any]) -> dict[str, Any]:
    """The top-level attributes that an UpdateExpression sets to a value as it stands (``SET a = :a``)."""
    expression = body.get("UpdateExpression")
    if not isinstance(expression, str):
        return {}
    names, values = body.get("ExpressionAttributeNames") or {}, body.get("ExpressionAttributeValues") or {}
    found = {}
    for name, value in _ASSIGNMENT.findall(expression):
        if value in values:
            found[names.get(name, name)] = values[value]
    return found


def touched(body: Mapping[str, Any]) -> set[str]:
    """The attribute names that an UpdateExpression speaks of."""
    expression = body.get("UpdateExpression")
    if not isinstance(expression, str):
        return set(body.get("AttributeUpdates") or ())
    names = body.get("ExpressionAttributeNames") or {}
    found = used("UpdateExpression", expression)
    return {*found.plain, *(names.get(name, name) for name in found.names)}
