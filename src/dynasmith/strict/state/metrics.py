"""What CloudWatch is to hear: values by minute, metric and dimensions, counted until they are stored in the engine."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

MINUTE_SECONDS = 60
# API reference, PutMetricData: at most 1,000 metrics a call, 150 different values a metric.
DATA_MAX, VALUES_MAX = 1_000, 150
_UNITS = {
    "SuccessfulRequestLatency": "Milliseconds",
    "ReplicationLatency": "Milliseconds",
    "OnlineIndexPercentageProgress": "Percent",
}

Dimensions = tuple[tuple[str, str], ...]
MetricKey = tuple[int, str, Dimensions]  # the minute's beginning, the name, the dimensions


@dataclass(slots=True)
class MetricTally:
    """The metrics of one account in one Region that are not stored yet: how often each value was seen."""

    counts: dict[MetricKey, dict[float, int]] = field(default_factory=dict)
    oldest: float = float("inf")
    # When it was last stored, on the flow of the clock.
    stored_at: float = 0.0
    # (beginning of five minutes, ARN) of which the provisioned units were counted.
    provisioned: set[tuple[int, str]] = field(default_factory=set)
    # (ARN of the table, index) of the indexes that were seen while they were built.
    building: set[tuple[str, str]] = field(default_factory=set)
    # The sums that were stored, so that they can be taken back: an engine deletes no metric.
    stored: dict[MetricKey, float] = field(default_factory=dict)
    # Who reads waits until what was taken is stored.
    storing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def add(self, now: float, name: str, dimensions: Dimensions, value: float, count: int = 1) -> None:
        """Count a value."""
        minute = int(now // MINUTE_SECONDS) * MINUTE_SECONDS
        self.oldest = min(self.oldest, minute)
        seen = self.counts.setdefault((minute, name, dimensions), {})
        seen[value] = seen.get(value, 0) + count

    def is_due(self, now: float) -> bool:
        """Whether a minute that is over has something to store."""
        return now >= self.oldest + MINUTE_SECONDS

    def taken(self) -> list[dict[str, Any]]:
        """Everything as MetricData of PutMetricData; nothing is left here."""
        counts, self.counts, self.oldest = self.counts, {}, float("inf")
        for key, seen in counts.items():
            self.stored[key] = self.stored.get(key, 0.0) + sum(value * count for value, count in seen.items())
        return [datum for key, seen in counts.items() for datum in _data(key, seen)]

    def taken_back(self) -> list[dict[str, Any]]:
        """What makes every sum that was stored nothing, as MetricData; nothing is known of it afterwards."""
        stored, self.stored, self.counts, self.oldest = self.stored, {}, {}, float("inf")
        return [datum for key, total in stored.items() if total for datum in _data(key, {-total: 1})]


def _data(key: MetricKey, seen: dict[float, int]) -> Iterator[dict[str, Any]]:
    minute, name, dimensions = key
    values = list(seen)
    for start in range(0, len(values), VALUES_MAX):
        part = values[start : start + VALUES_MAX]
        yield {
            "MetricName": name,
            "Dimensions": [{"Name": one, "Value": value} for one, value in dimensions],
            "Timestamp": minute,
            "Unit": _UNITS.get(name, "Count"),
            "Values": part,
            "Counts": [seen[value] for value in part],
        }
