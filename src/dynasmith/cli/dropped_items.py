"""What is said where nothing of what was read passed a sample or a transform."""

from __future__ import annotations

from dynasmith.cli.counts import counted
from dynasmith.jobs.counts import Counts


def nothing_passed(counts: Counts) -> str:
    """A warning where a sample or a transform left nothing of what was read; empty where something passed."""
    if counts.read == 0 or counts.dropped < counts.read + counts.fanned_out:
        return ""
    return (
        f"Warning: all {counted(counts.read, 'item')} were dropped. Do the attributes that the sample or the transform "
        "names have these names in the items?"
    )
