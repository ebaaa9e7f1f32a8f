"""Reading back what PutMetricAlarm takes: the alarm of a kind that it is."""

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from dynasmith.tables.alarms import ABOVE, ALARM_METRICS, DYNAMODB, INDEX, alarm_name, dimensions_of
from dynasmith.tables.table import Alarm, AlarmKind


def alarm_of(said: Mapping[str, Any], table: str) -> Alarm | None:
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


def _with_dimensions(said: Mapping[str, Any], kind: AlarmKind, period: int) -> Alarm | None:
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
