"""Which metrics of a table are asked for, under which dimensions and with which statistic.

Source: "DynamoDB metrics and dimensions", Developer Guide. A metric that has an operation among its dimensions has no
data under the table's name alone; how many requests there were is the SampleCount of their latency, since that of
consumed units counts something else.
"""

from collections.abc import Iterable, Iterator
from typing import Final, Literal, NamedTuple

from dynasmith.ports.metrics import INDEX, Dimensions, MetricQuery

Side = Literal["Read", "Write"]
SIDES: Final[tuple[Side, ...]] = ("Read", "Write")
CAUSES: Final = ("KeyRangeThroughput", "ProvisionedThroughput", "MaxOnDemandThroughput", "AccountLimit")
"""Why something is throttled, as the metrics name it."""
TABLE: Final = "TableName"


class _Metric(NamedTuple):
    """A metric: its unit, its statistics, and the dimensions beside the table's name."""

    name: str
    statistics: tuple[str, ...] = ("Sum",)
    unit: str = "Count"
    beside: tuple[str, ...] = ()


ALWAYS: Final = tuple(name for side in SIDES for name in (f"Consumed{side}CapacityUnits", f"{side}ThrottleEvents"))
"""Asked for of the table and of each index, also where CloudWatch has none: then there was nothing."""
ACCOUNT_WIDE: Final = "UserErrors"
_WHERE_LISTED: Final = (
    *(_Metric(f"Provisioned{side}CapacityUnits", ("Average",)) for side in SIDES),
    *(_Metric(f"{side}{cause}ThrottleEvents") for side in SIDES for cause in CAUSES),
    _Metric("ThrottledRequests", beside=("Operation",)),
    _Metric("SuccessfulRequestLatency", ("SampleCount", "Average", "p99"), "Milliseconds", ("Operation",)),
    _Metric("SystemErrors", beside=("Operation",)),
    _Metric("ReturnedItemCount", beside=("Operation",)),
    _Metric("ConditionalCheckFailedRequests"),
    _Metric("TransactionConflict"),
    _Metric("TimeToLiveDeletedItemCount"),
    _Metric("OnlineIndexPercentageProgress", ("Maximum",), "Percent", (INDEX,)),
    _Metric("OnlineIndexConsumedWriteCapacity", beside=(INDEX,)),
    _Metric("OnlineIndexThrottleEvents", beside=(INDEX,)),
    _Metric("ReplicationLatency", ("Average", "Maximum"), "Milliseconds", ("ReceivingRegion",)),
)
_CAUSE_METRICS: Final = tuple(f"{side}{cause}ThrottleEvents" for side in SIDES for cause in CAUSES)
_ON_INDEXES: Final = ("ProvisionedReadCapacityUnits", "ProvisionedWriteCapacityUnits", *_CAUSE_METRICS)
LISTED_ONLY: Final = tuple(each.name for each in _WHERE_LISTED)
"""Asked for where CloudWatch lists them: their dimensions are known from there alone."""


def queries_of(
    table: str, indexes: Iterable[str], listed: Iterable[tuple[str, Dimensions]], *, only_index: str = ""
) -> list[MetricQuery]:
    """What is asked of a table with these indexes; with ``only_index`` what is of that index."""
    named = [only_index] if only_index else ["", *indexes]
    found = [query for index in named for name in ALWAYS for query in _asked(_Metric(name), table, index)]
    seen = list(listed)
    for metric in _WHERE_LISTED:
        for name, dimensions in seen:
            known = dict(dimensions)
            beside = {*known} - {TABLE}
            fits = beside == {*metric.beside} or (metric.name in _ON_INDEXES and beside == {INDEX})
            wanted = known.get(INDEX, "") == only_index if only_index else known.get(INDEX, "") in named
            if name == metric.name and fits and wanted and known.get(TABLE) == table:
                found += _each(metric, dimensions)
    if not only_index:
        found.append(MetricQuery(metric=ACCOUNT_WIDE, dimensions=(), statistic="Sum", unit="Count"))
    return found


def throttle_queries(table: str, indexes: Iterable[str]) -> list[MetricQuery]:
    """Throttle events and their causes, and what was consumed, of a table and of each index."""
    names = (*ALWAYS, *_CAUSE_METRICS)
    return [query for index in ("", *indexes) for name in names for query in _asked(_Metric(name), table, index)]


def consumed_queries(table: str, indexes: Iterable[str], statistic: str = "Sum") -> list[MetricQuery]:
    """What was consumed, of a table and of each index."""
    return [
        query
        for index in ("", *indexes)
        for side in SIDES
        for query in _asked(_Metric(f"Consumed{side}CapacityUnits", (statistic,)), table, index)
    ]


def _asked(metric: _Metric, table: str, index: str) -> Iterator[MetricQuery]:
    own: Dimensions = ((TABLE, table),)
    return _each(metric, (*own, (INDEX, index)) if index else own)


def _each(metric: _Metric, dimensions: Dimensions) -> Iterator[MetricQuery]:
    for statistic in metric.statistics:
        unit = "Count" if statistic == "SampleCount" else metric.unit
        yield MetricQuery(metric=metric.name, dimensions=dimensions, statistic=statistic, unit=unit)
