"""What a job did over time: sums at moments of its runs, and how far each part of its segments is.

It is a picture for people. A job never goes on from it, and one that is lost or a few seconds old costs nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final

import msgspec

from dynasmith.jobs.counts import Counts

SAMPLES_MAX: Final = 240
"""Samples that are kept: above it every second one goes, and they are taken half as often from then on."""
PARTS_MAX: Final = 240
"""Parts of the segments that are told apart: a job of fewer segments has one part a segment."""
RATE_SECONDS_MIN: Final = 0.4
"""Samples that are closer, as the last one of a run, tell no rate."""
RATE_SECONDS: Final = 5.0
"""The time over which the rate of now is measured."""


class ActivitySample(msgspec.Struct, frozen=True, array_like=True):
    """What a job had done at a time, over all its runs, and the limits of its pace then.

    ``at`` is in seconds since 1970 (UTC). A limit is in capacity units a second, None without one. ``begins`` says that
    a run began here: nothing is known of the time before it.
    """

    at: float
    read: int
    arrived: int
    read_units: float
    write_units: float
    throttled: int
    read_limit: float | None = None
    write_limit: float | None = None
    begins: bool = False


class SegmentsPart(msgspec.Struct, frozen=True, array_like=True):
    """Neighbouring segments: how many are at their end, how many were begun, what was read and throttled in them."""

    done: int = 0
    begun: int = 0
    read: int = 0
    throttled: int = 0


class JobActivity(msgspec.Struct, frozen=True, kw_only=True):
    """What a job did until ``at`` (UTC): it is kept every second, in a table or S3 every five, and when a run ends.

    ``counts`` hold each batch that was acknowledged, also of pages that are in no checkpoint yet. ``samples`` are
    oldest first, and ``parts`` in the order of the segments, the segments divided evenly. ``paused`` is whether the
    run waited, ``total_items`` an estimate, None where nobody knows.
    """

    at: datetime
    counts: Counts
    segments: int
    total_items: int | None = None
    paused: bool = False
    interval: float = 1.0
    samples: tuple[ActivitySample, ...] = ()
    parts: tuple[SegmentsPart, ...] = ()

    @property
    def items_per_second(self) -> float:
        """Items read a second, over the last seconds; 0 while it is paused."""
        return 0.0 if self.paused else _rate(self.samples, "read")

    @property
    def read_units_per_second(self) -> float:
        """Read units a second, over the last seconds."""
        return 0.0 if self.paused else _rate(self.samples, "read_units")

    @property
    def write_units_per_second(self) -> float:
        """Write units a second, over the last seconds."""
        return 0.0 if self.paused else _rate(self.samples, "write_units")

    @property
    def remaining_seconds(self) -> float | None:
        """Seconds that are left at the rate of the last minute; None where the total or the rate is unknown."""
        rate = _rate(self.samples, "read", 60.0)
        if self.paused or rate <= 0 or self.total_items is None or self.total_items < self.counts.read:
            return None
        return (self.total_items - self.counts.read) / rate

    def to_json(self) -> dict[str, Any]:
        """As ``--json`` shows it (contract)."""
        last = self.samples[-1] if self.samples else None
        return {
            "at": _utc(self.at),
            "per_second": {
                "items": round(self.items_per_second, 1),
                "read_units": round(self.read_units_per_second, 1),
                "write_units": round(self.write_units_per_second, 1),
            },
            "max_read_units": None if last is None else last.read_limit,
            "max_write_units": None if last is None else last.write_limit,
            "remaining_seconds": self.remaining_seconds,
            "samples": [
                {"at": _utc(datetime.fromtimestamp(each.at, UTC)), "read": each.read, "arrived": each.arrived}
                | {"read_units": each.read_units, "write_units": each.write_units, "throttled": each.throttled}
                | {"begins": each.begins}
                for each in self.samples
            ],
            "segments": [
                {"first": first, "segments": count, "done": part.done, "begun": part.begun}
                | {"read": part.read, "throttled": part.throttled}
                for (first, count), part in zip(ranges(self.segments), self.parts, strict=True)
            ],
        }


def ranges(segments: int) -> list[tuple[int, int]]:
    """The first segment of each part, and how many it has: parts of equal size, but for one segment."""
    parts = min(segments, PARTS_MAX)
    firsts = [-(-segments * part // parts) for part in range(parts + 1)]
    return [(first, after - first) for first, after in pairwise(firsts)]


def part_of(segment: int, segments: int) -> int:
    """The part that a segment is in."""
    return segment * min(segments, PARTS_MAX) // segments


def rates(samples: Sequence[ActivitySample], name: str) -> list[tuple[float, float | None]]:
    """The rate of a sum between each sample and the one before it, at the time of the later one; None where a run began
    and the time before it is a gap."""
    found: list[tuple[float, float | None]] = []
    for before, after in pairwise(samples):
        seconds = after.at - before.at
        if after.begins:
            found.append((after.at, None))
        elif seconds >= RATE_SECONDS_MIN:
            found.append((after.at, max(0.0, getattr(after, name) - getattr(before, name)) / seconds))
    return found


def thinned(samples: Sequence[ActivitySample]) -> tuple[ActivitySample, ...]:
    """About half of the samples: every second one, and each with which a run begins or ends."""
    kept = []
    for number, sample in enumerate(samples):
        ends = number + 1 == len(samples) or samples[number + 1].begins
        if number % 2 == 0 or sample.begins or ends:
            kept.append(sample)
    return tuple(kept)


def encode_activity(activity: JobActivity) -> bytes:
    """As a ledger keeps it: at most about 20 KB."""
    return msgspec.json.encode(activity)


def decode_activity(written: bytes | None) -> JobActivity | None:
    """The activity in these bytes; None where there is none, or one that this version cannot read."""
    if written is None:
        return None
    try:
        return msgspec.json.decode(written, type=JobActivity)
    except msgspec.MsgspecError:
        return None


def sample_of(counts: Counts, now: datetime, limits: tuple[float, float], *, begins: bool) -> ActivitySample:
    """A sample of now; limits are infinite where there is none."""
    read_limit, write_limit = (None if limit == float("inf") else round(limit, 1) for limit in limits)
    return ActivitySample(
        round(now.timestamp(), 3),
        counts.read,
        counts.arrived,
        round(counts.read_units, 1),
        round(counts.write_units, 1),
        counts.throttled,
        read_limit,
        write_limit,
        begins,
    )


def added(parts: Iterable[SegmentsPart]) -> SegmentsPart:
    """The sums of several parts."""
    done = begun = read = throttled = 0
    for part in parts:
        done, begun = done + part.done, begun + part.begun
        read, throttled = read + part.read, throttled + part.throttled
    return SegmentsPart(done, begun, read, throttled)


def _rate(samples: Sequence[ActivitySample], name: str, seconds: float = RATE_SECONDS) -> float:
    """The rate over the last ``seconds`` of the run that is the newest."""
    if not samples:
        return 0.0
    last = first = samples[-1]
    for sample in reversed(samples):
        first = sample
        if sample.begins or last.at - sample.at >= seconds:
            break
    elapsed = last.at - first.at
    return max(0.0, float(getattr(last, name) - getattr(first, name))) / elapsed if elapsed > 0 else 0.0


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
