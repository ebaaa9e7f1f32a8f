"""What the service may answer: a part was not done, and must be asked for again. Legal, however often it comes.

And what it may not: that a key is taken which is not.
"""

from collections.abc import Sequence
from typing import Any

from faults.fault import BATCHES, LOOKUPS, STATEMENTS, Fault
from faults.messages import made
from faults.proxy import Exchange, Step


async def _half_unprocessed(exchange: Exchange) -> Sequence[Step]:
    """The engine gets the first half of a batch (at least one item), and the rest is unprocessed."""
    document = exchange.request.json
    [(table, requests)] = document["RequestItems"].items()
    half = (len(requests) + 1) // 2
    reply = await exchange.forward(exchange.request.with_json(document | {"RequestItems": {table: requests[:half]}}))
    left = {table: requests[half:]} if requests[half:] else {}
    return [reply.with_json(reply.json | {"UnprocessedItems": left}).wire]


async def _all_unprocessed(exchange: Exchange) -> Sequence[Step]:
    """The engine gets nothing of it."""
    [(table, requests)] = exchange.request.json["RequestItems"].items()
    capacity = [{"TableName": table, "CapacityUnits": 0.0, "Table": {"CapacityUnits": 0.0}}]
    return [made(200, b"").with_json({"UnprocessedItems": {table: requests}, "ConsumedCapacity": capacity}).wire]


async def _half_unread(exchange: Exchange) -> Sequence[Step]:
    """Half of the keys of a lookup are read."""
    document = exchange.request.json
    [(table, wanted)] = document["RequestItems"].items()
    keys = wanted["Keys"]
    half = (len(keys) + 1) // 2
    fewer = document | {"RequestItems": {table: wanted | {"Keys": keys[:half]}}}
    reply = await exchange.forward(exchange.request.with_json(fewer))
    left = {table: {"Keys": keys[half:]}} if keys[half:] else {}
    return [reply.with_json(reply.json | {"UnprocessedKeys": left}).wire]


def _statement_errors(code: str) -> Any:
    """Every other statement fails with ``code`` and is not done."""

    async def strike(exchange: Exchange) -> Sequence[Step]:
        document = exchange.request.json
        statements = document["Statements"]
        sent = exchange.request.with_json(document | {"Statements": statements[::2]})
        reply = await exchange.forward(sent)
        done = iter(reply.json["Responses"])
        failed = {"Error": {"Code": code, "Message": "Injected."}}
        responses = [failed if place % 2 else next(done) for place in range(len(statements))]
        return [reply.with_json(reply.json | {"Responses": responses}).wire]

    return strike


UNFINISHED: tuple[Fault, ...] = (
    Fault("half of a batch unprocessed", BATCHES, _half_unprocessed, legal=True),
    Fault("a whole batch unprocessed", BATCHES, _all_unprocessed),
    Fault("half of the keys unread", LOOKUPS, _half_unread, legal=True),
    *(
        Fault(f"statements {code}", STATEMENTS, _statement_errors(code))
        for code in (
            "ThrottlingError",
            "ProvisionedThroughputExceeded",
            "RequestLimitExceeded",
            "InternalServerError",
            "TransactionConflict",
        )
    ),
    Fault("a key taken that is not", STATEMENTS, _statement_errors("DuplicateItem")),
)
