"""The items of a table that a deletion leaves: those whose keys other files have."""

import asyncio
from collections.abc import Sequence
from itertools import count

from dynasmith.items.key import KeySchema, key_bytes, key_of
from dynasmith.ports.duplicate_keys import KeyEntry, KeyStore
from dynasmith.ports.items import Item, OpenSource

_FILES, _TABLE = 0, 1


class SparedKeys:
    """The keys of ``source``, read when they are first needed, into ``store``: hashes, on disk where they are many.

    Reads the whole source once a run.
    """

    def __init__(self, source: OpenSource, key: KeySchema, store: KeyStore) -> None:
        self._source, self._key, self._store = source, key, store
        self._numbers = count()
        self._lock = asyncio.Lock()
        self._is_read = False

    async def beyond(self, items: Sequence[Item]) -> list[int]:
        """The numbers of the items whose keys the files do not have."""
        async with self._lock:
            if not self._is_read:
                await self._read()
                self._is_read = True
            met = self._store.meet(_TABLE, None, None, self._entries(items))
        return [number for number in range(len(items)) if number not in met or met[number].segment != _FILES]

    async def _read(self) -> None:
        source = await self._source(lambda _units: None)  # files are never throttled
        try:
            for segment in range(source.segments):
                start: bytes | None = None
                while True:
                    page = await source.read(segment, start)
                    self._store.meet(_FILES, None, None, self._entries(page.items))
                    if page.next is None:
                        break
                    start = page.next
        finally:
            await source.close()

    def _entries(self, items: Sequence[Item]) -> list[KeyEntry]:
        return [KeyEntry(key_bytes(key_of(item, self._key)), next(self._numbers), 0) for item in items]
