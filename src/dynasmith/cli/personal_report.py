"""What became of personal values, in lines of a report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dynasmith.items.personal_counts import Personal


def personal_lines(personal: Personal) -> Iterator[str]:
    """What became of the values of each personal attribute, a line each."""
    for name, counts in personal.items():
        ends = [(counts.masked, "masked"), (counts.dropped, "dropped"), (counts.passed, "passed as they were")]
        text = ", ".join(f"{count:,} {word}" for count, word in ends if count)
        yield f"Personal values of {name}: {text or 'none'}."
