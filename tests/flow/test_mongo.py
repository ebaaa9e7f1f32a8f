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
from bson.datetime_ms import DatetimeMS
from bson.raw_bson import RawBSONDocument

from dynasmith.errors import CheckpointError, RunError, Unreachable
from dynasmith.files.databases import mongo as mongo_module
from dynasmith.files.databases.mongo import MongoSource
from dynasmith.files.items.foreign import renaming_of
from dynasmith.items.key import KeyPart, KeySchema
from dynasmith.ports.items import DeadLetter
from flow.mongo_wire import mongo

ID = KeySchema.of("id")
NUMBER = KeySchema((KeyPart("n", "N"),))
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


async def read(
    url: str, page_items: int, start: bytes | None = None
) -> tuple[list[Any], list[DeadLetter], list[bytes]]:
    """Everything from a place on, each page by a source of its own: what a job does that is killed after each page."""
    items: list[Any] = []
    dead: list[DeadLetter] = []
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


MIXED: list[Any] = [
    None, float("nan"), -(2**40), 1, 2.5, Decimal128("3.00000000000000000001"), "1", "a", "ß", {"a": 1, "b": "x"},
    b"\x00\xff", ObjectId("0" * 24), False, True, datetime(2020, 1, 1, tzinfo=UTC), DatetimeMS(2**55),
]  # fmt: skip


@pytest.mark.parametrize("page_items", [1, 2, 3, 7])
def test_ids_of_all_types_are_read_each_once(page_items: int) -> None:
    documents = [{"_id": value, "n": number} for number, value in enumerate(MIXED)]
    with mongo({NAME: documents}) as (url, _):
        items, dead = everything(url, page_items)
    numbers = [int(item["n"]["N"]) for item in items]
    lost = [json.loads(one.item)["n"]["$numberInt"] for one in dead]
    assert sorted([*numbers, *map(int, lost)]) == list(range(len(MIXED)))


def test_one_document_that_cannot_be_read_is_a_dead_letter() -> None:
    documents: list[Any] = [{"_id": number, "n": number} for number in range(10)]
    documents[3]["when"] = DatetimeMS(2**60)
    documents[5]["x"] = float("inf")
    broken = bson.encode({"_id": 7, "n": 7, "s": "ab"}).replace(b"ab\0", b"\xff\xfe\0")
    documents[7] = RawBSONDocument(broken)
    with mongo({NAME: documents}) as (url, _):
        items, dead = everything(url, 4)
    assert len(items) == 7
    assert [one.place for one in dead] == ["_id 3", "_id 5", "_id 7"]


def test_two_documents_of_one_id_at_the_end_of_a_page_are_said() -> None:
    documents = [{"_id": number // 2, "n": number} for number in range(12)]
    with mongo({NAME: documents}) as (url, _):
        assert len(everything(url, 100)[0]) == 12
        with pytest.raises(RunError, match="Two documents have one _id"):
            everything(url, 3)


def test_large_documents_make_short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mongo_module, "PAGE_BYTES", 50_000)
    documents = [{"_id": number, "n": number, "s": "x" * 30_000} for number in range(9)]
    with mongo({NAME: documents}) as (url, responder):
        items, _ = everything(url, 500)
    assert sorted(int(item["_id"]["N"]) for item in items) == list(range(9))
    assert len(responder.finds) > 4


def everything(url: str, page_items: int) -> tuple[list[Any], list[DeadLetter]]:
    """All items and dead letters, each page by a source of its own."""

    async def main() -> tuple[list[Any], list[DeadLetter]]:
        items: list[Any] = []
        dead: list[DeadLetter] = []
        start: bytes | None = None
        for _ in range(100):
            source = MongoSource(url, NAME, NUMBER, renaming_of({}), page_items=page_items)
            try:
                page = await source.read(0, start)
            finally:
                await source.close()
            items += [json.loads(bytes(item)) for item in page.items]
            dead += page.dead
            start = page.next
            if start is None:
                return items, dead
        raise AssertionError("it does not end")

    return asyncio.run(main())
