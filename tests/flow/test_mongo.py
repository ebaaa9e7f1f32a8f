"""MongoDB read with its own driver over its own protocol: pages by ``_id``, every type, resumed, refused.

The responder is ours. DYNASMITH_TEST_MONGO=mongodb://HOST/DATABASE names a real server; the test writes into and drops
the collection ``dynasmith_test`` there.
"""

import asyncio
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import bson
import pymongo
import pytest
from bson import Binary, Decimal128, Int64, ObjectId

from dynasmith.errors import CheckpointError, Unreachable
from dynasmith.files.items.foreign import renaming_of
from dynasmith.files.items.mongo import MongoSource
from dynasmith.items.key import KeySchema
from dynasmith.ports.items import Dead
from flow.mongo_wire import mongo

ID = KeySchema.of("id")
NAME = "dynasmith_test"
RENAMING = renaming_of({"id": "{_id}"})
DOCUMENTS: list[dict[str, Any]] = [
    {
        "_id": ObjectId(f"{number:024x}"),
        "name": f"Zürich {number}",
        "price": Decimal128("12.50"),
        "big": Int64(2**60),
        "born": datetime(2026, 1, 15, 10, 30, tzinfo=UTC),
        "raw": Binary(b"\x00\xff"),
        "uuid": Binary.from_uuid(UUID(int=number)),
        "tags": ["a", {"deep": None}],
    }
    for number in range(1, 41)
]


@pytest.fixture(params=["responder", "server"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "responder":
        with mongo({NAME: [bson.decode(bson.encode(each)) for each in DOCUMENTS]}) as (url, _):
            yield url
        return
    real = os.environ.get("DYNASMITH_TEST_MONGO")
    if not real:
        pytest.skip("DYNASMITH_TEST_MONGO names no MongoDB server")
    with pymongo.MongoClient[dict[str, Any]](real) as client:
        collection = client.get_default_database()[NAME]
        collection.drop()
        collection.insert_many(DOCUMENTS)
        yield real
        collection.drop()


async def read(url: str, page_items: int, start: bytes | None = None) -> tuple[list[Any], list[Dead], list[bytes]]:
    """Everything from a place on, each page by a source of its own: what a job does that is killed after each page."""
    items: list[Any] = []
    dead: list[Dead] = []
    starts: list[bytes] = []
    while True:
        source = MongoSource(url, NAME, ID, RENAMING, page_items=page_items)
        try:
            page = await source.read(0, start)
        finally:
            await source.close()
        items += [json.loads(bytes(item)) for item in page.items]
        dead += page.dead
        assert [str(place) for place in page.places] == [
            f"_id {item['id']['S']}" for item in items[len(items) - page.read :]
        ]
        if page.next is None:
            return items, dead, starts
        start = page.next
        starts.append(start)


@pytest.mark.parametrize("page_items", [9, 20, 500])
def test_every_document_comes_once_with_every_type(url: str, page_items: int) -> None:
    items, dead, _ = asyncio.run(read(url, page_items))
    assert not dead
    assert [item["id"]["S"] for item in items] == [str(each["_id"]) for each in DOCUMENTS]
    first = items[0]
    assert first["price"] == {"N": "12.50"}
    assert first["big"] == {"N": str(2**60)}
    assert first["born"] == {"S": "2026-01-15T10:30:00.000Z"}
    assert first["raw"] == {"B": "AP8="}
    assert first["tags"] == {"L": [{"S": "a"}, {"M": {"deep": {"NULL": True}}}]}


def test_a_start_of_before_the_kill_goes_on_there(url: str) -> None:
    whole, _, starts = asyncio.run(read(url, 9))
    rest, _, _ = asyncio.run(read(url, 9, starts[1]))
    assert rest == whole[18:]


def test_what_the_server_refuses_and_a_damaged_start_are_said() -> None:
    with mongo({NAME: []}) as (url, responder):
        responder.refuse = True
        with pytest.raises(Unreachable, match="not authorized on shop"):
            asyncio.run(read(url, 9))
        with pytest.raises(CheckpointError, match="damaged"):
            asyncio.run(read(url, 9, b"{nope"))
        assert len(responder.finds) == 1
