"""Users and orders from SQLite and from MongoDB's files: ids rewritten, dates as ISO, decimals exact, resumable."""

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from dynasmith.engine.transfer.populate_source import PopulateSource
from dynasmith.errors import RunError, Unreachable, UsageError
from dynasmith.files.databases.mongo import MongoSource
from dynasmith.files.databases.request import SqlRequest
from dynasmith.files.databases.source import SqlSource, sql_source
from dynasmith.files.items.foreign import FieldTemplates, renaming_of
from dynasmith.files.items.layout import layout_of
from dynasmith.files.items.source import FileSource
from dynasmith.files.ledger import FolderLedger
from dynasmith.items.key import KeySchema
from dynasmith.ports.items import DeadLetter, Source, ThrottleListener
from flow.copying import end
from flow.engine_runs import populate
from flow.kit import MakeTable, in_memory, items_of

ID = KeySchema.of("id")


@pytest.fixture
def shop(tmp_path: Path) -> str:
    """A shop: 25 users, some orders, one of them without a user."""
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as database:
        database.execute(
            "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, age INTEGER, balance DECIMAL(10, 2), "
            "created_at DATETIME, profile JSON, photo BLOB, active BOOLEAN)"
        )
        database.execute(
            "CREATE TABLE orders (shop TEXT, number INTEGER, user_id INTEGER, total DECIMAL(38, 4), "
            "PRIMARY KEY (shop, number))"
        )
        for number in range(1, 26):
            database.execute(
                "INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    number,
                    f"u{number}@example.com",
                    None if number == 3 else 20 + number,
                    19.99,
                    "2026-01-15 10:30:00.000000",
                    '{"langs": ["de", "fr"], "rate": 0.1}',
                    b"\x00\xff",
                    number % 2,
                ),
            )
            database.execute(
                "INSERT INTO orders VALUES (?, ?, ?, ?)",
                ("north" if number % 2 else "south", number, None if number == 7 else number, 0.1),
            )
    database.close()
    return f"sqlite:///{path}"


def read_sql(
    url: str, key: KeySchema, renaming: FieldTemplates, **what: Any
) -> tuple[list[Any], list[DeadLetter], int]:
    """Every line, each page by a source of its own: what a job does that is killed after each page."""

    spool = Path(url.removeprefix("sqlite:///")).with_name("rows.spool")

    async def one(start: bytes | None) -> Any:
        source = SqlSource(SqlRequest(url=url, **what), key, renaming, page_items=4, spool=spool)
        try:
            return await source.read(0, start)
        finally:
            await source.close()

    items: list[Any] = []
    dead: list[DeadLetter] = []
    start: bytes | None = None
    pages = 0
    while True:
        page = asyncio.run(one(start))
        pages += 1
        items += [json.loads(bytes(item)) for item in page.items]
        dead += page.dead
        start = page.next
        if start is None:
            return items, dead, pages


def test_a_table_is_read_in_pages_by_its_key(shop: str) -> None:
    items, dead, pages = read_sql(shop, ID, renaming_of({"id": "user-{id}"}), table="users")
    assert (len(items), dead, pages) == (25, [], 7)
    assert items[0] == {
        "id": {"S": "user-1"},
        "email": {"S": "u1@example.com"},
        "age": {"N": "21"},
        "balance": {"N": "19.99"},
        "created_at": {"S": "2026-01-15T10:30:00"},
        "profile": {"M": {"langs": {"L": [{"S": "de"}, {"S": "fr"}]}, "rate": {"N": "0.1"}}},
        "photo": {"B": "AP8="},
        "active": {"BOOL": True},
    }
    assert "age" not in items[2]


def test_a_key_of_two_parts_and_a_foreign_key(shop: str) -> None:
    renaming = renaming_of({"id": "{shop}-{number}", "user_id": "user-{user_id}"})
    items, dead, _ = read_sql(shop, ID, renaming, table="orders")
    assert not dead
    assert len({item["id"]["S"] for item in items}) == 25
    by_id = {item["id"]["S"]: item for item in items}
    assert by_id["north-9"]["user_id"] == {"S": "user-9"}
    assert "user_id" not in by_id["north-7"]
    assert by_id["north-9"]["number"] == {"N": "9"}


def test_a_query_is_read_in_the_order_that_is_said(shop: str) -> None:
    query = "SELECT id, email FROM users WHERE age > 30"
    items, dead, _ = read_sql(shop, ID, renaming_of({"id": "u{id}"}), query=query, order=("id",))
    assert not dead
    assert [item["id"]["S"] for item in items] == [f"u{number}" for number in range(11, 26)]


def test_what_contradicts_itself_or_is_not_there_is_said(shop: str) -> None:
    with pytest.raises(UsageError, match="A query needs --order"):
        SqlSource(SqlRequest(url=shop, query="SELECT 1"), ID, FieldTemplates({}))
    with pytest.raises(UsageError, match="Name a table or a query"):
        SqlSource(SqlRequest(url=shop), ID, FieldTemplates({}))
    with pytest.raises(RunError, match="no table nowhere"):
        read_sql(shop, ID, FieldTemplates({}), table="nowhere")
    with pytest.raises(UsageError, match="names no field"):
        renaming_of({"id": "user"})
    with pytest.raises(RunError, match="There is no file"):
        read_sql("sqlite:////nowhere/at/all.db", ID, FieldTemplates({}), table="users")


def test_lines_without_the_key_are_dead_with_their_place(shop: str) -> None:
    items, dead, _ = read_sql(shop, KeySchema.of("sku"), FieldTemplates({}), table="users")
    assert not items
    assert dead[0].place == "id=1"
    assert "sku" in dead[0].reason


def test_a_database_is_populated_into_a_table(client: Any, shop: str, make_table: MakeTable, tmp_path: Path) -> None:
    table = make_table("id")
    target = end(client, table)
    target = type(target)(_with_key(target.description), target.access)
    source = sql_source(SqlRequest(url=shop, table="users"), ID, renaming_of({"id": "user-{id}"}), page_items=10)
    report = populate(PopulateSource(source, in_memory), target, FolderLedger(tmp_path / "jobs"))
    assert (report.counts.written, report.counts.dead) == (25, 0)
    assert {json.loads(item)["id"]["S"] for item in items_of(client, table)} == {f"user-{n}" for n in range(1, 26)}


def _with_key(description: Any) -> Any:
    import msgspec

    from dynasmith.tables.table import Key, KeyAttribute

    key = Key(partition=(KeyAttribute(name="id", type="S"),))
    return msgspec.structs.replace(description, table=msgspec.structs.replace(description.table, key=key))


# --- MongoDB ----------------------------------------------------------------------------------------------------------

EXPORTED = [
    {
        "_id": {"$oid": "65a50a2e8f1b2c3d4e5f6a7b"},
        "email": "ada@example.com",
        "created_at": {"$date": "2026-01-15T10:30:00Z"},
        "updated_at": {"$date": {"$numberLong": "1768473000123"}},
        "balance": {"$numberDecimal": "12345678901234567890.1234"},
        "visits": {"$numberLong": "9007199254740993"},
        "rate": 0.1,
        "photo": {"$binary": {"base64": "AP8=", "subType": "00"}},
        "profile": {"langs": ["de", {"since": {"$date": "2020-02-01T00:00:00.5Z"}}], "none": None},
        "tags": ["a", "b"],
    },
    {"_id": {"$oid": "65a50a2e8f1b2c3d4e5f6a7c"}, "email": "bob@example.com", "odd": {"$minKey": 1}},
]


def test_a_mongoexport_file_becomes_items(tmp_path: Path) -> None:
    path = tmp_path / "users.json"
    path.write_text("\n".join(map(json.dumps, EXPORTED)) + "\n")

    async def main() -> Any:
        source = FileSource(layout_of([str(path)]), ID, renaming=renaming_of({"id": "{_id}"}))
        try:
            return await source.read(0, None)
        finally:
            await source.close()

    page = asyncio.run(main())
    assert [json.loads(bytes(item)) for item in page.items] == [
        {
            "id": {"S": "65a50a2e8f1b2c3d4e5f6a7b"},
            "email": {"S": "ada@example.com"},
            "created_at": {"S": "2026-01-15T10:30:00.000Z"},
            "updated_at": {"S": "2026-01-15T10:30:00.123Z"},
            "balance": {"N": "12345678901234567890.1234"},
            "visits": {"N": "9007199254740993"},
            "rate": {"N": "0.1"},
            "photo": {"B": "AP8="},
            "profile": {
                "M": {
                    "langs": {"L": [{"S": "de"}, {"M": {"since": {"S": "2020-02-01T00:00:00.500Z"}}}]},
                    "none": {"NULL": True},
                }
            },
            "tags": {"L": [{"S": "a"}, {"S": "b"}]},
        }
    ]
    assert "$minKey" in page.dead[0].reason


def test_plain_json_is_renamed_too(tmp_path: Path) -> None:
    path = tmp_path / "people.jsonl"
    path.write_text('{"number": 7, "name": "Ada"}\n')

    async def opened(_heard: ThrottleListener) -> Source:
        return FileSource(layout_of([str(path)]), ID, renaming=renaming_of({"id": "user-{number}"}))

    async def main() -> Any:
        source = await opened(lambda _: None)
        try:
            return await source.read(0, None)
        finally:
            await source.close()

    (item,) = asyncio.run(main()).items
    assert json.loads(bytes(item)) == {"number": {"N": "7"}, "name": {"S": "Ada"}, "id": {"S": "user-7"}}


def test_a_mongodb_that_does_not_answer_is_said() -> None:
    url = "mongodb://127.0.0.1:1/shop?serverSelectionTimeoutMS=50"

    async def main() -> None:
        source = MongoSource(url, "users", ID, FieldTemplates({}))
        try:
            await source.read(0, None)
        finally:
            await source.close()

    with pytest.raises(Unreachable, match="MongoDB did not answer"):
        asyncio.run(main())
