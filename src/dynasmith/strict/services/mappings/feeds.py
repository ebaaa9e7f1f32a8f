"""What streams hold, read once for all the mappings of a stream: with each write that passes, and once a second."""

import time
from datetime import datetime
from typing import Any

from dynasmith.strict.services.mappings.engine_calls import ask_streams
from dynasmith.strict.services.world import IncomingCall, StrictWorld, reply_json
from dynasmith.strict.state.mappings import StreamFeed, StreamRecord, table_of
from dynasmith.strict.state.state import Account

PULL_SECONDS = 1.0
_PAGE = 1_000


async def pull(world: StrictWorld, account: Account, feed: StreamFeed, made_at: float | None = None) -> None:
    """Read on to the end of the stream. What is new was made at ``made_at``, or now."""
    async with feed.lock:
        feed.pulled_at = time.monotonic()
        while not feed.gone:
            if not feed.iterator and not await _begin(world, account, feed):
                return
            reply = await ask_streams(world, account, "GetRecords", {"ShardIterator": feed.iterator, "Limit": _PAGE})
            said = reply_json(reply)
            if reply.status != 200:
                # It is older than 15 minutes, or the stream was deleted: begin again behind what was read.
                feed.iterator = ""
                return
            found = said.get("Records") or []
            at = world.stream_time() if made_at is None else made_at
            for one in found:
                record = {**one, "eventSourceARN": feed.arn}
                feed.records.append(StreamRecord(len(feed.records), record, at))
            feed.iterator = str(said.get("NextShardIterator") or "")
            feed.gone = not feed.iterator
            for mapping in account.mappings.values() if found else ():
                mapping.news.set()
            if len(found) < _PAGE:
                return


async def fed(world: StrictWorld, call: IncomingCall) -> None:
    """Read what a call has just written, so that its records are as old as the call."""
    for feed in tuple(call.account.feeds.values()):
        if table_of(feed.arn) in call.tables:
            await pull(world, call.account, feed)


async def feed_of(world: StrictWorld, account: Account, stream: str) -> StreamFeed:
    """The feed of a stream, read to its end. Records from before it was opened are as old as the engine says."""
    feed = account.feeds.get(stream)
    if feed is None:
        feed = account.feeds[stream] = StreamFeed(stream)
        await pull(world, account, feed)
        now = time.time()
        feed.records[:] = [
            StreamRecord(one.place, one.said, one.made_at - max(0.0, now - _made(one.said, now)))
            for one in feed.records
        ]
    else:
        await pull(world, account, feed)
    return feed


def _made(record: Any, now: float) -> float:
    said = record["dynamodb"].get("ApproximateCreationDateTime", now)
    return float(said) if isinstance(said, (int, float)) else datetime.fromisoformat(str(said)).timestamp()


async def _begin(world: StrictWorld, account: Account, feed: StreamFeed) -> bool:
    """An iterator behind what was read; False where there is no such stream now."""
    described = reply_json(await ask_streams(world, account, "DescribeStream", {"StreamArn": feed.arn}))
    shards = (described.get("StreamDescription") or {}).get("Shards") or []
    if not shards:
        return False
    feed.shard = str(shards[-1]["ShardId"])
    asked: dict[str, Any] = {"StreamArn": feed.arn, "ShardId": feed.shard, "ShardIteratorType": "TRIM_HORIZON"}
    if feed.records:
        asked |= {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": feed.records[-1].number}
    feed.iterator = str(
        reply_json(await ask_streams(world, account, "GetShardIterator", asked)).get("ShardIterator", "")
    )
    return bool(feed.iterator)
