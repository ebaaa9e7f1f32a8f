"""The undo journal: what a backfill is about to change, kept before it is sent, so that it can be put back."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from msgspec import Struct

from dynasmith.jobs.journal import JournalHead


class JournalEntryId(NamedTuple):
    """Where an entry stands in the journal of its segment: the frame's place, and its number in the frame."""

    frame: int
    number: int


class JournalEntry(Struct, frozen=True):
    """One change in the journal, as ``dynasmith.ports.updates.Change`` encodes it."""

    id: JournalEntryId
    change: bytes


class UndoJournal(Protocol):
    """Keeps changes before they are sent. Entries of one key stand in one segment, in the order they were made."""

    async def begin(self, segment: int, mark: bytes) -> Sequence[JournalEntry]:
        """Go on behind what ``mark`` promises; a tail that a kill cut is taken off.

        Gives the entries after the mark: their changes were perhaps sent, and the page that they belong to is done
        again. Raises CheckpointError where the journal does not hold what the mark promises.
        """
        ...

    def guard(self, check: Callable[[], None]) -> None:
        """Call ``check`` right before each write from now on, in any thread: what it raises ends the journal."""
        ...

    async def append(self, segment: int, changes: Sequence[bytes]) -> Sequence[JournalEntryId]:
        """Keep changes; they are on the disk when this returns. Raises RunError where they cannot be kept."""
        ...

    def void(self, segment: int, ids: Sequence[JournalEntryId]) -> None:
        """These changes were surely not written: an undo passes them over. Kept with the next append or mark."""
        ...

    async def mark(self, segment: int) -> bytes:
        """How far the segment's journal goes, for its checkpoint."""
        ...

    async def close(self) -> None:
        """Close it."""
        ...


class SegmentedJournal(UndoJournal, Protocol):
    """A journal whose segments come and go."""

    async def segments(self) -> Sequence[int]:
        """The segments that anything was kept in."""
        ...

    async def remove(self, segment: int) -> None:
        """Remove a segment with all that was kept in it. Killed in between, some of it may be left."""
        ...


class JournalFrame(Struct, frozen=True, kw_only=True):
    """One frame of a journal: its entries without those that were voided.

    ``before`` is the place of the frame before it, None for the first; ``damage`` says what could not be read of it.
    """

    entries: Sequence[bytes]
    before: int | None
    damage: str = ""


class JournalReader(Protocol):
    """A journal that is read back, newest first."""

    @property
    def head(self) -> JournalHead:
        """What the journal is of."""
        ...

    def last(self, segment: int) -> int | None:
        """The place of the segment's last frame; None where it has none."""
        ...

    def read(self, segment: int, frame: int) -> JournalFrame:
        """The frame at a place that ``last`` or another frame's ``before`` gave."""
        ...
