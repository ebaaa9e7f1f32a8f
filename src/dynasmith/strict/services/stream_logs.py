"""The logs of streams follow their tables: opened when a stream is turned on, closed when it is, or its table goes.

An engine keeps what it says of a stream, and forgets the records when it is restarted. So a stream that the endpoint
meets for the first time goes on under the ARN of the engine where the engine has records of it, and is a new stream,
with a new ARN, where it has none: no reader goes on in a stream that lost something.
"""

import math
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from dynasmith.strict.services.stream_marks import is_incomplete, mark_incomplete
from dynasmith.strict.state.effects import stream_label
from dynasmith.strict.state.state import Account, Stream, StrictTable
from dynasmith.strict.state.stream_log import StreamLog
from dynasmith.strict.wire.credentials import credentials_of
from dynasmith.strict.wire.http import Upstream
from dynasmith.strict.wire.messages import WireReply, WireRequest

STREAMS = b"DynamoDBStreams_20120810."


def follow_stream(account: Account, table: StrictTable, now: float, at: float) -> None:
    """Let the logs be as the table says: one is open where its stream is on, every other one of it is off.
    ``now`` is on the endpoint's clock, ``at`` is stream time."""
    on = table.stream.arn if table.stream.view is not None and table.status != "DELETING" else None
    ready = max((one.due for one in table.pending if one.what == "active"), default=now)
    for log in account.streams.values():
        if log.table == table.name and log.arn != on:
            log.disable(ready, at)
    if on is not None and (on not in account.streams or account.streams[on].disabled_at is not None):
        while on in account.streams:
            # A clock that stands still gives one label twice, the service never does.
            now += 0.001
            table.stream.label = stream_label(now)
            on = table.stream.arn = f"{table.arn}/stream/{table.stream.label}"
        log = StreamLog(
            arn=on,
            label=str(table.stream.label),
            table=table.name,
            view=str(table.stream.view),
            key_schema=table.key_schema,
            created_at=now,
            enabled_at=ready,
        )
        log.begin(at)
        account.streams[on] = log


def open_log(account: Account, table: StrictTable, now: float) -> StreamLog | None:
    """The log that a change of the table goes to now; None where there is none."""
    log = account.streams.get(str(table.stream.arn)) if table.stream.view is not None else None
    return log if log is not None and log.is_open(now) else None


async def adopt_stream(upstream: Upstream, account: Account, table: StrictTable, now: float, at: float) -> None:
    """Take over the stream of a table that was there before the endpoint: with the records that the engine has of it,
    or as a new stream."""
    if table.stream.view is None:
        return

    async def ask(operation: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return await _asked(upstream, account, b"DynamoDB_20120810." + operation.encode(), body)

    engine_arn = str(table.stream.arn)
    incomplete = await is_incomplete(ask, table.arn, engine_arn)
    kept = [] if incomplete else await _kept_records(upstream, account, engine_arn)
    if not kept:
        lose_records(account, table, at)
        if not incomplete:
            # The engine's name never comes back, whatever records it makes from now on.
            await mark_incomplete(ask, table.arn, engine_arn)
    # Another call may have adopted the table meanwhile; its log stays.
    if table.name in account.tables:
        return
    follow_stream(account, table, now, at)
    log, real = account.streams[str(table.stream.arn)], time.time()
    log.marked = not kept
    if kept:
        log.shards[0].first = int(kept[0]["dynamodb"]["SequenceNumber"])
    for one in kept:
        said = {name: value for name, value in one.items() if name != "eventSourceARN"}
        number, made = int(one["dynamodb"]["SequenceNumber"]), _made(one, real)
        record = {**said["dynamodb"], "SequenceNumber": str(number), "ApproximateCreationDateTime": float(int(made))}
        log.numbered = max(log.numbered, number)
        partition = msgspec.json.encode(record["Keys"].get(table.partition_key)).decode()
        log.add(partition, number, at - max(0.0, real - made), {**said, "dynamodb": record})


def lose_records(account: Account, table: StrictTable, at: float) -> None:
    """Give the stream of a table a new ARN; what there was under the old one is gone."""
    account.streams.pop(str(table.stream.arn), None)
    # Clocks of endpoints begin with a whole second: what is left of it in real time tells those of one second apart.
    label = stream_label(math.floor(at) + time.time() % 1)
    while label == table.stream.label:
        label = stream_label(math.floor(at) + time.time() % 1)
    table.stream = Stream(table.stream.view, label, f"{table.arn}/stream/{label}", table.stream.engine_arn)


def _made(record: Mapping[str, Any], now: float) -> float:
    said = record["dynamodb"].get("ApproximateCreationDateTime", now)
    return float(said) if isinstance(said, (int, float)) else datetime.fromisoformat(str(said)).timestamp()


async def _kept_records(upstream: Upstream, account: Account, arn: str) -> list[dict[str, Any]]:
    """The records that the engine has of a stream, oldest first; none where it does not know it."""

    async def ask(operation: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return await _asked(upstream, account, STREAMS + operation.encode(), body)

    described = await ask("DescribeStream", {"StreamArn": arn})
    found: list[dict[str, Any]] = []
    for shard in (described.get("StreamDescription") or {}).get("Shards") or ():
        asked = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = (await ask("GetShardIterator", asked)).get("ShardIterator")
        while iterator:
            said = await ask("GetRecords", {"ShardIterator": iterator, "Limit": 1000})
            records = said.get("Records") or []
            found += records
            iterator = said.get("NextShardIterator") if records else None
    return sorted(found, key=lambda one: int(one["dynamodb"]["SequenceNumber"]))


async def _asked(upstream: Upstream, account: Account, target: bytes, body: Mapping[str, Any]) -> dict[str, Any]:
    """A call of the engine: its JSON, {} for a refusal."""
    headers = {
        **credentials_of(account.key),
        b"content-type": b"application/x-amz-json-1.0",
        b"x-amz-target": target,
    }
    return _json(await upstream.send(WireRequest(b"POST", b"/", headers, msgspec.json.encode(body))))


def _json(reply: WireReply) -> dict[str, Any]:
    if reply.status != 200:
        return {}
    try:
        value = msgspec.json.decode(reply.body)
    except msgspec.DecodeError:
        return {}
    return value if isinstance(value, dict) else {}
