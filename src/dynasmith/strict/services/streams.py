"""DynamoDB Streams: the endpoint's own, over every engine. Sources: botocore's model of the service and the Developer
Guide, "Change data capture for DynamoDB Streams".
"""

import itertools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec

from dynasmith.strict.rules.rule import JudgedRequest, Refusal
from dynasmith.strict.services.aws_backup.call import own_call
from dynasmith.strict.services.expiry import expire_due
from dynasmith.strict.services.policies import policy_denial
from dynasmith.strict.services.world import StrictWorld
from dynasmith.strict.state.describe import wire_keys
from dynasmith.strict.state.mappings import table_of
from dynasmith.strict.state.state import Account
from dynasmith.strict.state.stream_log import READERS_MAX, LoggedRecord, StreamLog, StreamShard
from dynasmith.strict.streams.positions import ITERATOR_SECONDS, IteratorPosition, read_position
from dynasmith.strict.wire.messages import WireReply, WireRequest, error_reply, value_reply

RECORDS_MAX: Final = 1_000
RECORDS_BYTES_MAX: Final = 1_048_576
"""API reference, GetRecords: "a maximum of 1 MB of data or 1000 stream records, whichever comes first"."""
PAGE_MAX: Final = 100
_AT: Final = ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER")
_readers = itertools.count(1)
Body = Mapping[str, Any]


async def answer_streams(world: StrictWorld, request: WireRequest) -> WireReply:
    """The reply of DynamoDB Streams."""
    operation = request.headers[b"x-amz-target"].rpartition(b".")[2].decode("latin-1")
    body = stream_body(request)
    if body is None:
        return error_reply("SerializationException", "Start of structure or map expected")
    answer = _ANSWERS.get(operation)
    if answer is None:
        return error_reply("UnknownOperationException", f"DynamoDB Streams has no operation {operation}")
    account = world.account_of(request)
    await expire_due(world, account)
    account.settle(world.clock.time())
    refusal = world.rules.judge(JudgedRequest(operation, body, None, account, world.clock.time()))
    if refusal is not None:
        return error_reply(refusal.code, refusal.message)
    _settle(world, account)
    names = [arn] if (arn := stream_arn(body)) else []
    denial = await policy_denial(world, request, account, operation, body, names)
    if denial is not None:
        return denial
    return await answer(world, account, body)


def stream_body(request: WireRequest) -> dict[str, Any] | None:
    """The JSON of a request, without members that are null; None for what is none."""
    try:
        value = msgspec.json.decode(request.body or b"{}")
    except msgspec.DecodeError:
        return None
    return {name: one for name, one in value.items() if one is not None} if isinstance(value, dict) else None


def stream_tables(request: WireRequest) -> tuple[str, ...]:
    """The table that a call is about, for the journal and for faults."""
    body = stream_body(request) or {}
    name = str(body.get("TableName") or table_of(stream_arn(body)))
    return (name,) if name else ()


def stream_arn(body: Body) -> str:
    """The ARN of the stream that a call names, itself or by its iterator; "" for none."""
    return str(body.get("StreamArn") or str(body.get("ShardIterator") or "").partition("|")[0])


def _settle(world: StrictWorld, account: Account) -> None:
    at = world.stream_time()
    for log in [one for one in account.streams.values() if one.expired(at)]:
        del account.streams[log.arn]
    for log in account.streams.values():
        log.settle(at)


async def _log(world: StrictWorld, account: Account, arn: str) -> StreamLog | None:
    """The log of a stream; that of a table which the endpoint has not seen yet is found with its table."""
    if arn not in account.streams:
        await world.table(own_call(world, account, "DescribeTable", {}), table_of(arn))
    return account.streams.get(arn)


def _no_stream(arn: str) -> WireReply:
    return error_reply("ResourceNotFoundException", f"Requested resource not found: Stream: {arn} not found")


async def list_streams(world: StrictWorld, account: Account, body: Body) -> WireReply:
    """ListStreams: those that are on, and those that were turned off less than 24 hours ago."""
    name = str(body.get("TableName") or "")
    for one in [name] if name else await world.table_names(account):
        await world.table(own_call(world, account, "DescribeTable", {}), one)
    found = sorted(log.arn for log in account.streams.values() if not name or log.table == name)
    start, limit = str(body.get("ExclusiveStartStreamArn") or ""), int(body.get("Limit") or PAGE_MAX)
    left = [arn for arn in found if arn > start]
    answer: dict[str, Any] = {
        "Streams": [
            {"StreamArn": arn, "TableName": log.table, "StreamLabel": log.label}
            for arn in left[:limit]
            for log in (account.streams[arn],)
        ]
    }
    if len(left) > limit:
        answer["LastEvaluatedStreamArn"] = left[limit - 1]
    return value_reply(answer)


async def describe_stream(world: StrictWorld, account: Account, body: Body) -> WireReply:
    """DescribeStream: its state and its shards, page by page; with a filter, the children of one shard."""
    arn = str(body["StreamArn"])
    log = await _log(world, account, arn)
    if log is None:
        return _no_stream(arn)
    now = world.clock.time()
    shards = list(log.shards)
    wanted = body.get("ShardFilter") or {}
    if wanted.get("Type") == "CHILD_SHARDS":
        shards = [one for one in shards if one.parent == wanted.get("ShardId")]
    start = body.get("ExclusiveStartShardId")
    if start is not None:
        # Ids begin with the time of their shard; one that was trimmed meanwhile still says where to go on.
        places = [place for place, one in enumerate(shards) if one.id == start]
        shards = shards[places[0] + 1 :] if places else [one for one in shards if one.id > str(start)]
    limit = min(PAGE_MAX, int(body.get("Limit") or PAGE_MAX))
    description: dict[str, Any] = {
        "StreamArn": log.arn,
        "StreamLabel": log.label,
        "StreamStatus": log.status(now),
        "StreamViewType": log.view,
        "CreationRequestDateTime": log.created_at,
        "TableName": log.table,
        "KeySchema": wire_keys(log.key_schema),
        "Shards": [_shard(one) for one in shards[:limit]],
    }
    if len(shards) > limit:
        description["LastEvaluatedShardId"] = shards[limit - 1].id
    world.poll([log.enabled_at if log.disabled_at is None else log.disabled_at], now)
    return value_reply({"StreamDescription": description})


def _shard(shard: StreamShard) -> dict[str, Any]:
    numbers = {"StartingSequenceNumber": str(shard.first)}
    if shard.last is not None:
        numbers["EndingSequenceNumber"] = str(shard.last)
    described: dict[str, Any] = {"ShardId": shard.id, "SequenceNumberRange": numbers}
    return described if shard.parent is None else {**described, "ParentShardId": shard.parent}


async def get_shard_iterator(world: StrictWorld, account: Account, body: Body) -> WireReply:
    """GetShardIterator: the place is fixed now, also that of TRIM_HORIZON and LATEST."""
    arn = str(body["StreamArn"])
    log = await _log(world, account, arn)
    shard = None if log is None else log.shard(str(body["ShardId"]))
    if log is None:
        return _no_stream(arn)
    if shard is None:
        return error_reply("ResourceNotFoundException", f"Requested resource not found: Shard: {body['ShardId']}")
    kind = body["ShardIteratorType"]
    if kind in _AT:
        place = int(body["SequenceNumber"]) + (kind == "AFTER_SEQUENCE_NUMBER")
        last = shard.end if shard.last is None else max(shard.last, shard.first)
        if not shard.first <= int(body["SequenceNumber"]) <= last:
            return error_reply("ValidationException", "Invalid SequenceNumber: it is not within the range of the shard")
        if int(body["SequenceNumber"]) <= shard.trimmed:
            return _trimmed()
    else:
        place = shard.horizon if kind == "TRIM_HORIZON" else shard.end
    position = IteratorPosition(shard.id, place, world.stream_time(), f"r{next(_readers)}", stream=arn)
    return value_reply({"ShardIterator": position.text()})


def _trimmed() -> WireReply:
    message = "The operation attempted to read past the oldest stream record in a shard"
    return error_reply("TrimmedDataAccessException", message)


async def get_records(world: StrictWorld, account: Account, body: Body) -> WireReply:
    """GetRecords: up to 1,000 records or 1 MB, and where to go on; nowhere at the end of a closed shard."""
    position = read_position(str(body["ShardIterator"]))
    if position is None:
        return error_reply("ValidationException", "Invalid ShardIterator")
    log = await _log(world, account, position.stream)
    shard = None if log is None else log.shard(position.shard)
    if log is None:
        return _no_stream(position.stream)
    refusal = _unreadable(world, account, log, shard, position)
    if refusal is not None or shard is None:
        return _trimmed() if refusal is None else error_reply(refusal.code, refusal.message)
    now = world.stream_time()
    found: list[LoggedRecord] = []
    size = 0
    for record in shard.since(position.at)[: int(body.get("Limit") or RECORDS_MAX)]:
        size += int(record.said["dynamodb"]["SizeBytes"])
        if (found and size > RECORDS_BYTES_MAX) or record.made_at > now - world.stream_lag_seconds:
            break
        found.append(record)
    end = found[-1].number + 1 if found else position.at
    answer: dict[str, Any] = {"Records": [one.said for one in found]}
    if shard.last is None or end < shard.end:
        on = msgspec.structs.replace(position, at=end, issued_at=now, reads_on=True)
        answer["NextShardIterator"] = on.text()
    return value_reply(answer)


def _unreadable(
    world: StrictWorld, account: Account, log: StreamLog, shard: StreamShard | None, position: IteratorPosition
) -> Refusal | None:
    """Why an iterator reads nothing now: it is too old, what it stands at is trimmed, or others read the shard."""
    now = world.stream_time()
    if now - position.issued_at > ITERATOR_SECONDS and world.rules.holds("stream-iterator-15-minutes"):
        return Refusal(
            "ExpiredIteratorException",
            "Iterator expired. The iterator was created more than 15 minutes ago and can no longer be used",
        )
    if shard is None or position.at <= shard.trimmed:
        return Refusal("TrimmedDataAccessException", "The iterator stands at a record that was trimmed")
    # Who asks for one page and begins again elsewhere is no process that reads on.
    if not position.reads_on or not world.rules.holds("stream-two-readers"):
        return None
    clock = world.clock.time()
    functions = sum(one.stream == log.arn and one.state(clock) == "Enabled" for one in account.mappings.values())
    if functions + shard.others(position.reader, now) >= READERS_MAX:
        message = "More than 2 processes are reading from the same streams shard at the same time"
        return Refusal("LimitExceededException", message)
    shard.readers[position.reader] = now
    return None


_ANSWERS: Final[Mapping[str, Callable[[StrictWorld, Account, Body], Awaitable[WireReply]]]] = {
    "DescribeStream": describe_stream,
    "GetRecords": get_records,
    "GetShardIterator": get_shard_iterator,
    "ListStreams": list_streams,
}
