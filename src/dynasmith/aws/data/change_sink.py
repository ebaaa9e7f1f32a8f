"""A table as the sink of changes: the new image of a key is put, a key without one is deleted."""

from collections.abc import Sequence
from typing import Final

import msgspec

from dynasmith.aws.data.calls import Calls, Refused, as_error, throttles_of
from dynasmith.aws.data.conditional_puts import dead
from dynasmith.aws.data.replies import NOTHING, batch_write_reply, units_of
from dynasmith.aws.data.request_bodies import batch_write_body
from dynasmith.aws.data.sink import BATCH_ITEMS_MAX, BODY_BYTES_MAX
from dynasmith.aws.data.unprocessed_items import requests_left
from dynasmith.aws.errors.codes import meaning_of
from dynasmith.items.wire import Units
from dynasmith.jobs.steer import held_back
from dynasmith.ports.items import Item, Outcome, merged, total
from dynasmith.ports.permit import Halted


class Change(msgspec.Struct, frozen=True):
    """A key, and the item that it has now, or nothing where it was deleted."""

    key: msgspec.Raw = msgspec.field(name="Keys")
    item: msgspec.Raw = msgspec.field(name="NewImage", default=NOTHING)


_decode: Final = msgspec.json.Decoder(Change).decode


class TableChangeSink:
    """Writes batches of changes of distinct keys into ``table``. Putting or deleting again what was done changes
    nothing, so a page that is done again after a kill does no harm."""

    def __init__(self, calls: Calls, table: str) -> None:
        self._calls = calls
        self._table = table

    @property
    def batch_items(self) -> int:
        """Changes that a batch holds at most."""
        return BATCH_ITEMS_MAX

    async def begin(self, segment: int, mark: bytes) -> bool:  # noqa: ARG002  # a table needs no mark to go on
        """Nothing to prepare."""
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
        """Write one batch; returns when each change is done or dead, or when the run stops."""
        return await self._batch([_decode(item) for item in items], items)

    async def _batch(self, changes: Sequence[Change], records: Sequence[Item]) -> Outcome:
        pending, of = list(changes), dict(zip(map(id, changes), records, strict=True))
        retried, attempt, moved = 0, 0, self._calls.now()
        units: list[Units] = []
        while True:
            done = Outcome(written=len(changes) - len(pending), retried=retried, units=total(units))
            body = _body(self._table, pending)
            if len(body) > BODY_BYTES_MAX and len(pending) > 1:
                half = len(pending) // 2
                parts = (pending[:half], pending[half:])
                return merged([done, *[await self._batch(part, [of[id(one)] for one in part]) for part in parts]])
            try:
                left, spent = await self._calls.of_part(len(pending) / len(changes)).send(
                    "BatchWriteItem", self._table, body, lambda reply, sent=pending: self._read(reply, sent),  # type: ignore[misc]
                    items=len(pending),
                )  # fmt: skip
            except Halted:
                return done
            except Refused as refused:
                return merged([done, await self._after_refusal(pending, of, refused)])
            units.append(spent)
            if not left:
                return Outcome(written=len(changes), retried=retried, units=total(units))
            self._calls.heard(held_back(throttles_of((), "BatchWriteItem"), len(left) / len(changes)))
            done = Outcome(written=len(changes) - len(left), retried=retried, units=total(units))
            if len(left) < len(pending):
                attempt, moved = 0, self._calls.now()
            elif self._calls.now() - moved > self._calls.patience.throttled_seconds:
                reason = f"left unprocessed for {self._calls.now() - moved:.0f} s"
                return merged([done, dead([of[id(one)] for one in left], "throttled", reason)])
            retried += len(left)
            pending = left
            try:
                moved += await self._calls.back_off(attempt, len(left))
            except Halted:
                return done
            attempt += 1

    def _read(self, reply: bytes, sent: Sequence[Change]) -> tuple[list[Change], Units]:
        found = batch_write_reply(reply)
        puts = [one.item for one in sent if one.item is not NOTHING and bytes(one.item)]
        deletes = [one.key for one in sent if not bytes(one.item)]
        left = {id(item) for item in requests_left(found, self._table, puts, deletes)} if found.unprocessed else set()
        return [one for one in sent if id(one.item) in left or id(one.key) in left], units_of(found.capacity)

    async def _after_refusal(self, changes: Sequence[Change], of: dict[int, Item], refused: Refused) -> Outcome:
        """The service refuses a batch whole for one bad item: find it by writing them one by one."""
        if not meaning_of(refused.failure.code).one_item:
            raise as_error(refused, "BatchWriteItem", self._table) from refused
        if len(changes) == 1:
            return dead([of[id(changes[0])]], "refused", refused.failure.sentence)
        return merged([await self._batch([one], [of[id(one)]]) for one in changes])


def _body(table: str, changes: Sequence[Change]) -> bytes:
    puts = [bytes(one.item) for one in changes if bytes(one.item)]
    deletes = [bytes(one.key) for one in changes if not bytes(one.item)]
    return batch_write_body(table, puts, deletes)
