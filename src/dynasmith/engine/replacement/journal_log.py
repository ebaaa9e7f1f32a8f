"""A `RecordLog` over an undo journal: appended, forced to the disk, checked frame by frame, in a folder or in S3."""

import asyncio
from collections.abc import Callable, Sequence

from dynasmith.ports.journal import UndoJournal


class JournalLog:
    """Keeps `dynasmith.ports.record_log.RecordLog` in one segment of a journal. ``guard`` is called
    before each write."""

    def __init__(
        self,
        journal: UndoJournal,
        guard: Callable[[], None],
        loop_factory: Callable[[], asyncio.AbstractEventLoop],
        segment: int = 0,
    ) -> None:
        self._journal, self._segment = journal, segment
        self._loop = loop_factory()
        journal.guard(guard)

    def read(self) -> Sequence[bytes]:
        """Every entry that was kept; what a kill cut is taken off."""
        return [entry.change for entry in self._loop.run_until_complete(self._journal.begin(self._segment, b""))]

    def append(self, entries: Sequence[bytes]) -> None:
        """Keep entries, all or none."""
        self._loop.run_until_complete(self._journal.append(self._segment, entries))

    def close(self) -> None:
        """Close the journal, and the loop on which it is written."""
        try:
            self._loop.run_until_complete(self._journal.close())
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
        finally:
            self._loop.close()
