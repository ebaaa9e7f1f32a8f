"""The bodies of requests on items: raw items joined, nothing decoded."""

from collections.abc import Sequence
from typing import Any

import msgspec

from dynasmith.ports.items import Item

CAPACITY = b',"ReturnConsumedCapacity":"INDEXES"'
"""Every request on items asks for it: only what answers the request says what it consumed."""


def text(value: Any) -> bytes:
    """JSON of a plain value (a name, a map of names)."""
    return msgspec.json.encode(value)


def batch_write_body(table: str, puts: Sequence[Item], deletes: Sequence[Item] = ()) -> bytes:
    """The body of a BatchWriteItem: raw items joined, nothing decoded (0.08 us an item). At most 25, and 16 MB."""
    parts = []
    if puts:
        parts.append(b'{"PutRequest":{"Item":' + b'}},{"PutRequest":{"Item":'.join(puts) + b"}}")
    if deletes:
        parts.append(b'{"DeleteRequest":{"Key":' + b'}},{"DeleteRequest":{"Key":'.join(deletes) + b"}}")
    return b'{"RequestItems":{%b:[%b]}%b}' % (text(table), b",".join(parts), CAPACITY)


def scan_shape(
    table: str,
    *,
    segment: int = 0,
    segments: int = 1,
    limit: int | None = None,
    consistent: bool = False,
    filter_fragment: bytes = b"",
) -> bytes:
    """The fixed part of a segment's Scan requests, without its closing brace.

    ``filter_fragment`` is request JSON with a leading comma (FilterExpression, names and values).
    """
    fixed: dict[str, object] = {"TableName": table}
    if segments > 1:
        fixed |= {"Segment": segment, "TotalSegments": segments}
    if limit is not None:
        fixed["Limit"] = limit
    if consistent:
        fixed["ConsistentRead"] = True
    return msgspec.json.encode(fixed)[:-1] + filter_fragment + CAPACITY
