"""How much of an index is built, as CloudWatch knows it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from dynasmith.errors import DynasmithError
from dynasmith.ports.metrics import INDEX, MetricQuery, Metrics

IndexProgress: TypeAlias = Callable[[str, str, datetime], float | None]
"""From a table, an index and the time: the percentage, None where it is not known."""

_WINDOW: Final = timedelta(minutes=15)
_METRIC: Final = "OnlineIndexPercentageProgress"


def index_progress(metrics: Metrics) -> IndexProgress:
    """Reads the last value of OnlineIndexPercentageProgress in a quarter of an hour: one call of GetMetricData.

    What is denied, or not offered, is not known: the build is watched without it.
    """

    def percent(table: str, index: str, now: datetime) -> float | None:
        query = MetricQuery(
            metric=_METRIC,
            dimensions=(("TableName", table), (INDEX, index)),
            statistic="Maximum",
            unit="Percent",
        )
        try:
            (points,), _ = metrics.read([query], now - _WINDOW, now, 60)
        except DynasmithError:
            return None
        return points[-1].value if points else None

    return percent
