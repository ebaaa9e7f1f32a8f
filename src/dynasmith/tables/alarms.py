"""What the kinds of alarms are to CloudWatch: metric, statistic, dimensions, period; and what an alarm is called.

A definition names a kind, so that the dimensions cannot be wrong. A metric with a dimension beside the table (an
operation, a Region, a function) takes one alarm for each value: CloudWatch matches dimensions exactly.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final, Literal

from msgspec import Struct, UnsetType

from dynasmith.limits import ALARM_NAME_MAX_CHARACTERS
from dynasmith.tables.table import Alarm, AlarmKind, known

DYNAMODB: Final = "AWS/DynamoDB"
TABLE: Final = "TableName"
INDEX: Final = "GlobalSecondaryIndexName"
ABOVE: Final = "GreaterThanThreshold"
PartDimension = Literal["", "Operation", "ReceivingRegion", "FunctionName"]


class AlarmMetric(Struct, frozen=True, kw_only=True):
    """One metric. ``part`` is the dimension that each alarm has one value of, beside the table (of Lambda's metrics:
    instead of it); ``parts`` are its values where the service fixes them."""

    metric: str
    statistic: Literal["Sum", "Average", "Maximum"]
    namespace: str = DYNAMODB
    period_seconds: int = 60
    indexed: bool = False
    part: PartDimension = ""
    parts: tuple[str, ...] = ()


_ITEM_CALLS: Final = ("DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem")
_ALL_CALLS: Final = (
    *("BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan"),
    *("TransactGetItems", "TransactWriteItems", "UpdateItem"),
)

# Source: Developer Guide, "DynamoDB metrics and dimensions"; Lambda Developer Guide, "Lambda metrics" (IteratorAge).
ALARM_METRICS: Final[Mapping[AlarmKind, AlarmMetric]] = {
    AlarmKind.WRITE_THROTTLED: AlarmMetric(metric="WriteThrottleEvents", statistic="Sum", indexed=True),
    AlarmKind.READ_THROTTLED: AlarmMetric(metric="ReadThrottleEvents", statistic="Sum", indexed=True),
    AlarmKind.SYSTEM_ERRORS: AlarmMetric(metric="SystemErrors", statistic="Sum", part="Operation", parts=_ALL_CALLS),
    AlarmKind.LATENCY: AlarmMetric(
        metric="SuccessfulRequestLatency", statistic="Average", part="Operation", parts=_ITEM_CALLS
    ),
    AlarmKind.REPLICATION_LAG: AlarmMetric(
        metric="ReplicationLatency", statistic="Average", period_seconds=300, part="ReceivingRegion"
    ),
    AlarmKind.ITERATOR_AGE: AlarmMetric(
        metric="IteratorAge", statistic="Maximum", namespace="AWS/Lambda", part="FunctionName"
    ),
}

_TABLE: Final = frozenset({TABLE})
_PART: Final = (_TABLE, frozenset({TABLE, INDEX}))
_OPERATION: Final = (frozenset({TABLE, "Operation"}), frozenset({TABLE, "Operation", "StreamLabel"}))
_CAUSES: Final = ("", "ProvisionedThroughput", "MaxOnDemandThroughput", "KeyRangeThroughput", "AccountLimit")

# Source: Developer Guide, "DynamoDB metrics and dimensions".
METRIC_DIMENSIONS: Final[Mapping[str, tuple[frozenset[str], ...]]] = {
    **{f"{kind}{side}CapacityUnits": _PART for kind in ("Consumed", "Provisioned") for side in ("Read", "Write")},
    **{f"{side}{cause}ThrottleEvents": _PART for cause in _CAUSES for side in ("Read", "Write")},
    **dict.fromkeys(("ThrottledRequests", "SuccessfulRequestLatency", "SystemErrors", "ReturnedItemCount"), _OPERATION),
    **dict.fromkeys(("ConditionalCheckFailedRequests", "TransactionConflict", "TimeToLiveDeletedItemCount"), (_TABLE,)),
    **{f"OnlineIndex{name}": (_PART[1],) for name in ("PercentageProgress", "ConsumedWriteCapacity", "ThrottleEvents")},
    "ReplicationLatency": (frozenset({TABLE, "ReceivingRegion"}),),
    "UserErrors": (frozenset(),),
}
"""The dimensions under which a metric of DynamoDB has figures. A metric that is not here is not known."""

PART_WORDS: Final[Mapping[PartDimension, str]] = {
    "Operation": "operation",
    "ReceivingRegion": "Region",
    "FunctionName": "function",
}

AlarmKey = tuple[str, ...]


def alarm_key(alarm: Alarm) -> AlarmKey:
    """What tells an alarm from the others of its table: its name where it has one of its own."""
    if not isinstance(alarm.name, UnsetType):
        return ("", alarm.name)
    return (alarm.kind.value, known(alarm.index, ""), *known(alarm.only, ()))


def alarm_name(table: str, alarm: Alarm) -> str:
    """What an alarm is called: its own name, else ``<table>-<kind>``, with its index and its part; a long one is cut,
    with a checksum."""
    if not isinstance(alarm.name, UnsetType):
        return alarm.name
    name = "-".join((table, *(word for word in alarm_key(alarm) if word)))
    if len(name) <= ALARM_NAME_MAX_CHARACTERS:
        return name
    checksum = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: ALARM_NAME_MAX_CHARACTERS - 9]}-{checksum}"


def dimensions_of(table: str, alarm: Alarm) -> dict[str, str]:
    """The dimensions of the one metric that an alarm watches."""
    of = ALARM_METRICS[alarm.kind]
    found = {TABLE: table} if of.namespace == DYNAMODB else {}
    if not isinstance(alarm.index, UnsetType):
        found[INDEX] = alarm.index
    for part in known(alarm.only, ()):
        found[of.part] = part
    return found


def alarm_parameters(table: str, alarm: Alarm) -> dict[str, Any]:
    """What PutMetricAlarm takes for an alarm of one metric."""
    metric = ALARM_METRICS[alarm.kind]
    minutes = metric.period_seconds // 60
    return {
        "AlarmName": alarm_name(table, alarm),
        "Namespace": metric.namespace,
        "MetricName": metric.metric,
        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions_of(table, alarm).items()],
        "Statistic": metric.statistic,
        "Period": metric.period_seconds,
        "EvaluationPeriods": alarm.of_minutes // minutes,
        "DatapointsToAlarm": alarm.minutes // minutes,
        "Threshold": alarm.threshold,
        "ComparisonOperator": ABOVE,
        # A table that nobody throttles, and one that nobody calls, has no figures at all.
        "TreatMissingData": "notBreaching",
        "AlarmActions": list(known(alarm.notify, ())),
    }


def function_name(function: str) -> str:
    """The name of a Lambda function, which its metrics have as dimension: without ARN and without alias or version."""
    return function.split(":function:")[-1].split(":")[0]


def alarm_words(alarm: Alarm) -> str:
    """An alarm in words: ``write_throttled of index by_day``."""
    of = "" if isinstance(alarm.index, UnsetType) else f" of index {alarm.index}"
    parts = known(alarm.only, ())
    return f"{alarm.kind.value}{of}" + (f" ({', '.join(parts)})" if parts else "")
