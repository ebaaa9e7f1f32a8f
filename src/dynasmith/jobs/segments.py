"""Into how many segments a table is cut, and in which order they are read.

The number of segments of a job never changes: a LastEvaluatedKey means nothing under another TotalSegments.
"""

from typing import Final

from dynasmith.errors import UsageError
from dynasmith.limits import SCAN_MAX_SEGMENTS

#: A segment for each 64 MB: about a minute of reading at one page of 1 MB a second, so that a resume re-does little
#: and workers end together.
SEGMENT_BYTES: Final = 64 * 1024 * 1024
#: More than this many checkpoints buy nothing: 1,024 segments are far more than a process has requests in flight.
PLANNED_SEGMENTS_MAX: Final = 1024


def plan_segments(table_bytes: int, *, workers: int = 1, asked: int | None = None, elsewhere: bool = False) -> int:
    """How many segments a new job gets: ``asked`` where a person said, else by size, and at least one a worker.

    ``table_bytes`` may be hours old (TableSizeBytes); it only steers. Raises UsageError where ``asked`` is not 1 to
    1,000,000. A table of one page is one segment: more would only cost reads. Workers ``elsewhere`` have theirs at any
    size: that of a table that was filled today is 0, and nobody asks for machines to copy a page.
    """
    if asked is not None:
        if not 1 <= asked <= SCAN_MAX_SEGMENTS:
            raise UsageError(
                f"{asked} segments are not possible: a scan has 1 to {SCAN_MAX_SEGMENTS:,}.",
                hint="remove --segments to let dynasmith choose",
            )
        return asked
    by_size = -(-table_bytes // SEGMENT_BYTES)
    # A segment under a few pages costs more in half-empty pages than it gains.
    by_workers = workers if elsewhere else min(workers, -(-table_bytes // (1024 * 1024)))
    return max(1, min(PLANNED_SEGMENTS_MAX, max(by_size, by_workers)))


def interleaved(total: int) -> tuple[int, ...]:
    """Every segment once, neighbours far apart: workers that take them in this order read and write all over the table.

    A scan gives items in the order of their hash, and a copy writes them in that order, so segments taken in turn would
    heat one partition after the other. The order is that of reversed bits (van der Corput).
    """
    bits = max(1, (total - 1).bit_length())
    order = (int(f"{number:0{bits}b}"[::-1], 2) for number in range(1 << bits))
    return tuple(segment for segment in order if segment < total)
