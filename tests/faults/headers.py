"""Faults: request id and checksum missing, wrong or repeated; a reply that belongs to another request."""

import zlib
from collections.abc import Callable, Sequence
from typing import Any

from faults.fault import BATCHES, ITEM_OPERATIONS, SCANS, STATEMENTS, Fault, rewired
from faults.messages import Reply, made
from faults.proxy import Exchange, Step


def _old_checksum(edit: Callable[[Any], Any]) -> Callable[[Reply], Sequence[Step]]:
    """The document changed under the checksum of the original."""

    def rewire(reply: Reply) -> Sequence[Step]:
        return [reply.with_json(edit(reply.json)).having(x_amz_crc32=reply.header("x-amz-crc32")).wire]

    return rewire


def _no_last_key(document: Any) -> Any:
    """An end that is none. On the last page an item goes, so that there is a difference."""
    if "LastEvaluatedKey" in document:
        return {name: value for name, value in document.items() if name != "LastEvaluatedKey"}
    return document | {"Items": document["Items"][:-1], "Count": document["Count"] - 1}


def _fewer_items(document: Any) -> Any:
    items = document["Items"][:-1]
    return document | {"Items": items, "Count": len(items), "ScannedCount": len(items)}


async def _repeated_id(exchange: Exchange) -> Sequence[Step]:
    """The reply that is asked for, under the request id of the one before it."""
    reply = await exchange.forward()
    if exchange.before is None:
        return [reply.wire]
    return [reply.having(x_amzn_requestid=exchange.before.header("x-amzn-requestid")).wire]


async def _before_again(exchange: Exchange) -> Sequence[Step]:
    """The reply before this one once more; the engine never sees the call."""
    return [(exchange.before or await exchange.forward()).wire]


async def _before_first(exchange: Exchange) -> Sequence[Step]:
    """The reply before this one once more, then the one that is asked for."""
    reply = await exchange.forward()
    return [reply.wire] if exchange.before is None else [exchange.before.wire, reply.wire]


_PAGE = (
    b'{"Items":[],"Count":0,"ScannedCount":0,"ConsumedCapacity":{"TableName":"t","CapacityUnits":0.5,'
    b'"Table":{"CapacityUnits":0.5}}}'
)
_WRITTEN = b'{"UnprocessedItems":{},"ConsumedCapacity":[{"TableName":"t","CapacityUnits":4.0}]}'


def _of_another(body: bytes) -> Callable[[Exchange], Any]:
    async def strike(_: Exchange) -> Sequence[Step]:
        return [made(200, body).wire]

    return strike


def _checksum(value: str) -> Callable[[Reply], Sequence[Step]]:
    return lambda reply: [reply.having(x_amz_crc32=value).wire]


HEADERS: tuple[Fault, ...] = (
    rewired("no request id", lambda reply: [reply.without("x-amzn-requestid").wire]),
    rewired("empty request id", lambda reply: [reply.having(x_amzn_requestid="").wire]),
    Fault("request id repeated", ITEM_OPERATIONS, _repeated_id, later=True),
    rewired("no checksum", lambda reply: [reply.without("x-amz-crc32").wire]),
    rewired("wrong checksum", lambda reply: [reply.having(x_amz_crc32=str(zlib.crc32(reply.body) ^ 1)).wire]),
    *(
        rewired(f"checksum {value!r}", _checksum(value))
        for value in ("", "x", "-1", "1e9", "0", "99999999999999999999")
    ),
    rewired("no header of the service", lambda reply: [reply.without("x-amzn-requestid", "x-amz-crc32").wire]),
    rewired("LastEvaluatedKey dropped under the old checksum", _old_checksum(_no_last_key), SCANS),
    rewired("items dropped under the old checksum", _old_checksum(_fewer_items), SCANS),
    rewired("UnprocessedItems emptied under the old checksum", _old_checksum(lambda d: {**d, "x": 1}), BATCHES),
    Fault("the reply before this one", ITEM_OPERATIONS, _before_again, later=True),
    Fault("the reply before this one, then this one", ITEM_OPERATIONS, _before_first, later=True),
    Fault("the reply of a scan", ITEM_OPERATIONS - SCANS, _of_another(_PAGE)),
    Fault("the reply of a batch", SCANS | STATEMENTS, _of_another(_WRITTEN)),
)
