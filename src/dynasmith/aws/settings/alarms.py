"""The alarms of a table, as CloudWatch says and takes them."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import UNSET
from msgspec.structs import replace

from dynasmith.aws.settings.base import ReadSetting
from dynasmith.aws.settings.request import Service, ServiceRequest
from dynasmith.tables.alarms import (
    ABOVE,
    ALARM_METRICS,
    DYNAMODB,
    INDEX,
    TABLE,
    alarm_key,
    alarm_name,
    alarm_parameters,
    dimensions_of,
)
from dynasmith.tables.description import TableDescription, WatchedMetric
from dynasmith.tables.settings.alarms import AlarmsSetting, Call, CallDeleteAlarm
from dynasmith.tables.table import Alarm, AlarmKind, Table, known

Answer = Mapping[str, Any]
SERVICE: Final = "cloudwatch"
ALARMS_A_PAGE: Final = 100
"""DescribeAlarms, MaxRecords: at most 100."""
_KEPT: Final = (
    *("AlarmDescription", "ActionsEnabled", "OKActions", "InsufficientDataActions", "TreatMissingData"),
    "EvaluateLowSampleCountPercentile",
)
"""What an alarm has that a definition does not mention: putting it replaces the whole alarm, so it is said again."""


class ServiceAlarms(ReadSetting[Call]):
    """PutMetricAlarm and DeleteAlarms; DescribeAlarms of every alarm of the Region, since CloudWatch finds none by the
    table that it watches."""

    setting = AlarmsSetting()
    needs_arn = True
    read_actions = ("cloudwatch:DescribeAlarms",)
    write_actions = ("cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms")

    def request(self, table: str, arn: str, step: Call) -> ServiceRequest:
        if isinstance(step, CallDeleteAlarm):
            parameters: dict[str, Any] = {"AlarmNames": [alarm_name(table, step.alarm)]}
            return ServiceRequest(service=SERVICE, operation="DeleteAlarms", parameters=parameters)
        return ServiceRequest(
            service=SERVICE, operation="PutMetricAlarm", parameters=alarm_parameters(table, step.alarm)
        )

    def completed_request(
        self, session: Service, described: TableDescription, step: Call, request: ServiceRequest
    ) -> ServiceRequest | None:
        if isinstance(step, CallDeleteAlarm):
            return request
        asked = {"AlarmNames": [request.parameters["AlarmName"]], "AlarmTypes": ["MetricAlarm"]}
        there = session.call(SERVICE, "DescribeAlarms", asked, table=described.table.name).get("MetricAlarms") or ()
        kept = {name: each[name] for each in there[:1] for name in _KEPT if each.get(name) is not None}
        return replace(request, parameters={**request.parameters, **kept})

    def is_already(self, step: Call, table: Table) -> bool:
        there = {alarm_key(alarm): alarm for alarm in known(table.alarms, ())}
        found = there.get(alarm_key(step.alarm))
        return found is None if isinstance(step, CallDeleteAlarm) else found == step.alarm

    def read(self, session: Service, described: TableDescription) -> TableDescription:
        """Its alarms: those that a kind can express, and the others by name. One call for each 100 of the Region."""
        table = described.table.name
        found, others, watched = {}, [], list[WatchedMetric]()
        for said in all_alarms(session, table):
            watched += watched_metrics(said, table)
            alarm = _alarm_of(said, table)
            if alarm is not None:
                found[alarm_key(alarm)] = alarm
            elif any(True for _ in watched_metrics(said, table)):
                others.append(said)
        notices = described.notices
        if others:
            names = ", ".join(sorted(str(each.get("AlarmName")) for each in others))
            notices = (*notices, f"alarms that no kind can express are left alone: {names}")
        alarms = tuple(found[key] for key in sorted(found))
        table_now = replace(described.table, alarms=alarms)
        return replace(described, table=table_now, notices=notices, watched=tuple(watched))


def all_alarms(session: Service, table: str) -> Iterator[Answer]:
    """Every metric alarm of the Region, page after page."""
    asked: dict[str, Any] = {"AlarmTypes": ["MetricAlarm"], "MaxRecords": ALARMS_A_PAGE}
    while True:
        answer = session.call(SERVICE, "DescribeAlarms", asked, table=table)
        yield from answer.get("MetricAlarms") or ()
        token = answer.get("NextToken")
        if not token or token == asked.get("NextToken"):
            return
        asked = {**asked, "NextToken": token}


def watched_metrics(said: Answer, table: str) -> Iterator[WatchedMetric]:
    """The metrics of a table that an alarm watches; one of metric math may watch several."""
    stats = [said, *((each.get("MetricStat") or {}).get("Metric") or {} for each in said.get("Metrics") or ())]
    for each in stats:
        dimensions = {str(one.get("Name")): str(one.get("Value")) for one in each.get("Dimensions") or ()}
        if each.get("Namespace") == DYNAMODB and dimensions.get(TABLE) == table:
            metric = str(each.get("MetricName"))
            yield WatchedMetric(alarm=str(said.get("AlarmName")), metric=metric, dimensions=dimensions)


def _alarm_of(said: Answer, table: str) -> Alarm | None:
    """An alarm on the table that a kind can express; None for any other."""
    for kind, metric in ALARM_METRICS.items():
        period = metric.period_seconds
        same = (
            (said.get("Namespace"), metric.namespace),
            (said.get("MetricName"), metric.metric),
            (said.get("Statistic"), metric.statistic),
            (said.get("Period"), period),
            (said.get("ComparisonOperator"), ABOVE),
            (said.get("ExtendedStatistic"), None),
            (said.get("Unit"), None),
        )
        if said.get("Metrics") or any(live != wanted for live, wanted in same):
            continue
        alarm = _with_dimensions(said, kind, period)
        if alarm is None:
            return None
        name, derived = str(said.get("AlarmName")), alarm_name(table, alarm)
        # The metrics of a function do not name the table: only a name that follows from it says so.
        of_table = metric.namespace == DYNAMODB or name == derived
        dimensions = {str(each["Name"]): str(each["Value"]) for each in said.get("Dimensions") or ()}
        if not of_table or dimensions != dimensions_of(table, alarm):
            return None
        return alarm if name == derived else replace(alarm, name=name)
    return None


def _with_dimensions(said: Answer, kind: AlarmKind, period: int) -> Alarm | None:
    metric, minutes = ALARM_METRICS[kind], period // 60
    dimensions = {str(each["Name"]): str(each["Value"]) for each in said.get("Dimensions") or ()}
    part = dimensions.get(metric.part) if metric.part else None
    if metric.part and part is None:
        return None
    of = int(said.get("EvaluationPeriods") or 1)
    return Alarm(
        kind=kind,
        threshold=float(said.get("Threshold") or 0),
        minutes=int(said.get("DatapointsToAlarm") or of) * minutes,
        of_minutes=of * minutes,
        index=dimensions.get(INDEX, UNSET) if metric.indexed else UNSET,
        only=UNSET if part is None else (part,),
        notify=tuple(map(str, said.get("AlarmActions") or ())),
    )
