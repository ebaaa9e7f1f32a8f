"""The class of a live table says the very table, and reads its items."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import boto3
import pytest

from bridges.conftest import Load
from bridges.live_tables import ITEMS, TABLES
from dynasmith import Project, TableNotFound, UsageError, connect
from dynasmith.files.definitions import exported_table
from dynasmith.models import tables_of
from dynasmith.strict import StrictServer

pytestmark = pytest.mark.engine
TIME = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)


@pytest.fixture(scope="module")
def live(endpoint: StrictServer) -> Iterator[Project]:
    """An account with the tables and their items; the project has no definitions of them."""
    keys = ("999000111222", "secret")
    defined = [exported_table({"name": name, **document}, "here") for name, document in TABLES.items()]
    with connect(
        endpoint=endpoint.endpoint, region="us-east-1", tables=defined, clock=endpoint.clock, credentials=keys
    ) as made:
        made.ensure()
    client: Any = boto3.client(
        "dynamodb",
        endpoint_url=endpoint.endpoint,
        region_name="us-east-1",
        aws_access_key_id=keys[0],
        aws_secret_access_key=keys[1],
    )
    for table, items in ITEMS.items():
        for item in items:
            client.put_item(TableName=table, Item=item)
    client.close()
    with connect(endpoint=endpoint.endpoint, region="us-east-1", clock=endpoint.clock, credentials=keys) as made:
        yield made


def test_claims_of_unique_values_are_not_in_the_sample(live: Project) -> None:
    rendered = live.render.models(["claimed"])
    assert "_unique" not in rendered.text
    assert "email: Attr[str]\n" in rendered.text
    assert "all 2 items of the table" in " ".join(rendered.text.split())


@pytest.mark.parametrize("minimal", [False, True])
@pytest.mark.parametrize("name", TABLES)
def test_the_class_says_the_table(live: Project, load: Load, name: str, minimal: bool) -> None:
    rendered = live.render.models([name], minimal=minimal)
    made = load(rendered.text)
    tables = tables_of(
        *(
            each
            for each in vars(made).values()
            if getattr(each, "__module__", "") == made.__name__ and getattr(each, "__dynasmith_declared__", (None,))[0]
        )
    )
    assert tables == rendered.tables
    with connect(
        endpoint=live.where.endpoint,
        region="us-east-1",
        tables=tables,
        clock=live._world.clock,
        credentials=("999000111222", "secret"),
    ) as defined:
        assert defined.plan().is_empty


def test_all_tables_are_one_module_that_reads_every_item(live: Project, load: Load) -> None:
    rendered = live.render.models()
    assert [table.name for table in rendered.tables] == sorted(TABLES)
    made = load(rendered.text)
    db = live.db()
    plain = {each.id: each for each in db.scan(made.Plain_2)}
    one, two = plain["1"], plain["2"]
    assert (one.name, two.name, one.age, two.age) == ("Ann", None, 41, None)
    assert (one.at, one.js, one.pynamo) == (TIME, TIME.replace(microsecond=678000), TIME)
    assert (one.price, two.price, one.mixed, two.mixed) == (Decimal("1.5"), Decimal(2), "x", 5)
    assert (one.wild, two.wild) == ([Decimal(1)], "x")
    assert (one.tags, two.tags, one.sizes, one.ids, one.blobs) == ({"a"}, set(), {1, Decimal("2.5")}, {1}, {b"a"})
    assert (one.address.city, one.address.zip_code, one.address.at, two.address.zip_code) == ("Bern", 3000, TIME, None)
    assert [(line.name, line.count) for line in one.lines] == [("a", 1), ("b", None)]
    assert (one.times, one.js_times) == ([TIME], ["2026-01-02T03:04:05.678Z"])
    assert (one.by_day, two.by_day) == ({"2026-01-01": 1, "2026-01-02": 2}, {"2026-02-01": Decimal("3.5")})
    for item in db.scan(made.Reserved):
        assert item.from_ == "a"
    one.age = 42
    db.save(one)
    assert db.require(made.Plain_2, "1").age == 42


def test_what_is_written_by_the_class_is_what_was_there(live: Project, load: Load) -> None:
    made = load(live.render.models(["plain"]).text)
    db = live.db()
    client: Any = live._world.session.client("dynamodb")
    before = client.get_item(TableName="plain", Key={"id": {"S": "1"}})["Item"]
    one = db.require(made.Plain_2, "1")
    db.put(made.Plain_2(**{name: getattr(one, name) for name in made.Plain_2.model_fields}))
    after = client.get_item(TableName="plain", Key={"id": {"S": "1"}})["Item"]
    before.pop("nothing")  # NULL is None, which is left out
    assert after == before


def test_the_docstring_says_what_the_sample_was(live: Project) -> None:
    def text(name: str, sample: int = 100) -> str:
        return " ".join(live.render.models([name], sample=sample).text.split())

    assert "The types of other attributes are those of all 2 items of the table." in text("plain")
    assert "those of a sample: 1 item, of about" in text("plain", 1)
    assert "No item was read." in text("many-keys")
    for value in ("Ann", "Bern", "2026-01"):
        assert value not in text("plain")


def test_what_cannot_be_is_refused(live: Project) -> None:
    with pytest.raises(TableNotFound):
        live.render.models(["no-such-table"])
    with pytest.raises(UsageError, match="No table fits none-"):
        live.render.models(["none-*"])
    with pytest.raises(UsageError, match="1 to 10,000"):
        live.render.models(sample=10_001)
