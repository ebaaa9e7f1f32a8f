"""What a job will read and write, how long it takes and what it costs, before it starts.

From the table's own figures, which may be six hours old, and a sample of items. It is an estimate and says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, inf
from typing import Any

from dynasmith.items.size import read_units as _read_units
from dynasmith.items.size import write_units as _write_units


@dataclass(frozen=True, slots=True)
class JobEstimate:
    """Items, bytes, units, seconds, dollars. ``seconds`` is None without a pace, ``dollars`` without prices.

    An unknown price is unknown, never 0. With ``at_least`` the rest of a source is unknown until it is read (standard
    input, a database): the figures are those of the items that were looked at.
    """

    items: int
    bytes: int
    read_units: float
    write_units: float
    seconds: float | None = None
    dollars: float | None = None
    #: Items that were looked at.
    sampled: int = 0
    at_least: bool = False

    def to_json(self) -> dict[str, Any]:
        """Stable keys with units in their names."""
        return {
            "items": self.items,
            "size_bytes": self.bytes,
            "read_units": self.read_units,
            "write_units": self.write_units,
            "seconds": self.seconds,
            "cost_dollars": self.dollars,
            "sampled_items": self.sampled,
            "at_least": self.at_least,
        }


def estimate_units(
    items: int, table_bytes: int, sample: Sequence[tuple[int, int]], *, indexes: float = 0.0, consistent: bool = False
) -> JobEstimate:
    """Units without a time: a scan of ``table_bytes``, and writes as the sample goes.

    ``sample`` holds for each item looked at its size in bytes and the size of what is written for it: the sum of
    several, 0 for nothing, and for an update the larger of before and after. ``indexes`` is how many index writes come
    with a write on average. Without a sample every item is of the average size and written once.
    """
    mean = -(-table_bytes // items) if items else 0
    looked = sample or ([(mean, mean)] if items else [])
    writes = sum(_write_units(after) for _, after in looked if after) / len(looked) if looked else 0.0
    reads = _read_units(table_bytes, consistent=consistent) if items else 0.0
    return JobEstimate(items, table_bytes, reads, items * writes * (1 + indexes), sampled=len(sample))


def with_limit(estimate: JobEstimate, limit: int | None, sent_each: float) -> JobEstimate:
    """The same of a job that is done after ``limit`` items: the part of it that has so many. ``sent_each`` is how many
    items are sent for each that is read."""
    if limit is None or not estimate.items or not sent_each:
        return estimate
    part = min(1.0, limit / (estimate.items * sent_each))
    return replace(
        estimate,
        items=ceil(estimate.items * part),
        bytes=ceil(estimate.bytes * part),
        read_units=estimate.read_units * part,
        write_units=estimate.write_units * part,
    )


def with_time(estimate: JobEstimate, *, read_rate: float | None = None, write_rate: float | None = None) -> JobEstimate:
    """The same with seconds at a pace: the slower side decides. None or ``inf`` is no limit on that side."""
    sides = [(estimate.read_units, read_rate), (estimate.write_units, write_rate)]
    times = [units / rate for units, rate in sides if rate is not None and rate != inf]
    return replace(estimate, seconds=max(times) if times else None)


def with_cost(estimate: JobEstimate, prices: Mapping[str, float | None]) -> JobEstimate:
    """The same with dollars on demand. ``prices``: ``million_read_units`` and ``million_write_units``, None unknown."""
    read, write = prices.get("million_read_units"), prices.get("million_write_units")
    if (read is None and estimate.read_units) or (write is None and estimate.write_units):
        return replace(estimate, dollars=None)
    return replace(
        estimate, dollars=(estimate.read_units * (read or 0.0) + estimate.write_units * (write or 0.0)) / 1_000_000
    )


def remaining_seconds(done: int, total: int, elapsed: float) -> float | None:
    """Seconds that are left at the speed so far; None before anything was done."""
    if done <= 0 or elapsed <= 0:
        return None
    return max(0, total - done) * elapsed / done
