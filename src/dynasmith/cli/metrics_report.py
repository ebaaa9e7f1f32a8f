"""Metrics as people look at them: a line a metric with its course, its total, rate and peak; bars for operations."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

if TYPE_CHECKING:
    from dynasmith import MetricSeries, TableMetrics

BLOCKS = " ▁▂▃▄▅▆▇█"
BAR = "█"
COLUMNS_MAX, BAR_MAX = 60, 24
LABEL_MIN, TOTAL_MIN = 34, 12
_LABELS = {
    "ConsumedReadCapacityUnits": "read",
    "ConsumedWriteCapacityUnits": "write",
    "ProvisionedReadCapacityUnits": "provisioned read",
    "ProvisionedWriteCapacityUnits": "provisioned write",
    "ReadThrottleEvents": "throttled reads",
    "WriteThrottleEvents": "throttled writes",
    "ConditionalCheckFailedRequests": "failed conditions",
    "TransactionConflict": "conflicts of transactions",
    "TimeToLiveDeletedItemCount": "deleted by TTL",
    "OnlineIndexPercentageProgress": "index filled",
    "OnlineIndexConsumedWriteCapacity": "filling, write units",
    "OnlineIndexThrottleEvents": "filling, throttled",
    "ReplicationLatency": "replication lag",
    "UserErrors": "refused requests, of the whole account",
}
_CAUSES = {
    "ProvisionedThroughput": "provisioned capacity",
    "MaxOnDemandThroughput": "on-demand maximum",
    "KeyRangeThroughput": "key range",
    "AccountLimit": "limit of the account",
}
_UNITS = {"Milliseconds": " ms", "Percent": " %"}


def draw_metrics(console: Console, found: TableMetrics) -> None:
    """The table, each index, the operations, and what is not known."""
    console.print(Text.assemble((found.table, "bold"), f"  {_window(found)}"))
    indexes = dict.fromkeys(each.index for each in found.series)
    for index in indexes:
        if index:
            console.print(Text.assemble("  index ", (index, "bold")))
        _draw_lines(console, found, [each for each in found.series if each.index == index and not _operation(each)])
    _draw_operations(console, found)
    for why, names in _reasons(found).items():
        console.print(Text.assemble(("  Not known: ", "yellow"), f"{_few(names)}: {why}."))


def sparkline(series: MetricSeries, start: datetime, end: datetime) -> str:
    """The course of a metric, a character a period, or the largest of several where there are more than 60."""
    count = max(1, int((end - start).total_seconds()) // series.period)
    step = -(-count // COLUMNS_MAX)
    values = [0.0] * -(-count // step)
    for point in series.points:
        at = int((point.at - start) / timedelta(seconds=series.period)) // step
        if 0 <= at < len(values):
            values[at] = max(values[at], point.value)
    top = max(values)
    return "".join(BLOCKS[0 if value <= 0 or top <= 0 else max(1, round(8 * value / top))] for value in values)


def number(value: float) -> str:
    """A number with as many digits as tell something."""
    if value == 0 or abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.2g}" if abs(value) < 1 else f"{value:,.1f}"


def _draw_lines(console: Console, found: TableMetrics, series: Iterable[MetricSeries]) -> None:
    grid = Grid(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("label", "course"):
        grid.add_column(column, no_wrap=True, min_width=LABEL_MIN if column == "label" else None)
    grid.add_column("total", justify="right", no_wrap=True, min_width=TOTAL_MIN)
    grid.add_column("more", no_wrap=True, style="dim")
    for each in series:
        if each.points or each.metric in ("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits") or _plain(each):
            colour = "red" if "hrottle" in each.metric and each.points else "cyan"
            course = Text(sparkline(each, found.start, found.end), colour)
            grid.add_row(f"  {_label(each)}", course, _amount(each), _more(each))
    console.print(grid)


def _plain(series: MetricSeries) -> bool:
    return series.metric in ("ReadThrottleEvents", "WriteThrottleEvents")


def _label(series: MetricSeries) -> str:
    for side in ("Read", "Write"):
        for cause, words in _CAUSES.items():
            if series.metric == f"{side}{cause}ThrottleEvents":
                return f"  by the {words}, {side.lower()}s"
    label = _LABELS.get(series.metric, series.metric)
    region = series.dimensions.get("ReceivingRegion")
    return label + (f" to {region}" if region else "")


def _amount(series: MetricSeries) -> str:
    unit = " units" if series.metric.startswith(("Consumed", "Provisioned")) else _UNITS.get(series.unit, "")
    if series.total is not None:
        return f"{number(series.total)}{unit}"
    values = [point.value for point in series.points]
    if series.statistic == "Average" and values:
        words = "a second" if series.metric.startswith("Provisioned") else "on average"
        return f"{number(sum(values) / len(values))}{unit} {words}"
    return f"{number(max(values, default=0.0))}{unit} at most"


def _more(series: MetricSeries) -> str:
    if series.per_second is None:
        return ""
    peak = series.peak / series.period
    return f"{number(series.per_second)} a second, up to {number(peak)} over {_period(series.period)}"


def _draw_operations(console: Console, found: TableMetrics) -> None:
    requests = [each for each in found.series if each.metric == "SuccessfulRequestLatency"]
    names = dict.fromkeys(filter(None, map(_operation, found.series)))
    if not names:
        return
    counts = {_operation(each): each.total or 0.0 for each in requests if each.statistic == "SampleCount"}
    top = max([*counts.values(), 1.0])
    grid = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    grid.add_column("  operation", no_wrap=True)
    grid.add_column("", no_wrap=True)
    for title in ("requests", "latency ms", "p99 ms", "items", "throttled", "errors"):
        grid.add_column(title, justify="right", no_wrap=True)
    for name in names:
        count = counts.get(name, 0.0)
        bar = Text(BAR * round(BAR_MAX * count / top), "cyan")
        cells = (
            _statistic(found, "SuccessfulRequestLatency", name, "Average"),
            _statistic(found, "SuccessfulRequestLatency", name, "p99"),
            _statistic(found, "ReturnedItemCount", name),
            _statistic(found, "ThrottledRequests", name),
            _statistic(found, "SystemErrors", name),
        )
        grid.add_row(f"  {name}", bar, number(count), *cells)
    console.print(grid)


def _statistic(found: TableMetrics, metric: str, operation: str, statistic: str = "Sum") -> str:
    """The total of a sum, the mean of averages, the largest of percentiles; empty where there is none."""
    for each in found.of(metric, Operation=operation):
        if each.statistic != statistic or not each.points:
            continue
        values = [point.value for point in each.points]
        mean = sum(values) / len(values) if statistic == "Average" else max(values)
        return number(mean if each.total is None else each.total)
    return ""


def _operation(series: MetricSeries) -> str:
    return series.dimensions.get("Operation", "")


def _window(found: TableMetrics) -> str:
    same_day = found.start.date() == found.end.date()
    end = found.end.strftime("%H:%M" if same_day else "%Y-%m-%d %H:%M")
    return f"{found.start.strftime('%Y-%m-%d %H:%M')} to {end} UTC, by {_period(found.period)}"


def _period(seconds: int) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _reasons(found: TableMetrics) -> dict[str, list[str]]:
    reasons: dict[str, list[str]] = {}
    for each in found.unknown:
        reasons.setdefault(each.why, []).append(each.metric)
    return reasons


def _few(names: list[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
