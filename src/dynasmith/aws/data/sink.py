"""A table as a sink: batches of puts, or conditional puts where the mode asks for them."""

from collections.abc import Sequence

from dynasmith.aws.data.calls import Calls, Refused, as_error, throttles_of
from dynasmith.aws.data.conditional_puts import ConditionalPuts, dead
from dynasmith.aws.data.request_bodies import batch_write_body
from dynasmith.aws.errors.codes import meaning_of
from dynasmith.items.key import KeySchema
from dynasmith.items.wire import Units
from dynasmith.jobs.options import Mode
from dynasmith.jobs.steer import held_back
from dynasmith.ports.items import Item, Outcome, merged, total
from dynasmith.ports.permit import Halted

BATCH_ITEMS_MAX = 25
"""Requests of a BatchWriteItem (API reference, BatchWriteItem)."""
BODY_BYTES_MAX = 12 * 1024 * 1024
"""Wire bytes of one batch: the service takes 16 MB, and base64 and escapes are counted in."""


class TableSink:
    """Writes into ``table`` under ``mode``. ``key`` is the table's key schema.

    A write with ``only_new`` is conditional on the absence of another item with the key: for transforms that change
    keys, where two items must never silently become one (the second is dead with the code ``collision``).
    """

    def __init__(
        self, calls: Calls, table: str, key: KeySchema, *, mode: Mode | None = None, statements: bool | None = None
    ) -> None:
        self._calls = calls
        self._table = table
        self._mode = mode or Mode()
        self._conditional = ConditionalPuts(calls, table, key, self._mode, statements=statements)

    @property
    def batch_items(self) -> int:
        """Items a batch holds at most."""
        return BATCH_ITEMS_MAX

    async def begin(self, segment: int, mark: bytes) -> bool:  # noqa: ARG002  # a table needs no mark to go on
        """Nothing to prepare: what was acknowledged stands in the table."""
        return True

    async def mark(self, segment: int) -> bytes:  # noqa: ARG002
        """Nothing to keep."""
        return b""

    async def finish(self, digest: str) -> None:
        """Nothing to finish."""

    async def close(self) -> None:
        """Close the connections."""
        await self._calls.exchange.close()

    async def write(self, segment: int, items: Sequence[Item], *, only_new: bool = False) -> Outcome:  # noqa: ARG002
        """Write one batch of distinct keys; returns when each of its items is written, standing, skipped or dead, or
        when the run stops: the outcome then speaks of those that have an answer."""
        if self._mode.kind == "overwrite" and not only_new:
            return await self._put_batch(items)
        return await self._conditional.write(items, only_new=only_new)

    # --- batches ------------------------------------------------------------------------------------------------------

    async def _put_batch(self, items: Sequence[Item]) -> Outcome:
        pending: Sequence[Item] = items
        retried, attempt, moved = 0, 0, self._calls.now()
        units: list[Units] = []
        while True:
            body = batch_write_body(self._table, pending)
            if len(body) > BODY_BYTES_MAX and len(pending) > 1:
                half = len(pending) // 2
                done = Outcome(written=len(items) - len(pending), retried=retried, units=total(units))
                return merged([done, await self._put_batch(pending[:half]), await self._put_batch(pending[half:])])
            try:
                reply = await self._of(len(pending) / len(items)).batch_write(self._table, body, pending)
            except Halted:
                return Outcome(written=len(items) - len(pending), retried=retried, units=total(units))
            except Refused as refused:
                rest = await self._after_refusal(pending, refused)
                done = Outcome(written=len(items) - len(pending), retried=retried, units=total(units))
                return merged([done, rest])
            units.append(reply.units)
            left = reply.left
            if not left:
                return Outcome(written=len(items), retried=retried, units=total(units))
            self._calls.heard(held_back(throttles_of((), "BatchWriteItem"), len(left) / len(items)))
            if len(left) < len(pending):
                attempt, moved = 0, self._calls.now()
            elif self._calls.now() - moved > self._calls.patience.throttled_seconds:
                over = dead(left, "throttled", f"left unprocessed for {self._calls.now() - moved:.0f} s")
                done = Outcome(written=len(items) - len(left), retried=retried, units=total(units))
                return merged([done, over])
            retried += len(left)
            pending = left
            try:
                moved += await self._calls.back_off(attempt, len(left))
            except Halted:
                return Outcome(written=len(items) - len(left), retried=retried, units=total(units))
            attempt += 1

    def _of(self, share: float) -> Calls:
        """The calls for a part of a batch: what throttles them holds back no more than that part."""
        return self._calls if share == 1.0 else self._calls.of_part(share)

    async def _after_refusal(self, items: Sequence[Item], refused: Refused) -> Outcome:
        """The service refuses a batch whole for one bad item: find it by writing them one by one."""
        if not meaning_of(refused.failure.code).one_item:
            raise as_error(refused, "BatchWriteItem", self._table) from refused
        if len(items) == 1:
            return dead(items, "refused", refused.failure.sentence)
        return merged([await self._put_batch([item]) for item in items])
