"""Calls functions with the changes of streams, as Lambda's poller does: one task a mapping, one call at a time.

Where a call fails, the batch is split (bisection), tried again (retries), or given up to the destination (retries used
up, records too old). What a partial batch response does not name is done.
"""

import asyncio
import contextlib
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from dynasmith.strict.services.mappings.batches import halves, next_batch, too_old, window_start
from dynasmith.strict.services.mappings.engine_calls import measure_call, send_to
from dynasmith.strict.services.mappings.feeds import feed_of
from dynasmith.strict.services.mappings.invocation import FAILED, OK, CallOutcome, call_function, clock_text
from dynasmith.strict.services.mappings.mapping_tag import keep
from dynasmith.strict.services.world import LOG, StrictWorld
from dynasmith.strict.state.mappings import StreamFeed, StreamMapping, StreamRecord, WindowState
from dynasmith.strict.state.state import Account

EXHAUSTED: Final = "RetryAttemptsExhausted"
TOO_OLD: Final = "RecordAgeExceeded"
_TICK_SECONDS = 0.1
_PAUSE_SECONDS_FIRST = 0.1
_PAUSE_SECONDS_MAX = 10.0


class MappingStopped(Exception):
    """The mapping was disabled, changed or deleted while a batch was under way; it is begun again later."""


def start(world: StrictWorld, account: Account, mapping: StreamMapping) -> None:
    """Begin to call the function of a mapping, until it is deleted."""
    work = MappingPoller(world, account, mapping).run()
    world.callers[mapping.uuid] = asyncio.get_running_loop().create_task(work)


class MappingPoller:
    """The work of one mapping."""

    def __init__(self, world: StrictWorld, account: Account, mapping: StreamMapping) -> None:
        self._world, self._account, self._mapping = world, account, mapping
        self._version = 0

    async def run(self) -> None:
        """Until the mapping is gone."""
        mapping = self._mapping
        while mapping.uuid in self._account.mappings:
            worked = False
            try:
                with contextlib.suppress(MappingStopped):
                    worked = await self._work()
                await keep(self._world, self._account, mapping)
            except OSError as error:
                LOG.debug("mapping %s: the engine does not answer: %s", mapping.uuid, error)
            except Exception:  # noqa: BLE001 - a fault of one mapping must not end the others
                LOG.exception("mapping %s failed", mapping.uuid)
                mapping.result = "PROBLEM: The strict endpoint itself failed"
            if not worked:
                await self._rest()

    async def _rest(self) -> None:
        mapping = self._mapping
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(mapping.news.wait(), _TICK_SECONDS)
        mapping.news.clear()

    def _check(self) -> None:
        """Raise MappingStopped unless the mapping is as it was when the batch began."""
        mapping, now = self._mapping, self._world.clock.time()
        stays = mapping.uuid in self._account.mappings and mapping.state(now) == "Enabled"
        if not stays or mapping.version != self._version:
            raise MappingStopped

    async def _work(self) -> bool:
        """One batch. False where there is nothing to do now."""
        mapping = self._mapping
        self._version = mapping.version
        self._check()
        feed = self._feed()
        batch = next_batch(mapping, feed)
        now = self._world.stream_time()
        if await self._end_window(batch.records, feed, now):
            return True
        if not batch.records:
            moved = mapping.position != batch.end
            mapping.position = batch.end
            return moved
        waits = int(mapping.option("MaximumBatchingWindowInSeconds"))
        if not batch.full and now - batch.records[0].made_at < waits:
            return False
        mapping.position = batch.records[0].place
        await self._deliver(batch.records, feed, 0)
        mapping.position = batch.end
        return True

    def _feed(self) -> StreamFeed:
        return feed_of(self._account, self._mapping.stream)

    async def _deliver(self, batch: Sequence[StreamRecord], feed: StreamFeed, attempts: int) -> None:
        """Until each record of a batch is done or given up. ``attempts`` were made before."""
        mapping = self._mapping
        while True:
            self._check()
            old = too_old(batch, mapping, self._world.stream_time())
            if old:
                await self._give_up(batch[:old], feed, TOO_OLD, attempts, CallOutcome(0, error="Unhandled"))
                batch = batch[old:]
            if not batch:
                return
            outcome = await self._call(batch, feed)
            attempts += 1
            if outcome.failed is None:
                mapping.position = batch[-1].place + 1
                return
            batch = batch[outcome.failed :]
            mapping.position = batch[0].place
            if mapping.option("BisectBatchOnFunctionError") and len(batch) > 1:
                # Splitting a batch does not count towards the retries (Developer Guide of Lambda).
                for half in halves(batch):
                    await self._deliver(half, feed, attempts - 1)
                return
            retries = int(mapping.option("MaximumRetryAttempts"))
            if 0 <= retries < attempts:
                await self._give_up(batch, feed, EXHAUSTED, attempts, outcome)
                return
            await self._pause(attempts)

    async def _call(self, batch: Sequence[StreamRecord], feed: StreamFeed) -> CallOutcome:
        mapping = self._mapping
        seconds = int(mapping.option("TumblingWindowInSeconds") or 0)
        if seconds:
            start = window_start(batch[0], seconds)
            if mapping.window is None or mapping.window.start != start:
                mapping.window = WindowState(start)
        window = mapping.window if seconds else None
        outcome = await call_function(self._world, self._account, mapping, batch, feed.shard, window=window)
        mapping.result = OK if outcome.failed is None else FAILED
        age = self._world.stream_time() - batch[-1].made_at
        failed = bool(outcome.error)
        await measure_call(self._world, self._account, mapping.function, age_seconds=age, failed=failed)
        if window is not None and outcome.state is not None:
            window.state = outcome.state
        return outcome

    async def _end_window(self, waiting: Sequence[StreamRecord], feed: StreamFeed, now: float) -> bool:
        """The last call of a tumbling window that is over, with no records and the state of the window."""
        mapping, window = self._mapping, self._mapping.window
        seconds = int(mapping.option("TumblingWindowInSeconds") or 0)
        if window is None or not seconds:
            mapping.window = None
            return False
        inside = waiting and window_start(waiting[0], seconds) == window.start
        if inside or now < window.start + seconds:
            return False
        retries = int(mapping.option("MaximumRetryAttempts"))
        attempts = 0
        while True:
            self._check()
            outcome = await call_function(
                self._world, self._account, mapping, (), feed.shard, window=window, final=True
            )
            attempts += 1
            mapping.result = OK if outcome.failed is None else FAILED
            if outcome.failed is None or 0 <= retries < attempts:
                mapping.window = None
                return True
            await self._pause(attempts)

    async def _pause(self, attempts: int) -> None:
        """Wait before a batch is tried again, longer each time; also over when the clock is moved."""
        pause = min(_PAUSE_SECONDS_FIRST * 2 ** min(attempts, 10), _PAUSE_SECONDS_MAX)
        until = self._world.clock.flow() + pause
        while (left := until - self._world.clock.flow()) > 0:
            await asyncio.sleep(min(left, _TICK_SECONDS))
            self._check()

    async def _give_up(
        self, batch: Sequence[StreamRecord], feed: StreamFeed, condition: str, attempts: int, outcome: CallOutcome
    ) -> None:
        mapping, world = self._mapping, self._world
        mapping.position = batch[-1].place + 1
        if not mapping.destination:
            return
        at = datetime.fromtimestamp(world.stream_time(), UTC)
        text = failure_record(mapping, batch, feed, condition, attempts, outcome, at)
        if mapping.destination.split(":")[2] == "s3":
            text["payload"] = msgspec.json.encode({"Records": [one.said for one in batch]}).decode()
        key = f"aws/lambda/{mapping.uuid}/{feed.shard}/{at:%Y/%m/%d}/{at:%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"
        await send_to(world, self._account, mapping.destination, msgspec.json.encode(text).decode(), key)


def failure_record(
    mapping: StreamMapping,
    batch: Sequence[StreamRecord],
    feed: StreamFeed,
    condition: str,
    attempts: int,
    outcome: CallOutcome,
    at: datetime,
) -> dict[str, Any]:
    """What a destination gets (Lambda Developer Guide, "Retain discarded records", DDBStreamBatchInfo)."""
    response = {"statusCode": 200, "executedVersion": outcome.version}
    if outcome.error:
        response["functionError"] = outcome.error
    return {
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": mapping.function,
            "condition": condition,
            "approximateInvokeCount": attempts,
        },
        "responseContext": response,
        "version": "1.0",
        "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z",
        "DDBStreamBatchInfo": {
            "shardId": feed.shard,
            "startSequenceNumber": batch[0].number,
            "endSequenceNumber": batch[-1].number,
            "approximateArrivalOfFirstRecord": clock_text(batch[0].made_at),
            "approximateArrivalOfLastRecord": clock_text(batch[-1].made_at),
            "batchSize": len(batch),
            "streamArn": mapping.stream,
        },
    }
