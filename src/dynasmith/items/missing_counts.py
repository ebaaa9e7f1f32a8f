"""How many items lack the attribute by which a sample is taken."""

from __future__ import annotations

import msgspec


class MissingCounts(msgspec.Struct, frozen=True):
    """Items without one value of the attribute by which a sample is taken. ``a + b`` adds them up."""

    #: Left out, because the sample drops such items.
    dropped: int = 0
    #: Copied, because the sample keeps them.
    kept: int = 0

    def __add__(self, other: MissingCounts) -> MissingCounts:
        return MissingCounts(self.dropped + other.dropped, self.kept + other.kept)


NONE_MISSING = MissingCounts()
