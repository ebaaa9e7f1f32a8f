"""Changes that an interrupted run kept in its journal and perhaps sent, and whose pages are done again."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from dynasmith.items.key import Key, KeySchema, key_of
from dynasmith.items.wire import RawItem
from dynasmith.ports.journal import Entry, EntryId
from dynasmith.ports.updates import Change, decode_change, stands


@dataclass(frozen=True, slots=True)
class Perhaps:
    """One entry behind the mark of its segment."""

    segment: int
    id: EntryId
    change: Change


@dataclass(slots=True)
class Unsure:
    """They are few: at most a page a segment. What became of one is known by a strong look at its item only: a scan
    may be late, and show an item as it was before its change.
    """

    key: KeySchema
    known: dict[Key, list[Perhaps]] = field(default_factory=dict)

    def add(self, segment: int, entries: Sequence[Entry]) -> None:
        """The entries of a segment behind its mark."""
        for entry in entries:
            change = decode_change(entry.change)
            self.known.setdefault(key_of(change.before, self.key), []).append(Perhaps(segment, entry.id, change))

    def written(self, item: RawItem) -> bool:
        """Whether an item that needs nothing looks as one of its changes left it: the interrupted run wrote it."""
        if not self.known:
            return False
        found = self.known.get(key_of(item, self.key), ())
        return any(stands(one.change, item) for one in found)

    def take(self, item: RawItem) -> Sequence[Perhaps]:
        """What is unsure of an item that, as it was read, must be changed again."""
        return self.known.pop(key_of(item, self.key), ()) if self.known else ()

    def settled(self, segment: int) -> None:
        """The page of a segment is acknowledged: nothing of it is unsure any more."""
        if self.known:
            left = {key: [one for one in found if one.segment != segment] for key, found in self.known.items()}
            self.known = {key: found for key, found in left.items() if found}


def disproved(earlier: Sequence[Perhaps], change: Change) -> list[EntryId]:
    """Those that were not written, now that ``change`` was: its condition held on all that they would have changed."""
    return [
        one.id
        for one in earlier
        if set(one.change.names) <= set(change.expected) and not stands(one.change, change.before)
    ]
