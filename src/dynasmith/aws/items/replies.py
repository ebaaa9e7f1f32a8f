"""The replies that the flow reads, by their shape: items stay the bytes that came (``msgspec.Raw``).

A page into raw items costs 0.7 us an item, into dicts 18 to 40 (measured; see docs/design.md).
"""

import msgspec


class Capacity(msgspec.Struct, frozen=True):
    """ConsumedCapacity of one table: ``units`` counts the table and its indexes together."""

    units: float = msgspec.field(name="CapacityUnits", default=0.0)
    table: str = msgspec.field(name="TableName", default="")


class ScanReply(msgspec.Struct, frozen=True):
    """One page of a Scan or a Query. ``last_key`` may be there with no item at all."""

    items: list[msgspec.Raw] = msgspec.field(name="Items", default_factory=list)
    last_key: msgspec.Raw | None = msgspec.field(name="LastEvaluatedKey", default=None)
    scanned: int = msgspec.field(name="ScannedCount", default=0)
    count: int = msgspec.field(name="Count", default=0)
    capacity: Capacity | None = msgspec.field(name="ConsumedCapacity", default=None)


class WriteRequest(msgspec.Struct, frozen=True):
    """One entry of UnprocessedItems, as it was sent."""

    put: "PutRequest | None" = msgspec.field(name="PutRequest", default=None)
    delete: "DeleteRequest | None" = msgspec.field(name="DeleteRequest", default=None)


class PutRequest(msgspec.Struct, frozen=True):
    """The item of a put that was not done."""

    item: msgspec.Raw = msgspec.field(name="Item")


class DeleteRequest(msgspec.Struct, frozen=True):
    """The key of a delete that was not done."""

    key: msgspec.Raw = msgspec.field(name="Key")


class BatchWriteReply(msgspec.Struct, frozen=True):
    """What a BatchWriteItem left undone, and what it cost."""

    unprocessed: dict[str, list[WriteRequest]] = msgspec.field(name="UnprocessedItems", default_factory=dict)
    capacity: list[Capacity] = msgspec.field(name="ConsumedCapacity", default_factory=list)


class KeyList(msgspec.Struct, frozen=True):
    """The keys that a BatchGetItem did not read."""

    keys: list[msgspec.Raw] = msgspec.field(name="Keys", default_factory=list)


class BatchGetReply(msgspec.Struct, frozen=True):
    """What a BatchGetItem found, and which keys it did not read."""

    responses: dict[str, list[msgspec.Raw]] = msgspec.field(name="Responses", default_factory=dict)
    unprocessed: dict[str, KeyList] = msgspec.field(name="UnprocessedKeys", default_factory=dict)
    capacity: list[Capacity] = msgspec.field(name="ConsumedCapacity", default_factory=list)


class ItemReply(msgspec.Struct, frozen=True):
    """The reply of GetItem (``item``), PutItem, DeleteItem or UpdateItem (``attributes``)."""

    item: msgspec.Raw | None = msgspec.field(name="Item", default=None)
    attributes: msgspec.Raw | None = msgspec.field(name="Attributes", default=None)
    capacity: Capacity | None = msgspec.field(name="ConsumedCapacity", default=None)


class StatementError(msgspec.Struct, frozen=True):
    """Why one statement of a batch failed; ``item`` is what stood there when its condition failed."""

    code: str = msgspec.field(name="Code", default="")
    message: str = msgspec.field(name="Message", default="")
    item: msgspec.Raw | None = msgspec.field(name="Item", default=None)


class StatementReply(msgspec.Struct, frozen=True):
    """The outcome of one statement of a batch."""

    error: StatementError | None = msgspec.field(name="Error", default=None)
    item: msgspec.Raw | None = msgspec.field(name="Item", default=None)
    table: str = msgspec.field(name="TableName", default="")


class StatementsReply(msgspec.Struct, frozen=True):
    """The outcomes of a BatchExecuteStatement, in the order of its statements."""

    responses: list[StatementReply] = msgspec.field(name="Responses", default_factory=list)
    capacity: list[Capacity] = msgspec.field(name="ConsumedCapacity", default_factory=list)


scan_reply = msgspec.json.Decoder(ScanReply).decode
batch_write_reply = msgspec.json.Decoder(BatchWriteReply).decode
batch_get_reply = msgspec.json.Decoder(BatchGetReply).decode
item_reply = msgspec.json.Decoder(ItemReply).decode
statements_reply = msgspec.json.Decoder(StatementsReply).decode


def units_of(capacity: list[Capacity] | Capacity | None) -> float:
    """The capacity units of a reply; 0.0 where the engine said none."""
    if capacity is None:
        return 0.0
    if isinstance(capacity, Capacity):
        return capacity.units
    return sum(part.units for part in capacity)
