"""The log of a job: what a replacement captured, kept like an undo journal."""

from collections.abc import Iterable, Sequence
from typing import Protocol


class RecordLog(Protocol):
    """Entries in their order, each a JSON object or array. One process writes it, from one thread."""

    def read(self) -> Sequence[bytes]:
        """Every entry that was kept, before the first append; what a kill cut is taken off. Raises CheckpointError."""
        ...

    def append(self, entries: Sequence[bytes]) -> None:
        """Keep entries, all or none; they are on the disk when this returns. Raises RunError."""
        ...

    def replace(self, batches: Iterable[Sequence[bytes]]) -> None:
        """Keep these entries in place of all that were kept, batch by batch. Killed anywhere, either all of the ones or
        all of the others are read. Raises RunError."""
        ...

    def close(self) -> None:
        """Close it."""
        ...
