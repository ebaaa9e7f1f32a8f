"""What the metrics of a table say about throttling: each resource, side and cause with its events. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from dynasmith.engine.metrics.catalog import CAUSES, SIDES, Side
from dynasmith.ports.metrics import MetricSeries


class ThrottledResource(Struct, frozen=True, kw_only=True):
    """Throttle events of a table (``index`` is empty) or of an index, of one side and one cause ("": no metric names
    it), from ``first`` to ``last`` (UTC). ``peak`` is the largest consumption of a period, in units a second, and
    ``wanted`` the same with what was throttled counted as a unit each."""

    index: str
    side: Side
    cause: str
    events: float
    first: datetime
    last: datetime
    peak: float
    wanted: float

    @property
    def metric(self) -> str:
        """The metric that has the events."""
        return f"{self.side}{self.cause}ThrottleEvents"


def throttled_resources(series: Iterable[MetricSeries]) -> list[ThrottledResource]:
    """Every throttling that these series have, of the table first; what the metrics of causes leave over has none."""
    by_name = {(each.index, each.metric): each for each in series}
    indexes = sorted({index for index, _ in by_name})
    return [found for index in indexes for side in SIDES for found in _of_side(by_name, index, side)]


def _of_side(by_name: dict[tuple[str, str], MetricSeries], index: str, side: Side) -> Iterator[ThrottledResource]:
    consumed = by_name.get((index, f"Consumed{side}CapacityUnits"))
    explained = 0.0
    for cause in CAUSES:
        events = by_name.get((index, f"{side}{cause}ThrottleEvents"))
        if events is not None and events.total:
            explained += events.total
            yield _throttling(events, [events], consumed, index, side, cause)
    whole = by_name.get((index, f"{side}ThrottleEvents"))
    if whole is not None and whole.total and not explained:
        yield _throttling(whole, [whole], consumed, index, side, "")


def _throttling(
    events: MetricSeries,
    counted: Sequence[MetricSeries],
    consumed: MetricSeries | None,
    index: str,
    side: Side,
    cause: str,
) -> ThrottledResource:
    per_period: dict[datetime, float] = {}
    for each in (*counted, *([consumed] if consumed is not None else ())):
        for point in each.points:
            per_period[point.at] = per_period.get(point.at, 0.0) + point.value
    times = [point.at for point in events.points if point.value]
    return ThrottledResource(
        index=index,
        side=side,
        cause=cause,
        events=events.total or 0.0,
        first=min(times),
        last=max(times) + timedelta(seconds=events.period),
        peak=0.0 if consumed is None else consumed.peak / consumed.period,
        wanted=max(per_period.values(), default=0.0) / events.period,
    )
