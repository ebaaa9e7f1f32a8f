"""A file of rules: which are off, and simple rules of one's own.

::

    off = ["ttl-once-an-hour"]

    [[refuse]]
    name = "no-scans-in-production"
    operations = ["Scan"]
    table = "orders*"                       # optional: a pattern
    has = {Select = "COUNT"}                # optional: members that the request must have, with these values
    code = "AccessDeniedException"
    message = "Scans are not allowed here"
    source = "our own runbook"

A rule that needs more than this is a ``StrictRule`` in Python, added by ``strict.rules.add``.
"""

import fnmatch
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dynasmith.strict.rules.rule import Check, JudgedRequest, Refusal, StrictRule

_MEMBERS = {"name", "operations", "table", "has", "code", "message", "source"}


@dataclass(frozen=True, slots=True)
class RulesFile:
    """What a rules file says."""

    off: tuple[str, ...]
    rules: tuple[StrictRule, ...]


def read_rules(text: str) -> RulesFile:
    """Read a rules file. ValueError, naming the place, for what it cannot say."""
    try:
        value = tomllib.loads(text)
    except RecursionError as error:
        raise ValueError("the rules file is nested too deeply") from error
    except ValueError as error:  # TOMLDecodeError is one, and so is an integer of more digits than Python reads
        raise ValueError(f"the rules file is not TOML: {error}") from error
    unknown = value.keys() - {"off", "refuse"}
    if unknown:
        raise ValueError(f"the rules file has {sorted(unknown)[0]!r}; it may have off and refuse")
    off = value.get("off", [])
    if not isinstance(off, list) or not all(isinstance(name, str) for name in off):
        raise ValueError("off in the rules file is a list of names")
    return RulesFile(tuple(off), tuple(_rule(number, one) for number, one in enumerate(value.get("refuse", []), 1)))


def _rule(number: int, one: Mapping[str, Any]) -> StrictRule:
    where = f"refuse {number} of the rules file"
    unknown = one.keys() - _MEMBERS
    if unknown:
        raise ValueError(f"{where} has {sorted(unknown)[0]!r}; it may have {', '.join(sorted(_MEMBERS))}")
    for member in ("name", "operations"):
        if not one.get(member):
            raise ValueError(f"{where} has no {member}")
    return StrictRule(
        str(one["name"]),
        tuple(one["operations"]),
        str(one.get("message", "")),
        str(one.get("source", "the rules file")),
        "assumed",
        _check(one),
    )


def _check(one: Mapping[str, Any]) -> Check:
    pattern, has = str(one.get("table", "*")), dict(one.get("has", {}))
    refusal = Refusal(
        str(one.get("code", "ValidationException")), str(one.get("message") or f"Refused by the rule {one['name']}")
    )

    def check(ask: JudgedRequest) -> Refusal | None:
        name = ask.table.name if ask.table is not None else ask.name
        if not fnmatch.fnmatchcase(name, pattern):
            return None
        return refusal if all(ask.body.get(member) == value for member, value in has.items()) else None

    return check
