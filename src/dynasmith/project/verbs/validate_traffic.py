"""What `validate` asks CloudWatch about a table: what was throttled in a day, and what was consumed in two weeks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal

from dynasmith.aws.control.metrics import CloudWatchMetrics
from dynasmith.engine.metrics.catalog import consumed_queries, throttle_queries
from dynasmith.engine.metrics.table_metrics import NO_METRICS, read_series
from dynasmith.engine.metrics.throttle_causes import throttled_resources
from dynasmith.engine.metrics.window import MetricWindow, metric_window
from dynasmith.errors import RunError
from dynasmith.ports.metrics import MetricQuery, MetricSeries
from dynasmith.project.verbs.metrics import index_names
from dynasmith.project.world import World
from dynasmith.tables.description import TableDescription
from dynasmith.tables.prices import prices_for
from dynasmith.validate.live_facts import LoadFacts, ThrottledPart, ThrottleFacts
from dynasmith.validate.load import LOAD_DAYS, ResourceLoad

_DAY: Final = timedelta(days=1)
_FIVE_MINUTES: Final = timedelta(minutes=5)


def throttles(world: World, described: TableDescription) -> ThrottleFacts:
    """What was throttled in the last 24 hours. Two calls of CloudWatch. Raises what they raise, RunError where the
    engine publishes no metrics."""
    source, now = _source(world, described)
    window = metric_window(now, since=_DAY, period=_FIVE_MINUTES)
    series = _read(source, throttle_queries(described.table.name, index_names(described)), window)
    events: dict[tuple[str, str], float] = {}
    for each in throttled_resources(series):
        side = each.side.lower()
        events[each.index, side] = events.get((each.index, side), 0.0) + each.events
    found = tuple(ThrottledPart(index=index, side=side, events=count) for (index, side), count in events.items())
    return ThrottleFacts(throttled=found)


def load(world: World, described: TableDescription) -> LoadFacts:
    """What was consumed in the last 14 days, or since the table is there. Two calls of CloudWatch, and one more for
    each dozen indexes. Raises what they raise, RunError where the engine publishes no metrics."""
    source, now = _source(world, described)
    window = metric_window(now, since=LOAD_DAYS * _DAY, period=_FIVE_MINUTES)
    series = _read(source, consumed_queries(described.table.name, index_names(described)), window)
    age = now - datetime.fromisoformat(described.created_at) if described.created_at else LOAD_DAYS * _DAY
    return LoadFacts(
        load=tuple(map(_by_hour, series)),
        days=min(age / _DAY, float(LOAD_DAYS)),
        prices=prices_for(world.session.region, dict(world.settings.prices)),
    )


def _source(world: World, described: TableDescription) -> tuple[CloudWatchMetrics, datetime]:
    """CloudWatch, and its time."""
    source = CloudWatchMetrics(world.session)
    listed = source.listed(described.table.name)
    if not listed.found and not source.publishes():
        raise RunError(f"{NO_METRICS}.")
    return source, listed.now or world.clock.now()


def _read(source: CloudWatchMetrics, queries: list[MetricQuery], window: MetricWindow) -> list[MetricSeries]:
    series, unknown = read_series(source, queries, window)
    for each in unknown:
        raise RunError(f"{each.why}.")
    return series


def _by_hour(series: MetricSeries) -> ResourceLoad:
    units: dict[datetime, float] = {}
    peaks: dict[datetime, float] = {}
    for point in series.points:
        hour = point.at.replace(minute=0, second=0, microsecond=0)
        units[hour] = units.get(hour, 0.0) + point.value
        peaks[hour] = max(peaks.get(hour, 0.0), point.value / series.period)
    side: Literal["read", "write"] = "read" if "Read" in series.metric else "write"
    return ResourceLoad(index=series.index, side=side, units=tuple(units.values()), peaks=tuple(peaks.values()))
