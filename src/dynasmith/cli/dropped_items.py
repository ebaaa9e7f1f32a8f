"""What is said of items that a sample, a transform or a limit left out."""

from __future__ import annotations

from collections.abc import Iterator

from dynasmith.cli.counts import counted
from dynasmith.jobs.counts import Counts
from dynasmith.jobs.spec import Copy, Export, FunctionExport


def missing_lines(counts: Counts) -> Iterator[str]:
    """How many items lack the attribute by which a sample is taken, and what became of them."""
    missing = counts.sample_missing
    for count, word in ((missing.dropped, "dropped"), (missing.kept, "kept")):
        if count:
            lacking = "lacks" if count == 1 else "lack"
            yield f"Of the items read, {count:,} {lacking} the attribute that the sample is taken by: {word}."


def limit_line(spec: object, counts: Counts) -> str:
    """That a job ended at its limit; empty where it did not."""
    options = spec.options if isinstance(spec, Copy | Export | FunctionExport) else None
    if options is None or options.limit is None or counts.sent < options.limit:
        return ""
    return f"It ended at its limit of {counted(options.limit, 'item')}; there may be more."


def nothing_passed(counts: Counts) -> str:
    """A warning where a sample or a transform left nothing of what was read; empty where something passed."""
    if counts.read == 0 or counts.dropped < counts.read + counts.fanned_out:
        return ""
    return (
        f"Warning: all {counted(counts.read, 'item')} were dropped. Do the attributes that the sample or the transform "
        "names have these names in the items?"
    )
