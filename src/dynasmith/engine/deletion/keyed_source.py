"""The items of a table whose keys are in files: each key once, read strongly from the table."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from dynasmith.engine.backfill.unconfirmed_changes import UnconfirmedChanges
from dynasmith.engine.transfer.key_files import key_entries, meet_all
from dynasmith.items.key import KeySchema, encode_key, key_of
from dynasmith.items.size import item_bytes, read_units
from dynasmith.ports.duplicate_keys import KeyStore
from dynasmith.ports.items import Item, Lookup, Page, Source

MISSING, REPEATED = b"-", b"="
"""In place of the item of a key that the table does not have, and of a key that came before."""


@dataclass(slots=True)
class KeyedSource:
    """A page of the files as the items that the table has of their keys; MISSING and REPEATED for the others.

    Reads the files once more before the first page, so that a run that goes on knows which keys came before.
    ``unsure`` is what an interrupted run perhaps deleted: it is not there, and comes to its end in the counts.
    """

    files: Source
    lookup: Lookup
    store: KeyStore
    key: KeySchema
    unsure: UnconfirmedChanges
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _is_met: bool = False

    @property
    def segments(self) -> int:
        """One for each file."""
        return self.files.segments

    async def read(self, segment: int, start: bytes | None) -> Page:
        """A page of items."""
        async with self._lock:
            if not self._is_met:
                await meet_all(self.files, self.store, self.key)
                self._is_met = True
        page = await self.files.read(segment, start)
        repeated = self.store.meet(segment, start, page.next, key_entries(page, self.key))
        wanted = [encode_key(key_of(item, self.key), self.key) for item in page.items]
        asked = [each for number, each in enumerate(wanted) if number not in repeated]
        found = await self.lookup.get(asked) if asked else []
        there = {key_of(one.change.before, self.key): bytes(one.change.before) for one in self.unsure.pending(segment)}
        there |= {key_of(item, self.key): bytes(item) for item in found}
        items: list[Item] = [
            REPEATED if number in repeated else there.get(key_of(item, self.key), MISSING)
            for number, item in enumerate(page.items)
        ]
        return replace(page, items=items, units=lookup_units(found, len(asked)), places=())

    async def close(self) -> None:
        """Close the files and the table."""
        await self.files.close()
        await self.lookup.close()


def lookup_units(found: Sequence[Item], asked: int) -> float:
    """What strong reads of so many keys cost, by the sizes of what was found."""
    sizes = sum(read_units(item_bytes(bytes(item)), consistent=True) for item in found)
    return sizes + (asked - len(found)) * read_units(0, consistent=True)
