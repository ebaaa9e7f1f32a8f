"""The journal of a job that keeps none: an undo, or a backfill that was told so."""

from collections.abc import Callable, Sequence

from dynasmith.ports.journal import JournalEntry, JournalEntryId


class NoJournal:
    """Keeps nothing."""

    async def begin(self, segment: int, mark: bytes) -> Sequence[JournalEntry]:  # noqa: ARG002  # the port's words
        """Nothing was kept."""
        return ()

    def guard(self, check: Callable[[], None]) -> None:
        """Nothing is written."""

    async def append(self, segment: int, changes: Sequence[bytes]) -> Sequence[JournalEntryId]:  # noqa: ARG002
        """Ids of nothing."""
        return [JournalEntryId(0, number) for number in range(len(changes))]

    def void(self, segment: int, ids: Sequence[JournalEntryId]) -> None:
        """Nothing to void."""

    async def mark(self, segment: int) -> bytes:  # noqa: ARG002
        """Nothing to promise."""
        return b""

    async def close(self) -> None:
        """Nothing is open."""
