"""Items of a table by their keys, opened here or in a worker."""

from collections.abc import Sequence
from dataclasses import dataclass

from dynasmith.aws.data.calls import Calls, throttles_of
from dynasmith.aws.data.service_endpoint import OpenCalls
from dynasmith.errors import Throttled
from dynasmith.jobs.steer import Throttle, held_back
from dynasmith.ports.items import Item, Page, ThrottleListener

BATCH_KEYS_MAX = 100
"""Keys of a BatchGetItem (API reference, BatchGetItem)."""
LOOKUP_TRIES_MAX = 50
FULL_BYTES = 1_000_000
"""A reply that leaves keys unread may be full: 16 MB of items, or 1 MB of one partition (API reference, BatchGetItem).
One that holds less was throttled."""


class TableLookup:
    """Items of one table by their keys, read strongly."""

    def __init__(self, calls: Calls, table: str) -> None:
        self._calls = calls
        self._table = table

    async def get(self, keys: Sequence[bytes]) -> Sequence[Item]:
        """The items that there are, in any order. What the service leaves unread is asked for again."""
        return (await self.page(keys)).items

    async def page(self, keys: Sequence[bytes]) -> Page:
        """The same, with the read units that they took."""
        found: list[Item] = []
        units = 0.0
        for start in range(0, len(keys), BATCH_KEYS_MAX):
            left: Sequence[Item] = keys[start : start + BATCH_KEYS_MAX]
            attempt = 0
            while left:
                reply = await self._calls.batch_get(self._table, left, consistent=True)
                found += reply.items
                units += reply.units.total
                left = reply.left
                if left and attempt == LOOKUP_TRIES_MAX:
                    raise Throttled(f"Table {self._table} left keys unread {attempt} times.", operation="BatchGetItem")
                if left:
                    if sum(map(len, reply.items)) < FULL_BYTES:
                        self._calls.heard(held_back(throttles_of((), "BatchGetItem"), len(left) / len(keys)))
                    await self._calls.back_off(attempt)
                attempt += 1
        return Page(items=found, next=None, read=len(keys), units=units)

    async def close(self) -> None:
        """Close the connections."""
        await self._calls.exchange.close()


def _unheard(throttles: Sequence[Throttle]) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class OpenTableLookup:
    """Opens reads of ``table`` by key."""

    door: OpenCalls
    table: str

    async def __call__(self, heard: ThrottleListener = _unheard, /) -> TableLookup:
        """Open it on the running loop; ``heard`` is told of throttles."""
        return TableLookup(await self.door.calls(heard), self.table)
