"""The alarms of a table, as CloudWatch says and takes them."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec.structs import replace

from dynasmith.aws.settings.base import ReadSetting
from dynasmith.aws.settings.request import Service, ServiceRequest
from dynasmith.aws.settings.shared_reads import shared_list
from dynasmith.tables.alarm_reading import alarm_of
from dynasmith.tables.alarms import DYNAMODB, TABLE, alarm_key, alarm_name, alarm_parameters
from dynasmith.tables.description import TableDescription, WatchedMetric
from dynasmith.tables.settings.alarms import AlarmsSetting, Call, CallDeleteAlarm
from dynasmith.tables.table import Table, known

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
        """Its alarms: those that a kind can express, and the others by name. One call for each 100 of the Region,
        shared by the tables of a run."""
        table = described.table.name
        found, others, watched = {}, [], list[WatchedMetric]()
        for said in all_alarms(session):
            watched += watched_metrics(said, table)
            alarm = alarm_of(said, table)
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


def all_alarms(session: Service) -> list[Answer]:
    """Every metric alarm of the Region; one call for each 100, shared by the tables of a run."""
    return shared_list(session, "alarms", lambda: _alarms(session))


def _alarms(session: Service) -> Iterator[Answer]:
    asked: dict[str, Any] = {"AlarmTypes": ["MetricAlarm"], "MaxRecords": ALARMS_A_PAGE}
    while True:
        answer = session.call(SERVICE, "DescribeAlarms", asked)
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
