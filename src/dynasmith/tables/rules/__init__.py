"""The rules that hold before any call, one small entry each; each has a page of the documentation."""

from collections.abc import Iterator

from dynasmith.limits import Quotas
from dynasmith.tables.document import Node
from dynasmith.tables.findings import DefinitionFinding
from dynasmith.tables.rules import (
    access,
    alarms,
    billing,
    indexes,
    items,
    keys,
    names,
    personal,
    replicas,
    settings,
    triggers,
)
from dynasmith.tables.rules.rule import DefinitionRule, JudgedTable, RuleProblem

RULES: tuple[DefinitionRule, ...] = (
    *names.RULES,
    *keys.RULES,
    *indexes.RULES,
    *billing.RULES,
    *replicas.RULES,
    *alarms.RULES,
    *settings.RULES,
    *triggers.RULES,
    *access.RULES,
    *items.RULES,
    *personal.RULES,
)


def findings_of(node: Node, name: str, quotas: Quotas, region: str = "") -> Iterator[DefinitionFinding]:
    """What the rules find in a table's document; ``name`` is its physical name, empty where it has none, ``region``
    that of the table, empty where it is not known."""
    subject = JudgedTable(node, name, quotas, region)
    for rule in RULES:
        for problem in rule.check(subject):
            yield _finding(rule, problem, node)


def _finding(rule: DefinitionRule, problem: RuleProblem, node: Node) -> DefinitionFinding:
    place = node.nearest(*problem.way)
    return DefinitionFinding(
        code=rule.code,
        file=place.file,
        line=place.line,
        path=place.path,
        message=problem.message,
        hint=problem.hint or rule.fix,
        severity=rule.severity,
    )
