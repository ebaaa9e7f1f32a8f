"""A table as a sink: batches of puts, or conditional puts where the mode asks for them."""

import asyncio
from collections.abc import Sequence
from time import monotonic

import msgspec

from dynasmith.aws.items.calls import Calls, PutOutcome, Refused, as_error, batch_write_body, throttles_of
from dynasmith.aws.items.replies import units_of
from dynasmith.errors import ConditionFailed
from dynasmith.items.digest import item_hash
from dynasmith.items.key import KeySchema, encode_key, format_key, key_of
from dynasmith.items.wire import Units, attributes
from dynasmith.ports.items import Dead, Item, Mode, Outcome, merged, total

BATCH_ITEMS_MAX = 25
"""Requests of a BatchWriteItem (API reference, BatchWriteItem)."""
BODY_BYTES_MAX = 12 * 1024 * 1024
"""Wire bytes of one batch: the service takes 16 MB, and base64 and escapes are counted in."""

_ITEM_FAULTS = frozenset(
    {"ValidationException", "ItemCollectionSizeLimitExceededException", "SerializationException", "ValidationError"}
)


class TableSink:
    """Writes into ``table`` under ``mode``. ``key`` is the table's key schema.

    A write with ``only_new`` is conditional on the absence of another item with the key: for transforms that change
    keys, where two items must never silently become one (the second is dead with the code ``collision``).
    """

    def __init__(self, calls: Calls, table: str, key: KeySchema, *, mode: Mode | None = None) -> None:
        self._calls = calls
        self._table = table
        self._key = key
        self._mode = mode or Mode()

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
        """Write one batch of distinct keys; returns when each of its items is written, standing, skipped or dead."""
        if self._mode.kind == "overwrite" and not only_new:
            parts = [await self._put_batch(items)]
        else:
            parts = list(await asyncio.gather(*(self._put_one(item, only_new) for item in items)))
        return merged(parts)

    # --- batches ------------------------------------------------------------------------------------------------------

    async def _put_batch(self, items: Sequence[Item]) -> Outcome:
        pending: Sequence[Item] = items
        retried, attempt, moved = 0, 0, monotonic()
        units: list[Units] = []
        while True:
            body = batch_write_body(self._table, pending)
            if len(body) > BODY_BYTES_MAX and len(pending) > 1:
                half = len(pending) // 2
                done = Outcome(written=len(items) - len(pending), retried=retried, units=total(units))
                return merged([done, await self._put_batch(pending[:half]), await self._put_batch(pending[half:])])
            try:
                reply = await self._calls.batch_write(self._table, body)
            except Refused as refused:
                rest = await self._after_refusal(pending, refused)
                done = Outcome(written=len(items) - len(pending), retried=retried, units=total(units))
                return merged([done, rest])
            units.append(units_of(reply.capacity))
            left = [r.put.item for requests in reply.unprocessed.values() for r in requests if r.put is not None]
            if not left:
                return Outcome(written=len(items), retried=retried, units=total(units))
            self._calls.heard(throttles_of((), "BatchWriteItem"))
            if len(left) < len(pending):
                attempt, moved = 0, monotonic()
            elif monotonic() - moved > self._calls.patience.throttled_seconds:
                dead = _dead(left, "throttled", f"left unprocessed for {monotonic() - moved:.0f} s")
                done = Outcome(written=len(items) - len(left), retried=retried, units=total(units))
                return merged([done, dead])
            retried += len(left)
            pending = left
            await self._calls.back_off(attempt)
            attempt += 1

    async def _after_refusal(self, items: Sequence[Item], refused: Refused) -> Outcome:
        """The service refuses a batch whole for one bad item: find it by writing them one by one."""
        if refused.failure.code not in _ITEM_FAULTS:
            raise as_error(refused, "BatchWriteItem", self._table) from refused
        if len(items) == 1:
            return _dead(items, "refused", refused.failure.sentence)
        return merged([await self._put_batch([item]) for item in items])

    # --- conditional puts ---------------------------------------------------------------------------------------------

    async def _put_one(self, item: Item, only_new: bool) -> Outcome:
        try:
            outcome = await self._calls.put(self._table, item, self._condition(item, only_new))
        except Refused as refused:
            if refused.failure.code not in _ITEM_FAULTS:
                raise as_error(refused, "PutItem", self._table) from refused
            return _dead([item], "refused", refused.failure.sentence)
        if outcome.done:
            return Outcome(written=1, units=outcome.units)
        return await self._after_condition(item, outcome, only_new)

    async def _after_condition(self, item: Item, outcome: PutOutcome, only_new: bool) -> Outcome:
        key = key_of(item, self._key)
        standing = outcome.existing
        if standing is None:  # this engine does not show what stood there
            standing = await self._calls.get(self._table, encode_key(key, self._key))
        if standing is not None and item_hash(standing) == item_hash(item):
            return Outcome(already=1, units=outcome.units)
        if only_new:
            reason = f"another item has the key {format_key(key, self._key)} already"
            return _dead([item], "collision", reason)
        if self._mode.kind == "fail-existing":
            raise ConditionFailed(
                f"Table {self._table} has another item with the key {format_key(key, self._key)}.",
                hint="--mode overwrite or skip-existing, or an empty target",
                operation="PutItem",
            )
        return Outcome(skipped=1, units=outcome.units, others=(bytes(item),))

    def _condition(self, item: Item, only_new: bool) -> bytes:
        names = {"#k": self._key.names[0]}
        expression, values = "attribute_not_exists(#k)", b""
        if self._mode.kind == "newer" and not only_new:
            ours = attributes(item).get(self._mode.attribute)
            if ours is not None:
                names["#a"] = self._mode.attribute
                expression += " OR #a < :v"
                values = b',"ExpressionAttributeValues":{":v":%b}' % bytes(ours)
        fixed = msgspec.json.encode(
            {
                "ConditionExpression": expression,
                "ExpressionAttributeNames": names,
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        )
        return b"," + fixed[1:-1] + values


def _dead(items: Sequence[Item], code: str, reason: str) -> Outcome:
    wires = tuple(bytes(item) for item in items)
    return Outcome(dead=tuple(Dead(code=code, reason=reason, item=wire) for wire in wires), others=wires)
