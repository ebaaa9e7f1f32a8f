"""Alarms: what CloudWatch refuses, and what could never alarm."""

from collections.abc import Iterator
from typing import Any

from dynasmith import limits
from dynasmith.tables.alarms import ALARM_METRICS, PART_WORDS, AlarmMetric
from dynasmith.tables.rules.rule import GSI, DefinitionRule, JudgedTable, RuleProblem
from dynasmith.tables.table import AlarmKind

ACTIONS = ("sns", "lambda", "ssm", "ssm-incidents", "aiops")
"""The services whose ARNs an alarm on a table's metrics may call."""
OPERATIONS = frozenset(
    (
        *ALARM_METRICS[AlarmKind.SYSTEM_ERRORS].parts,
        *("BatchExecuteStatement", "ExecuteStatement", "ExecuteTransaction", "GetRecords"),
    )
)
"""The values of the dimension Operation."""


def _alarms(table: JudgedTable) -> Iterator[tuple[int, dict[str, Any], AlarmMetric]]:
    """The entries whose kind is sound."""
    for place, said in enumerate(table.plain("alarms") or ()):
        kind = (said or {}).get("kind")
        if kind is not None:
            yield place, said, ALARM_METRICS[AlarmKind(kind)]


def _index(table: JudgedTable) -> Iterator[RuleProblem]:
    named = None
    if table.node.get(GSI) is not None and not table.unknown(GSI):
        named = {index.plain("name") for _, index in table.indexes(GSI)}
    for place, said, metric in _alarms(table):
        index = said.get("index")
        if index is None:
            continue
        if not metric.indexed:
            hint = "remove index; only write_throttled and read_throttled have one"
            yield RuleProblem(("alarms", place, "index"), f"is {index}, and {metric.metric} has no index", hint)
        elif named is not None and index not in named:
            hint = f"one of {', '.join(sorted(map(str, named)))}" if named else "the definition has no global index"
            yield RuleProblem(("alarms", place, "index"), f"is {index}, which is not an index of the definition", hint)


def _minutes(table: JudgedTable) -> Iterator[RuleProblem]:
    for place, said, metric in _alarms(table):
        minutes, of_minutes = said.get("minutes"), said.get("of_minutes")
        if isinstance(of_minutes, int) and of_minutes < (minutes or 5):
            least = f"minutes is {minutes or 5}"
            yield RuleProblem(("alarms", place, "of_minutes"), f"is {of_minutes}, and {least}", "make it at least that")
        period = metric.period_seconds // 60
        for name, value in (("minutes", minutes), ("of_minutes", of_minutes)):
            if isinstance(value, int) and value % period:
                message = f"is {value}, and {metric.metric} has a figure every {period} minutes"
                yield RuleProblem(("alarms", place, name), message, f"use a multiple of {period}")


def _parts(table: JudgedTable) -> Iterator[RuleProblem]:
    for place, said, metric in _alarms(table):
        only = said.get("only")
        if only is not None and not metric.part:
            message = f"is {', '.join(map(str, only))}, and {metric.metric} has no parts"
            yield RuleProblem(("alarms", place, "only"), message, "remove only")
        unknown = [part for part in only or () if metric.part == "Operation" and part not in OPERATIONS]
        if unknown:
            hint = f"one of {', '.join(sorted(OPERATIONS))}"
            yield RuleProblem(
                ("alarms", place, "only"), f"names {unknown[0]}, which is not an operation on items", hint
            )
        if said.get("name") is not None and metric.part and len(only or ()) != 1:
            word = PART_WORDS[metric.part]
            message = f"is {said['name']}, and each {word} has an alarm of its own"
            yield RuleProblem(("alarms", place, "name"), message, f"name one {word} in only, or remove name")


def _notify(table: JudgedTable) -> Iterator[RuleProblem]:
    for place, said, _ in _alarms(table):
        told = said.get("notify") or ()
        if len(told) > limits.ALARM_MAX_ACTIONS:
            message = f"has {len(told)} actions, at most {limits.ALARM_MAX_ACTIONS} are allowed"
            yield RuleProblem(("alarms", place, "notify"), message, "let one topic tell the others")
        for arn in told:
            parts = str(arn).split(":")
            if len(parts) < 6 or parts[0] != "arn" or parts[2] not in ACTIONS:
                hint = "for example arn:aws:sns:eu-west-1:123456789012:oncall"
                yield RuleProblem(("alarms", place, "notify"), f"is {arn}, which is not the ARN of an action", hint)
            elif parts[3] and table.region and parts[3] != table.region:
                message = f"is {arn}, of {parts[3]}; an alarm in {table.region} calls actions of its own Region only"
                yield RuleProblem(("alarms", place, "notify"), message, f"name a topic in {table.region}")


def _once(table: JudgedTable) -> Iterator[RuleProblem]:
    seen: set[tuple[str, ...]] = set()
    for place, said, metric in _alarms(table):
        parts = said.get("only") or metric.parts or ("",)
        keys: set[tuple[str, ...]] = {(str(said["kind"]), str(said.get("index", "")), str(part)) for part in parts}
        if said.get("name") is not None:
            keys = {("", str(said["name"]))}
        if keys & seen:
            hint = "merge them, or give one a name"
            yield RuleProblem(("alarms", place), "is of a kind that another entry has", hint)
        seen |= keys


RULES = (
    DefinitionRule(
        "D110",
        "Only throttling has an index, one of the table",
        "Other metrics have no dimension for it, and an alarm on dimensions that a metric never has is never raised.",
        "Developer Guide, DynamoDB metrics and dimensions",
        "remove index",
        _index,
    ),
    DefinitionRule(
        "D111",
        "An alarm looks at whole periods of its metric, and at no fewer minutes than must be above the threshold",
        "CloudWatch refuses more datapoints than it looks at; ReplicationLatency has one in five minutes.",
        "CloudWatch API, PutMetricAlarm, DatapointsToAlarm and Period",
        "see minutes and of_minutes",
        _minutes,
    ),
    DefinitionRule(
        "D112",
        "An alarm has parts where its metric has them: operations, Regions, functions",
        "There is one alarm for each, and CloudWatch tells alarms apart by their names.",
        "Developer Guide, DynamoDB metrics and dimensions",
        "see only",
        _parts,
    ),
    DefinitionRule(
        "D113",
        "An alarm notifies at most five actions, by their ARNs, in its own Region",
        "CloudWatch refuses others.",
        "CloudWatch API, PutMetricAlarm, AlarmActions",
        "name an SNS topic of the table's Region",
        _notify,
    ),
    DefinitionRule(
        "D114",
        "Alarms differ in kind, index or part, or have names",
        "Their names follow from these, and one would replace the other.",
        "docs/reference/definition.md",
        "merge them",
        _once,
    ),
)
