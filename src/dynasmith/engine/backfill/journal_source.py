"""A journal as the source of an undo: newest frame first, each item looked at as it is now."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from msgspec import Raw
from msgspec.structs import replace

from dynasmith.engine.backfill.concurrent_edits import EditNotes
from dynasmith.engine.backfill.worker_journal import RemoteJournalReader
from dynasmith.errors import AccessDenied
from dynasmith.items.key import Key, KeySchema, encode_key, key_of
from dynasmith.items.size import item_bytes, read_units
from dynasmith.items.wire import attributes
from dynasmith.ports.items import DeadLetter, Item, Lookup, Page
from dynasmith.ports.remote_reference import RemoteReference
from dynasmith.ports.updates import ItemChange, decode_change, encode_change, same_attributes

PAGE_ENTRIES = 500


class JournalSource:
    """A journal, newest frame first, several frames a page. A start is the place of a frame in its segment's file.

    The items of a page are looked at as they are now, so that what others did to them can be told; a role that may not
    read them gets its undo all the same.
    """

    def __init__(
        self,
        kept_journal: RemoteJournalReader,
        segments: int,
        key: KeySchema,
        notes: EditNotes,
        lookup: Lookup | None,
    ) -> None:
        self._kept = kept_journal
        self._segments = segments
        self._key = key
        self._notes = notes
        self._lookup = lookup

    @property
    def segments(self) -> int:
        """As many as the backfill had."""
        return self._segments

    async def read(self, segment: int, start: bytes | None) -> Page:
        """Some frames, without what was surely not written. A damaged one is a dead letter.

        A page has each key once: an item that was rewritten twice is put back in two pages, one after the other.
        """
        place = await self._kept.last(segment) if start is None else int(start)
        changes: dict[Key, ItemChange] = {}
        dead: list[DeadLetter] = []
        while place is not None and len(changes) < PAGE_ENTRIES:
            frame = await self._kept.read(segment, place)
            found = {key_of(change.before, self._key): change for change in map(decode_change, frame.entries)}
            if not changes.keys().isdisjoint(found):
                break
            changes |= found
            if frame.damage:
                dead.append(DeadLetter(code="journal", reason=frame.damage, place=f"segment {segment}"))
            place = frame.before
        following = None if place is None else str(place).encode()
        current = await self._current(segment, list(changes))
        entries = [
            encode_change(replace(change, others=_beside(change, current[key])) if key in current else change)
            for key, change in changes.items()
        ]
        units = sum(read_units(item_bytes(item), consistent=True) for item in current.values())
        return Page(items=entries, next=following, read=len(entries), units=units, dead=tuple(dead))

    async def _current(self, segment: int, keys: Sequence[Key]) -> dict[Key, Item]:
        """The items as they are now; none where the role may not read them."""
        if self._lookup is None or not keys:
            return {}
        try:
            found = await self._lookup.get([encode_key(key, self._key) for key in keys])
        except AccessDenied:
            self._notes.unseen(segment)
            return {}
        return {key_of(item, self._key): item for item in found}

    async def close(self) -> None:
        """Close the connections of the looks."""
        if self._lookup is not None:
            await self._lookup.close()


def _beside(change: ItemChange, current: Item) -> tuple[str, ...]:
    """The attributes that are not as the backfill left them, of those that it did not write."""
    if change.kind != "update":
        return ()
    after, now = attributes(change.after), attributes(current)
    names = (after.keys() | now.keys()) - set(change.names)
    return tuple(sorted(name for name in names if not _same(name, after, now)))


def _same(name: str, after: Mapping[str, Raw], now: Mapping[str, Raw]) -> bool:
    return name in after and same_attributes({name: after[name]}, now)


@dataclass(frozen=True, slots=True)
class OpenJournalSource:
    """Opens a JournalSource. ``journal`` is asked over the line by a worker, and here by the job itself."""

    journal: RemoteReference
    segments: int
    key: KeySchema
    lookup: Callable[[], Awaitable[Lookup]]

    async def opened(self, notes: EditNotes) -> JournalSource:
        """Open it on the running loop; what is seen of others is noted."""
        reader = RemoteJournalReader(self.journal)
        return JournalSource(reader, self.segments, self.key, notes, await self.lookup())
