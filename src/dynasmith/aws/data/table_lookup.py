"""Items of a table by their keys, opened here or in a worker."""

from collections.abc import Sequence
from dataclasses import dataclass

from dynasmith.aws.data.calls import Calls
from dynasmith.aws.data.service_endpoint import OpenCalls
from dynasmith.errors import Throttled
from dynasmith.ports.items import Item

BATCH_KEYS_MAX = 100
"""Keys of a BatchGetItem (API reference, BatchGetItem)."""
LOOKUP_TRIES_MAX = 50


class TableLookup:
    """Items of one table by their keys, read strongly."""

    def __init__(self, calls: Calls, table: str) -> None:
        self._calls = calls
        self._table = table

    async def get(self, keys: Sequence[bytes]) -> Sequence[Item]:
        """The items that there are, in any order. What the service leaves unread is asked for again."""
        found: list[Item] = []
        for start in range(0, len(keys), BATCH_KEYS_MAX):
            left: Sequence[Item] = keys[start : start + BATCH_KEYS_MAX]
            attempt = 0
            while left:
                reply = await self._calls.batch_get(self._table, left, consistent=True)
                found += reply.items
                left = reply.left
                if left and attempt == LOOKUP_TRIES_MAX:
                    raise Throttled(f"Table {self._table} left keys unread {attempt} times.", operation="BatchGetItem")
                if left:
                    await self._calls.back_off(attempt)
                attempt += 1
        return found

    async def close(self) -> None:
        """Close the connections."""
        await self._calls.exchange.close()


@dataclass(frozen=True, slots=True)
class OpenTableLookup:
    """Opens reads of ``table`` by key."""

    door: OpenCalls
    table: str

    async def __call__(self) -> TableLookup:
        """Open it on the running loop."""
        return TableLookup(await self.door.calls(lambda _throttles: None), self.table)
