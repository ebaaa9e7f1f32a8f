"""Attributes that are said to be personal: each is a place in an item."""

from __future__ import annotations

from collections.abc import Iterator

from dynasmith.tables.attribute_path import read_path
from dynasmith.tables.rules.rule import DefinitionRule, JudgedTable, RuleProblem


def _places(table: JudgedTable) -> Iterator[RuleProblem]:
    node = table.sound("personal")
    for number, text in enumerate(node.plain() if node is not None else ()):
        if read_path(text) is None:
            yield RuleProblem(("personal", number), f"is {str(text)[:80]!r}, which is not the place of an attribute")


RULES = (
    DefinitionRule(
        "D120",
        "What is personal is the place of an attribute",
        "A copy out of a protected environment looks for it, and would find nothing.",
        "how dynasmith reads places: docs/reference/operations.md, mask",
        "write address.street; a name with a dot stands in double quotes: '\"a.b\"'",
        _places,
    ),
)
