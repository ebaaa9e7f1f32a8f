"""Metrics of one table, read: `TableMetrics` with its series, and what could not be had."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from dynasmith.engine.metrics.catalog import ACCOUNT_WIDE, ALWAYS, LISTED_ONLY, queries_of
from dynasmith.engine.metrics.window import MetricWindow
from dynasmith.errors import DynasmithError, RunError
from dynasmith.ports.metrics import (
    ListedMetrics,
    MetricPoint,
    MetricQuery,
    Metrics,
    MetricSeries,
    UnknownMetric,
    time_text,
)

NO_METRICS: Final = "this engine publishes no metrics of DynamoDB"


class TableMetrics(Struct, frozen=True, kw_only=True):
    """The metrics of a table from ``start`` to ``end`` (UTC), a point a period (seconds)."""

    table: str
    start: datetime
    end: datetime
    period: int
    series: tuple[MetricSeries, ...] = ()
    unknown: tuple[UnknownMetric, ...] = ()

    def of(self, metric: str, index: str = "", **dimensions: str) -> tuple[MetricSeries, ...]:
        """The series of a metric, of the table or of an index, with these further dimensions (``Operation="Scan"``)."""
        wanted = dimensions.items()
        return tuple(
            each
            for each in self.series
            if each.metric == metric and each.index == index and wanted <= each.dimensions.items()
        )

    def to_json(self) -> dict[str, Any]:
        """As ``--json`` shows it (contract)."""
        return {
            "table": self.table,
            "from": time_text(self.start),
            "to": time_text(self.end),
            "period_seconds": self.period,
            "series": [each.to_json() for each in self.series],
            "unknown": [each.to_json() for each in self.unknown],
        }


def listing(metrics: Metrics, table: str) -> tuple[ListedMetrics, str]:
    """What CloudWatch has of a table, and why that is not known."""
    try:
        return metrics.listed(table), ""
    except RunError as error:
        return ListedMetrics((), None), reason_of(error)


def unpublished(metrics: Metrics) -> str:
    """Why there is no metric of DynamoDB at all; "" where there is one."""
    try:
        return "" if metrics.publishes() else NO_METRICS
    except RunError as error:
        return reason_of(error)


def reason_of(error: DynasmithError) -> str:
    """An error as the reason of something that is not known."""
    return str(error).rstrip(".")


def read_series(
    metrics: Metrics, queries: Sequence[MetricQuery], window: MetricWindow
) -> tuple[list[MetricSeries], list[UnknownMetric]]:
    """The series of these queries, and those that could not be had. Reads as many pages as there are."""
    points, reasons = metrics.read(queries, window.start, window.end, window.period)
    series = [
        _series(query, found, window)
        for at, (query, found) in enumerate(zip(queries, points, strict=True))
        if at not in reasons
    ]
    unknown = {queries[at].metric: why for at, why in reasons.items()}
    return series, [UnknownMetric(metric=name, why=why) for name, why in unknown.items()]


def table_metrics(
    metrics: Metrics,
    table: str,
    indexes: Sequence[str],
    window: MetricWindow,
    listed: ListedMetrics,
    why_unlisted: str,
    *,
    only_index: str = "",
) -> TableMetrics:
    """The metrics of a table, or of one index of it."""
    queries = queries_of(table, indexes, listed.found, only_index=only_index)
    series, unknown = read_series(metrics, queries, window)
    if why_unlisted:
        named = {each.metric for each in unknown}
        unknown += [UnknownMetric(metric=name, why=why_unlisted) for name in LISTED_ONLY if name not in named]
    elif not listed.found and not any(each.points for each in series) and (why := unpublished(metrics)):
        unknown = [UnknownMetric(metric=name, why=why) for name in (*ALWAYS, *LISTED_ONLY, ACCOUNT_WIDE)]
        series = []
    shown = [each for each in series if each.points or each.metric != ACCOUNT_WIDE]
    return TableMetrics(
        table=table,
        start=window.start,
        end=window.end,
        period=window.period,
        series=tuple(shown),
        unknown=tuple(unknown),
    )


def _series(query: MetricQuery, points: tuple[MetricPoint, ...], window: MetricWindow) -> MetricSeries:
    adds_up = query.statistic in ("Sum", "SampleCount")
    total = float(sum(point.value for point in points)) if adds_up else None
    consumed = query.metric.startswith("Consumed") and total is not None
    return MetricSeries(
        metric=query.metric,
        dimensions=dict(query.dimensions),
        statistic=query.statistic,
        unit=query.unit,
        period=window.period,
        points=points,
        total=total,
        per_second=total / window.seconds if consumed and total is not None else None,
        source=query.namespace,
    )
