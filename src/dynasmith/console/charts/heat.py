"""The segments of a job as a map of cells: how far each is, and where it was throttled. A million segments are 240."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from dynasmith.console.charts.scale import counted, figure
from dynasmith.jobs.activity import SegmentsPart, added, ranges

COLUMNS: Final = 24
"""Cells of a row."""
ROW_HEIGHT: Final = 18
"""Pixels of a row."""
ALMOST: Final = 0.96
"""How full a cell is drawn at most that is not done: its size is an estimate."""


def segments_map(segments: int, parts: Sequence[SegmentsPart], total_items: int | None) -> dict[str, Any]:
    """The cells of the segments of a job, in the order of the hashes of the keys, so that neighbours are stored side
    by side. ``total_items`` is an estimate, None where nobody knows.

    A cell says which segments it has, how many of them are done, what was read there and how often it was throttled.
    """
    whole = added(parts)
    hottest = max((part.throttled for part in parts), default=0)
    columns = min(COLUMNS, len(parts)) or 1
    cells = []
    for number, ((first, count), part) in enumerate(zip(ranges(segments), parts, strict=True)):
        share = _share(part, count, segments, total_items)
        cells.append(
            {
                "x": number % columns,
                "y": number // columns,
                "full": round(share, 3),
                "tone": "done" if part.done == count else "under-way" if part.begun else "left",
                "hot": 0 if not part.throttled else 1 + round(2 * part.throttled / hottest),
                "words": _words(first, count, part, share),
            }
        )
    return {
        "title": "Segments",
        "columns": columns,
        "rows": -(-len(cells) // columns),
        "height": -(-len(cells) // columns) * ROW_HEIGHT,
        "cells": cells,
        "segments": segments,
        "each": -(-segments // max(1, len(parts))),
        "done": whole.done,
        "under_way": whole.begun - whole.done,
        "left": segments - whole.begun,
        "throttled": whole.throttled,
        "about": f"{whole.done:,} of {counted(segments, 'segment')} done, {whole.begun - whole.done:,} under way, "
        f"{counted(whole.throttled, 'throttled request')}",
    }


def _share(part: SegmentsPart, count: int, segments: int, total_items: int | None) -> float:
    """How full a cell is, from 0 to 1; a segment that is under way counts half where nobody knows its size."""
    if part.done == count:
        return 1.0
    share = (part.done + 0.5 * (part.begun - part.done)) / count
    if total_items:
        share = max(part.done / count, part.read / (total_items * count / segments))
    return min(ALMOST, share)


def _words(first: int, count: int, part: SegmentsPart, share: float) -> str:
    which = f"Segment {first:,}" if count == 1 else f"Segments {first:,} to {first + count - 1:,}"
    if part.done == count:
        state = "done" if count == 1 else f"all {count:,} done"
    elif not part.begun:
        state = "not begun"
    elif count == 1:
        state = f"under way, about {100 * share:.0f} %"
    else:
        state = f"{part.done:,} of {count:,} done, {part.begun - part.done:,} under way"
    throttled = f", throttled {figure(part.throttled)} times" if part.throttled else ""
    return f"{which}: {state}, {part.read:,} items read{throttled}"
