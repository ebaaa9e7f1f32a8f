"""The methods of `Project` about what a table does: its metrics."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from dynasmith.project.verbs.argument_kinds import duration, optional, text
from dynasmith.project.verbs.arguments import checked, moment, named_table
from dynasmith.project.world import World

if TYPE_CHECKING:
    from dynasmith.engine.metrics.table_metrics import TableMetrics
    from dynasmith.models import Model


class MetricMethods:
    """Verbs that look at what a table does."""

    _world: World

    @checked(
        table=named_table,
        since=optional(duration),
        start=optional(moment),
        end=optional(moment),
        period=optional(duration),
        index=optional(text),
    )
    def metrics(
        self,
        table: str | type[Model],
        *,
        since: timedelta | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        period: timedelta | None = None,
        index: str | None = None,
    ) -> TableMetrics:
        """What a table consumes and where it is throttled, from CloudWatch: units, throttle events and their causes,
        latency, errors, of the table and of each global index, or of one ``index``.

        The window is the last hour, or ``since`` long up to now, or from ``start`` to ``end`` (now). ``period`` is the
        length of a point, whole minutes up to a day; 5 minutes where nothing is said and the window is a day at most.
        Now is the service's time. What was denied, or is not published here, is in ``unknown`` with the reason.

        Costs one DescribeTable, one ListMetrics for 500 metrics, and a GetMetricData for up to 500 queries ($0.01 for
        1,000, us-east-1). Writes nothing. Raises TableNotFound, and UsageError for a window or a period that CloudWatch
        cannot answer and for an index that does not exist.
        """
        from dynasmith.project.verbs.metrics import metrics

        return metrics(self._world, table, since=since, start=start, end=end, period=period, index=index)
