"""metrics, wired: what CloudWatch knows of a table."""

from __future__ import annotations

from datetime import datetime, timedelta

from dynasmith.aws.control.metrics import CloudWatchMetrics
from dynasmith.engine.metrics.table_metrics import TableMetrics, listing, table_metrics
from dynasmith.engine.metrics.window import metric_window
from dynasmith.errors import UsageError
from dynasmith.project.world import TableName, World
from dynasmith.tables.description import TableDescription
from dynasmith.tables.table import known


def metrics(
    world: World,
    name: TableName,
    *,
    since: timedelta | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    period: timedelta | None = None,
    index: str | None = None,
) -> TableMetrics:
    """See `Project.metrics`."""
    described = world.control.describe(world.name_of(name), ())
    table = described.table.name
    only = "" if index is None else _index(described, index)
    source = CloudWatchMetrics(world.session)
    listed, why = listing(source, table)
    window = metric_window(listed.now or world.clock.now(), since=since, start=start, end=end, period=period)
    return table_metrics(source, table, index_names(described), window, listed, why, only_index=only)


def index_names(described: TableDescription) -> tuple[str, ...]:
    """The global indexes of a table: what has metrics of its own."""
    return tuple(index.name for index in known(described.table.indexes, ()))


def _index(described: TableDescription, name: str) -> str:
    table, names = described.table.name, index_names(described)
    if name in names:
        return name
    if any(local.name == name for local in known(described.table.local_indexes, ())):
        raise UsageError(f"{name} is a local index of {table}: it counts on the table.", hint="leave --index out")
    there = f"it has {', '.join(names)}" if names else "it has none"
    raise UsageError(f"{table} has no index {name}.", hint=there)
