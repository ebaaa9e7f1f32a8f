"""The replies of writes and single reads, by their shape: items stay the bytes that came.

Pages are read by ``dynasmith.items.wire``; these are the small ones, where one typed decode is about a microsecond.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from dynasmith.errors import RunError
from dynasmith.items.wire import Units, read_units

Reply = TypeVar("Reply")

NOTHING = msgspec.Raw(b"")
"""What a Raw field holds that the reply does not have (msgspec reads no union of Raw and None); it is empty."""


class PutRequest(msgspec.Struct, frozen=True):
    """The item of a put that was not done."""

    item: msgspec.Raw = msgspec.field(name="Item")


class DeleteRequest(msgspec.Struct, frozen=True):
    """The key of a delete that was not done."""

    key: msgspec.Raw = msgspec.field(name="Key")


class WriteRequest(msgspec.Struct, frozen=True):
    """One entry of UnprocessedItems, as it was sent."""

    put: PutRequest | None = msgspec.field(name="PutRequest", default=None)
    delete: DeleteRequest | None = msgspec.field(name="DeleteRequest", default=None)


class BatchWriteReply(msgspec.Struct, frozen=True):
    """What a BatchWriteItem left undone, and what it cost."""

    unprocessed: dict[str, list[WriteRequest]] = msgspec.field(name="UnprocessedItems", default_factory=dict)
    capacity: list[msgspec.Raw] = msgspec.field(name="ConsumedCapacity", default_factory=list)


class KeyList(msgspec.Struct, frozen=True):
    """The keys that a BatchGetItem did not read."""

    keys: list[msgspec.Raw] = msgspec.field(name="Keys", default_factory=list)


class BatchGetReply(msgspec.Struct, frozen=True):
    """What a BatchGetItem found, and which keys it did not read."""

    responses: dict[str, list[msgspec.Raw]] = msgspec.field(name="Responses", default_factory=dict)
    unprocessed: dict[str, KeyList] = msgspec.field(name="UnprocessedKeys", default_factory=dict)
    capacity: list[msgspec.Raw] = msgspec.field(name="ConsumedCapacity", default_factory=list)


class ItemReply(msgspec.Struct, frozen=True):
    """The reply of GetItem (``item``), PutItem, DeleteItem or UpdateItem (``attributes``)."""

    item: msgspec.Raw = msgspec.field(name="Item", default=NOTHING)
    attributes: msgspec.Raw = msgspec.field(name="Attributes", default=NOTHING)
    capacity: msgspec.Raw = msgspec.field(name="ConsumedCapacity", default=NOTHING)


class StatementError(msgspec.Struct, frozen=True):
    """Why one statement of a batch failed; ``item`` is what stood there when its condition failed."""

    code: str = msgspec.field(name="Code", default="")
    message: str = msgspec.field(name="Message", default="")
    item: msgspec.Raw = msgspec.field(name="Item", default=NOTHING)


class StatementReply(msgspec.Struct, frozen=True):
    """The outcome of one statement of a batch."""

    error: StatementError | None = msgspec.field(name="Error", default=None)
    item: msgspec.Raw = msgspec.field(name="Item", default=NOTHING)
    table: str = msgspec.field(name="TableName", default="")


class StatementsReply(msgspec.Struct, frozen=True):
    """The outcomes of a BatchExecuteStatement, in the order of its statements."""

    responses: list[StatementReply] = msgspec.field(name="Responses", default_factory=list)
    capacity: list[msgspec.Raw] = msgspec.field(name="ConsumedCapacity", default_factory=list)


def _reader(kind: type[Reply]) -> Callable[[bytes], Reply]:
    decode = msgspec.json.Decoder(kind).decode

    def read(body: bytes) -> Reply:
        try:
            return decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as cause:
            raise RunError(
                f"A reply of the service cannot be read ({cause}).", hint="a proxy in between, or a reply that was cut"
            ) from cause

    return read


batch_write_reply = _reader(BatchWriteReply)
batch_get_reply = _reader(BatchGetReply)
item_reply = _reader(ItemReply)
statements_reply = _reader(StatementsReply)


def units_of(capacity: list[msgspec.Raw] | msgspec.Raw) -> Units:
    """The units of a reply's ConsumedCapacity, one or a list of them; none where the engine said none."""
    if isinstance(capacity, msgspec.Raw):
        return read_units(capacity) if bytes(capacity) else Units()
    if not capacity:
        return Units()
    if len(capacity) == 1:
        return read_units(capacity[0])
    table, indexes = 0.0, dict[str, float]()
    for part in map(read_units, capacity):
        table += part.table
        for name, units in part.indexes.items():
            indexes[name] = indexes.get(name, 0.0) + units
    return Units(table, indexes)


def text(value: Any) -> bytes:
    """JSON of a plain value (a name, a map of names), for building request bodies."""
    return msgspec.json.encode(value)
