"""What an undo learns of others: which items they changed since, and whether in the attributes that it puts back.

Kept beside each checkpoint, as a journal's mark is, so that a killed undo forgets and doubles nothing that it
acknowledged.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from dynasmith.engine.backfill.no_journal import NoJournal
from dynasmith.jobs.report import Report
from dynasmith.ports.journal import JournalEntry

KEYS_KEPT = 10
"""Keys of each kind that a report shows; the counts are exact."""


class ConcurrentEdits(msgspec.Struct, frozen=True):
    """Items that others changed since the backfill.

    ``beside`` in attributes that the backfill did not write: they were put back, and what others wrote stays.
    ``left`` in those that it did: they stay as they are. Some keys of each, with the attributes. ``unseen``: the role
    may not read items, so that ``beside`` is not known.
    """

    beside: int = 0
    left: int = 0
    beside_keys: tuple[str, ...] = ()
    left_keys: tuple[str, ...] = ()
    unseen: bool = False

    def __add__(self, other: "ConcurrentEdits") -> "ConcurrentEdits":
        return ConcurrentEdits(
            self.beside + other.beside,
            self.left + other.left,
            (self.beside_keys + other.beside_keys)[:KEYS_KEPT],
            (self.left_keys + other.left_keys)[:KEYS_KEPT],
            self.unseen or other.unseen,
        )


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(ConcurrentEdits).decode


@dataclass(slots=True)
class EditNotes(NoJournal):
    """The notes of an undo, segment by segment; in the place of the journal that it does not keep."""

    of: dict[int, ConcurrentEdits] = field(default_factory=dict)

    async def begin(self, segment: int, mark: bytes) -> Sequence[JournalEntry]:
        """Go on with what was noted up to the mark."""
        self.of[segment] = _decode(mark) if mark else ConcurrentEdits()
        return ()

    async def mark(self, segment: int) -> bytes:
        """What was noted of this segment so far."""
        return _encode(self.of.get(segment, ConcurrentEdits()))

    def beside(self, segment: int, key: str, names: Sequence[str]) -> None:
        """Others changed other attributes of an item."""
        self._add(segment, ConcurrentEdits(beside=1, beside_keys=(f"{key}: {', '.join(names)}",)))

    def left(self, segment: int, key: str, names: Sequence[str]) -> None:
        """Others changed attributes that the backfill wrote."""
        self._add(segment, ConcurrentEdits(left=1, left_keys=(f"{key}: {', '.join(names)}",)))

    def unseen(self, segment: int) -> None:
        """The items cannot be looked at."""
        self._add(segment, ConcurrentEdits(unseen=True))

    @property
    def all(self) -> ConcurrentEdits:
        """What was noted of every segment."""
        return sum((self.of[segment] for segment in sorted(self.of)), ConcurrentEdits())

    def _add(self, segment: int, more: ConcurrentEdits) -> None:
        self.of[segment] = self.of.get(segment, ConcurrentEdits()) + more


@dataclass(frozen=True, slots=True)
class UndoReport(Report):
    """The end of an undo, with what others changed since."""

    others: ConcurrentEdits = ConcurrentEdits()  # noqa: RUF009  # frozen

    def to_json(self) -> dict[str, Any]:
        """The report's keys, and ``changed_since``: counts and some keys."""
        return {**Report.to_json(self), "changed_since": msgspec.to_builtins(self.others)}
