"""Which records the next call of a function gets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from dynasmith.strict.rules.event_filters import matches
from dynasmith.strict.state.mappings import StreamFeed, StreamMapping, StreamRecord

PAYLOAD_BYTES_MAX: Final = 6 * 1024 * 1024
"""Lambda quotas, invocation payload; a batch is called for when it has so much, whatever its size."""


@dataclass(frozen=True, slots=True)
class RecordBatch:
    """The records of the next call, and the place behind what was looked at for them. ``full`` batches wait for
    nothing more."""

    records: tuple[StreamRecord, ...]
    end: int
    full: bool


def next_batch(mapping: StreamMapping, feed: StreamFeed) -> RecordBatch:
    """The next records that match the filters, as many as a batch takes, all of one tumbling window."""
    patterns = _patterns(mapping)
    window = int(mapping.option("TumblingWindowInSeconds") or 0)
    found: list[StreamRecord] = []
    size, end = 0, mapping.position
    for record in feed.since(mapping.position):
        if not patterns or any(matches(one, record.said) for one in patterns):
            if window and found and window_start(record, window) != window_start(found[0], window):
                return RecordBatch(tuple(found), end, full=True)
            size += len(msgspec.json.encode(record.said))
            if found and size > PAYLOAD_BYTES_MAX:
                return RecordBatch(tuple(found), end, full=True)
            found.append(record)
        end = record.place + 1
        if len(found) >= int(mapping.option("BatchSize")):
            return RecordBatch(tuple(found), end, full=True)
    return RecordBatch(tuple(found), end, full=False)


def window_start(record: StreamRecord, seconds: int) -> float:
    """When the tumbling window of a record begins."""
    return window_start_of(record.made_at, seconds)


def window_start_of(at: float, seconds: int) -> float:
    """When the tumbling window of a time begins."""
    return at // seconds * seconds


def too_old(records: Sequence[StreamRecord], mapping: StreamMapping, now: float) -> int:
    """How many of the first records are older than the mapping takes."""
    limit = int(mapping.option("MaximumRecordAgeInSeconds"))
    if limit < 0:
        return 0
    return next((place for place, one in enumerate(records) if now - one.made_at <= limit), len(records))


def halves(records: Sequence[StreamRecord]) -> tuple[Sequence[StreamRecord], Sequence[StreamRecord]]:
    """A batch, split in two."""
    middle = (len(records) + 1) // 2
    return records[:middle], records[middle:]


def _patterns(mapping: StreamMapping) -> list[Any]:
    filters = (mapping.option("FilterCriteria") or {}).get("Filters") or ()
    return [msgspec.json.decode(one["Pattern"]) for one in filters if one.get("Pattern")]
