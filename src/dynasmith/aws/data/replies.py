"""The replies of writes and single reads, by their shape: items stay the bytes that came.

Pages are read by ``dynasmith.items.wire``; these are the small ones, where one typed decode is about a microsecond.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from dynasmith.aws.data.exchange import BrokenReply
from dynasmith.errors import RunError
from dynasmith.items import wire
from dynasmith.items.value import NOT_JSON
from dynasmith.items.wire import ConsumedCapacity, Units

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

    unprocessed: dict[str, list[WriteRequest]] = msgspec.field(name="UnprocessedItems")
    capacity: list[ConsumedCapacity] = msgspec.field(name="ConsumedCapacity", default_factory=list)


class KeyList(msgspec.Struct, frozen=True):
    """The keys that a BatchGetItem did not read."""

    keys: list[msgspec.Raw] = msgspec.field(name="Keys")


class BatchGetReply(msgspec.Struct, frozen=True):
    """What a BatchGetItem found, and which keys it did not read."""

    responses: dict[str, list[msgspec.Raw]] = msgspec.field(name="Responses")
    unprocessed: dict[str, KeyList] = msgspec.field(name="UnprocessedKeys")
    capacity: list[ConsumedCapacity] = msgspec.field(name="ConsumedCapacity", default_factory=list)


class ItemReply(msgspec.Struct, frozen=True):
    """The reply of GetItem (``item``), PutItem, DeleteItem or UpdateItem (``attributes``): no member is required."""

    item: msgspec.Raw = msgspec.field(name="Item", default=NOTHING)
    attributes: msgspec.Raw = msgspec.field(name="Attributes", default=NOTHING)
    capacity: ConsumedCapacity | None = msgspec.field(name="ConsumedCapacity", default=None)


class StatementError(msgspec.Struct, frozen=True):
    """Why one statement of a batch failed; ``item`` is what stood there when its condition failed."""

    code: str = msgspec.field(name="Code")
    message: str = msgspec.field(name="Message", default="")
    item: msgspec.Raw = msgspec.field(name="Item", default=NOTHING)


class StatementReply(msgspec.Struct, frozen=True):
    """The outcome of one statement of a batch."""

    error: StatementError | None = msgspec.field(name="Error", default=None)
    item: msgspec.Raw = msgspec.field(name="Item", default=NOTHING)
    table: str = msgspec.field(name="TableName", default="")


class StatementsReply(msgspec.Struct, frozen=True):
    """The outcomes of a BatchExecuteStatement, in the order of its statements."""

    responses: list[StatementReply] = msgspec.field(name="Responses")
    capacity: list[ConsumedCapacity] = msgspec.field(name="ConsumedCapacity", default_factory=list)


def _reader(kind: type[Reply], operation: str) -> Callable[[bytes], Reply]:
    decode = msgspec.json.Decoder(kind).decode

    def read(body: bytes) -> Reply:
        try:
            return decode(body)
        except NOT_JSON as cause:
            raise BrokenReply(f"the reply is not one of {operation}: {cause}") from cause

    return read


batch_write_reply = _reader(BatchWriteReply, "BatchWriteItem")
batch_get_reply = _reader(BatchGetReply, "BatchGetItem")
item_reply = _reader(ItemReply, "a call on one item")
_statements_reply = _reader(StatementsReply, "BatchExecuteStatement")

REQUIRED: Mapping[tuple[str, str], type[msgspec.Struct]] = {
    ("Scan", "ALL_ATTRIBUTES"): wire.PageBody,
    ("Query", "ALL_ATTRIBUTES"): wire.PageBody,
    ("BatchWriteItem", ""): BatchWriteReply,
    ("BatchGetItem", ""): BatchGetReply,
    ("GetItem", ""): ItemReply,
    ("PutItem", ""): ItemReply,
    ("UpdateItem", ""): ItemReply,
    ("DeleteItem", ""): ItemReply,
    ("BatchExecuteStatement", ""): StatementsReply,
}
"""The shape of a good reply by operation and Select: a field without a default is a member that must be there."""


def scan_page(body: bytes, start: bytes | None) -> wire.ScanPage:
    """The page of a Scan or Query that began at ``start``. Raises BrokenReply."""
    try:
        return wire.read_scan_page(body, start)
    except RunError as cause:
        raise BrokenReply(cause.message) from cause


def statements_reply(body: bytes, count: int) -> StatementsReply:
    """The outcomes of ``count`` statements. Raises BrokenReply where there are more or fewer."""
    reply = _statements_reply(body)
    if len(reply.responses) != count:
        raise BrokenReply(f"the reply has outcomes of {len(reply.responses)} statements, and {count} were sent")
    return reply


def units_of(capacity: list[ConsumedCapacity] | ConsumedCapacity | None) -> Units:
    """The units of a reply's ConsumedCapacity, one or a list of them; zero where the engine gave none."""
    if not capacity:
        return Units()
    if isinstance(capacity, ConsumedCapacity):
        return capacity.units
    if len(capacity) == 1:
        return capacity[0].units
    table, indexes = 0.0, dict[str, float]()
    for part in capacity:
        units = part.units
        table += units.table
        for name, used in units.indexes.items():
            indexes[name] = indexes.get(name, 0.0) + used
    return Units(table, indexes)
