"""Metrics of a table as charts: consumed against provisioned, throttles, latency of operations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from dynasmith import MetricSeries, TableMetrics
from dynasmith.console.charts.lines import ChartLine, Point, line_chart

OPERATIONS_MAX: Final = 5
"""Operations whose latency is drawn: there are five colours."""
SIDES: Final = (("Read", "read", 1), ("Write", "write", 1))
_SUMS: Final = ("Sum", "SampleCount")


def capacity_charts(found: TableMetrics, index: str) -> list[dict[str, Any]]:
    """For reads and for writes: units a second that were consumed, and what is provisioned where that is known."""
    end = _end(found)
    charts = []
    for side, word, colour in SIDES:
        consumed = _points(found, found.of(f"Consumed{side}CapacityUnits", index), end, a_second=True)
        lines = [ChartLine("consumed", colour, consumed, filled=True)]
        provisioned = _points(found, found.of(f"Provisioned{side}CapacityUnits", index), end)
        if any(value is not None for _, value in provisioned):
            lines.append(ChartLine("provisioned", 2, provisioned, stepped=True))
        charts.append(line_chart(f"{side}s", f"{word} units a second", lines, window=_window(found)))
    return charts


def throttle_chart(found: TableMetrics, index: str) -> dict[str, Any]:
    """Throttle events of each period, of reads and of writes."""
    end = _end(found)
    lines = [
        ChartLine(
            f"{side.lower()}s", colour, _points(found, found.of(f"{side}ThrottleEvents", index), end), filled=True
        )
        for side, colour in (("Read", 3), ("Write", 5))
    ]
    return line_chart("Throttled", f"events in {period_text(found.period)}", lines, window=_window(found))


def latency_chart(found: TableMetrics) -> dict[str, Any]:
    """The 99th percentile of the latency of the operations that were called most."""
    end = _end(found)
    named = {_operation(each): each for each in found.of("SuccessfulRequestLatency") if each.statistic == "p99"}
    lines = [
        ChartLine(row["operation"], number + 1, _points(found, [named[row["operation"]]], end))
        for number, row in enumerate(operations_of(found)[:OPERATIONS_MAX])
        if row["operation"] in named
    ]
    return line_chart("Latency", "ms, 99th percentile", lines, window=_window(found))


def operations_of(found: TableMetrics) -> list[dict[str, Any]]:
    """A row an operation, the one that was called most first; None where something is not known."""
    names = dict.fromkeys(filter(None, map(_operation, found.series)))
    rows = [
        {
            "operation": name,
            "requests": _amount(found, "SuccessfulRequestLatency", name, "SampleCount"),
            "average": _amount(found, "SuccessfulRequestLatency", name, "Average"),
            "p99": _amount(found, "SuccessfulRequestLatency", name, "p99"),
            "items": _amount(found, "ReturnedItemCount", name, "Sum"),
            "throttled": _amount(found, "ThrottledRequests", name, "Sum"),
            "errors": _amount(found, "SystemErrors", name, "Sum"),
        }
        for name in names
    ]
    return sorted(rows, key=lambda row: (-(row["requests"] or 0.0), row["operation"]))


def causes_of(found: TableMetrics) -> dict[str, int]:
    """Throttle events by what throttled and why, in the words of the service's reasons."""
    causes: dict[str, int] = {}
    for each in found.series:
        for side in ("Read", "Write"):
            cause = each.metric.removeprefix(side).removesuffix("ThrottleEvents")
            if each.metric.startswith(side) and each.metric.endswith("ThrottleEvents") and cause and each.total:
                kind = "Index" if each.index else "Table"
                causes[f"{kind}{side}{cause}Exceeded{' ' + each.index if each.index else ''}"] = round(each.total)
    return causes


def totals_of(found: TableMetrics, index: str) -> list[tuple[str, float, str]]:
    """A word, an amount and a unit: what the whole window had."""
    named = (
        ("Read", "ConsumedReadCapacityUnits", "units"),
        ("Written", "ConsumedWriteCapacityUnits", "units"),
        ("Throttled reads", "ReadThrottleEvents", "events"),
        ("Throttled writes", "WriteThrottleEvents", "events"),
        ("Failed conditions", "ConditionalCheckFailedRequests", "requests"),
        ("Conflicts of transactions", "TransactionConflict", "requests"),
        ("Deleted by TTL", "TimeToLiveDeletedItemCount", "items"),
    )
    shown = []
    for word, metric, unit in named:
        series = found.of(metric, index)
        always = metric.startswith("Consumed") or metric.endswith("ThrottleEvents")
        if series and (always or series[0].total):
            shown.append((word, sum(each.total or 0.0 for each in series), unit))
    return shown


def reasons_of(found: TableMetrics) -> list[tuple[str, str]]:
    """Why something is not known, and which metrics that are."""
    reasons: dict[str, list[str]] = {}
    for each in found.unknown:
        reasons.setdefault(each.why, []).append(each.metric)
    return [
        (why, ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else ""))
        for why, names in reasons.items()
    ]


def period_text(seconds: int) -> str:
    """``5 min``, ``1 h``, ``1 d``."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _points(found: TableMetrics, series: Iterable[MetricSeries], end: float, *, a_second: bool = False) -> list[Point]:
    """A value a period: of a sum 0 where there is none up to ``end``, of anything else a gap."""
    whole: list[Point] = []
    for each in series:
        known = {point.at.timestamp(): point.value for point in each.points}
        nothing = 0.0 if each.statistic in _SUMS else None
        for at in _periods(found, end):
            value = known.get(at, nothing)
            whole.append((at, value / each.period if value is not None and a_second else value))
    return whole


def _periods(found: TableMetrics, end: float) -> Iterator[float]:
    at = found.start.timestamp()
    while at <= end:
        yield at
        at += found.period


def _end(found: TableMetrics) -> float:
    """The last period of which anything is known: what comes after it is not there yet."""
    return max(
        (each.points[-1].at.timestamp() for each in found.series if each.points), default=found.start.timestamp() - 1
    )


def _window(found: TableMetrics) -> tuple[float, float]:
    return found.start.timestamp(), found.end.timestamp()


def _operation(series: MetricSeries) -> str:
    return series.dimensions.get("Operation", "")


def _amount(found: TableMetrics, metric: str, operation: str, statistic: str) -> float | None:
    """The total of a sum, the mean of averages, the largest of percentiles."""
    for each in found.of(metric, Operation=operation):
        if each.statistic == statistic and each.points:
            values = [point.value for point in each.points]
            return each.total if each.total is not None else _one(values, statistic)
    return None


def _one(values: Sequence[float], statistic: str) -> float:
    return sum(values) / len(values) if statistic == "Average" else max(values)
