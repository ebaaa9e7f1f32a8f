"""Who may use the table: what an entry of ``access`` may say."""

from collections.abc import Iterator
from typing import Any

from dynasmith.tables.access_actions import STREAM, WITHOUT_KEYS, actions_of, allow_problem
from dynasmith.tables.access_policy import ALL
from dynasmith.tables.rules.rule import GSI, LSI, DefinitionRule, JudgedTable, RuleProblem, Way


def _entries(table: JudgedTable) -> Iterator[tuple[Way, dict[str, Any]]]:
    """The entries that are sound, each with its way."""
    for place in range(len(table.plain("access") or ())):
        if table.sound("access", place) is not None:
            yield ("access", place), table.plain("access", place)


def _one_of(table: JudgedTable) -> Iterator[RuleProblem]:
    for way, entry in _entries(table):
        if ("function" in entry) == ("role" in entry):
            found = "names a function and a role" if "function" in entry else "names neither a function nor a role"
            yield RuleProblem(way, found)


def _allowed(table: JudgedTable) -> Iterator[RuleProblem]:
    for way, entry in _entries(table):
        for place, word in enumerate(entry["allow"]):
            problem = allow_problem(word)
            if problem is not None:
                yield RuleProblem((*way, "allow", place), f"({word}) {problem[0]}", problem[1])


def _index_names(table: JudgedTable) -> Iterator[RuleProblem]:
    if table.node.get(GSI) is None:
        return
    names = {index.plain("name") for kind in (GSI, LSI) for _, index in table.indexes(kind)}
    for way, entry in _entries(table):
        wanted = entry.get("indexes")
        for place, name in enumerate(wanted if isinstance(wanted, list) else ()):
            if name not in (*names, ALL):
                yield RuleProblem((*way, "indexes", place), f"names {name}, which is not an index of the definition")


def _limited(table: JudgedTable) -> Iterator[RuleProblem]:
    for way, entry in _entries(table):
        if "leading_keys" not in entry:
            continue
        for place, word in enumerate(entry["allow"]):
            actions = actions_of((word,))
            if word in WITHOUT_KEYS:
                yield RuleProblem((*way, "allow", place), f"({word}) reads without naming a key, past leading_keys")
            elif actions & {*STREAM}:
                yield RuleProblem((*way, "allow", place), f"({word}) shows every change, past leading_keys")


def _stream(table: JudgedTable) -> Iterator[RuleProblem]:
    if table.plain("stream", "enabled") is not False:
        return
    for way, entry in _entries(table):
        for place, word in enumerate(entry["allow"]):
            if actions_of((word,)) & {*STREAM}:
                yield RuleProblem((*way, "allow", place), f"({word}) needs a stream, and the stream is off")


RULES = (
    DefinitionRule(
        "D096",
        "An access entry names a function or a role",
        "The policy is put on one role: that of the function, or the role itself.",
        "docs/reference/definition.md",
        "name one of function and role",
        _one_of,
    ),
    DefinitionRule(
        "D097",
        "Access is to items and streams, action by action",
        "A function that may create, change or delete tables, or a wildcard that grows with the service, is more than "
        "it needs.",
        "IAM User Guide, Grant least privilege; Service Authorization Reference, Amazon DynamoDB",
        "write read, write, stream, describe, or single actions such as dynamodb:GetItem",
        _allowed,
    ),
    DefinitionRule(
        "D098",
        "Access names indexes that the definition has",
        "A statement about an index that does not exist allows nothing.",
        "Service Authorization Reference, Amazon DynamoDB, resource types",
        "correct the name, or write indexes: all",
        _index_names,
        "warning",
    ),
    DefinitionRule(
        "D099",
        "leading_keys leave nothing that reads without a key",
        "A condition on leading keys holds where a call names no key, so such a call would read everything.",
        "Developer Guide, Using IAM policy conditions for fine-grained access control",
        "remove it from allow, or remove leading_keys",
        _limited,
    ),
    DefinitionRule(
        "D100",
        "Access to a stream needs a stream",
        "There is nothing to read.",
        "Developer Guide, DynamoDB Streams",
        "set stream: {view_type: NEW_AND_OLD_IMAGES}, or remove stream from allow",
        _stream,
    ),
)
