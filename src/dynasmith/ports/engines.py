"""What the engines that speak DynamoDB's protocol leave out of their replies (docs/reference/engines.md).

A reply of the service has a request id, the checksum of its bytes and, where the request asks for it, what it
consumed. A proxy that answers in its place has none of them, so a reply without one is not taken for the service's. An
environment whose endpoint is an engine that leaves some of it out names the engine: ``engine = "moto"``.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct


class EngineReplies(Struct, frozen=True, kw_only=True):
    """What can be asked of every good reply of an engine.

    ``request_id``: it has an ``x-amzn-requestid``. ``checksum``: it has an ``x-amz-crc32``. ``uncounted``: the
    operations whose replies have no ConsumedCapacity.
    """

    name: str
    request_id: bool = True
    checksum: bool = True
    uncounted: frozenset[str] = frozenset()


SERVICE: Final = EngineReplies(name="DynamoDB")
"""The service, and every engine that an environment does not name."""

_ITEM_CALLS: Final = frozenset(
    ("Scan", "Query", "GetItem", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "BatchExecuteStatement")
)

ENGINES: Final[Mapping[str, EngineReplies]] = {
    engine.name: engine
    for engine in (
        # Tried: tests/contract.
        EngineReplies(name="ministack"),
        EngineReplies(name="moto", uncounted=frozenset({"BatchExecuteStatement"})),
        EngineReplies(name="dynalite"),
        # localstack/localstack, issue 11240: statements have no ConsumedCapacity there, nor in DynamoDB Local.
        EngineReplies(name="dynamodb-local", uncounted=frozenset({"BatchExecuteStatement"})),
        EngineReplies(name="localstack", uncounted=frozenset({"BatchExecuteStatement"})),
        # scylladb/scylladb, issue 5039: no checksum by default; counts for a part of the operations only.
        EngineReplies(name="alternator", request_id=False, checksum=False, uncounted=_ITEM_CALLS),
    )
}
"""The engines that an environment may name."""
