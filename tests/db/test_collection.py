"""Items of several classes of one partition: in the order of their keys, by one query, and of these classes only."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from db.family import CLASSES, Buyer, Note, Order, Sale, SaleLine
from dynasmith import Db, Project, connect
from dynasmith.errors import ScanNeeded, UsageError
from dynasmith.models import Attr, Model, deleted_at, gsi, key, partition, sort, tables_of, template
from dynasmith.strict import StrictServer

pytestmark = pytest.mark.engine
BODY = "x" * 150_000
"""Seven of them are a page of 1 MB."""


class Refund(Model, table="rel_shop", entity="refund"):
    """Its keys look like those of a sale, and the field that makes the partition has another name."""

    pk = partition("buyer:{client}")
    sk = sort("sale:{number:08d}:refund")
    gs1pk = template("author:{client}")
    gs1sk = template("{reason}")
    gs1 = gsi("gs1pk", sort="gs1sk")
    client: Attr[str]
    number: Attr[int]
    reason: Attr[str]


class Archived(Model, table="rel_shop", entity="archived"):
    """Deleted items of it stay."""

    pk = partition("buyer:{buyer_id}")
    sk = sort("archived:{number:04d}")
    buyer_id: Attr[str]
    number: Attr[int]
    deleted: Attr[datetime | None] = deleted_at()


@pytest.fixture(scope="module")
def family(endpoint: StrictServer) -> Iterator[Project]:
    """A project with the tables of these classes."""
    tables = tables_of(*CLASSES, Refund, Archived)
    with connect(endpoint=endpoint.endpoint, region="us-east-1", tables=tables, clock=endpoint.clock) as project:
        project.ensure()
        yield project


@pytest.fixture
def db(family: Project) -> Db:
    """What is tested."""
    return family.db()


@pytest.fixture
def shop(db: Db, name: str) -> str:
    """A buyer with two sales, their lines, and a refund."""
    db.create(Buyer(id=name))
    for number in (7, 8):
        db.create(Sale(buyer_id=name, number=number, status="open" if number == 7 else "void"))
        db.create(Refund(client=name, number=number, reason="late"))
        for line in (1, 2):
            db.create(SaleLine(buyer_id=name, number=number, line=line))
    return name


def names(found: Any) -> list[str]:
    """What was given, in order."""
    return [f"{type(item).__name__} {getattr(item, 'number', '')}".strip() for item in found]


def test_a_collection_is_one_query_in_the_order_of_the_keys(db: Db, shop: str, endpoint: StrictServer) -> None:
    before = len(endpoint.journal.of("Query"))
    found = db.collection(Buyer, Sale, SaleLine).query(Sale.buyer_id == shop)
    assert names(found) == ["Buyer", "Sale 7", "SaleLine 7", "SaleLine 7", "Sale 8", "SaleLine 8", "SaleLine 8"]
    assert len(endpoint.journal.of("Query")) == before + 1
    assert names(found.descending().limit(2)) == ["SaleLine 8", "SaleLine 8"]
    assert found.count() == 7
    assert found.where(Sale.number == 7).count() == 3
    assert isinstance(found.first(), Buyer)
    plan = found.explain()
    assert plan.key_condition == f"pk = 'buyer:{shop}'"
    assert plan.filter == "_type IN ('buyer', 'sale', 'line')"


def test_a_condition_on_the_sort_key_narrows_it(db: Db, shop: str) -> None:
    sale = db.collection(Sale, SaleLine).query(Sale.buyer_id == shop, Sale.sk.begins_with("sale:00000007"))
    assert names(sale) == ["Sale 7", "SaleLine 7", "SaleLine 7"]
    assert sale.explain().key_condition == f"pk = 'buyer:{shop}' AND begins_with(sk, 'sale:00000007')"
    assert names(db.collection(Sale, SaleLine).query(Sale.buyer_id == shop, SaleLine.sk > "sale:00000008")) == [
        "SaleLine 8",
        "SaleLine 8",
    ]
    assert names(db.collection(Buyer, Sale).query(Buyer.pk == f"buyer:{shop}", Buyer.sk == "#")) == ["Buyer"]


def test_classes_may_keep_the_partition_in_fields_of_other_names(db: Db, shop: str) -> None:
    found = db.collection(Buyer, Sale, Refund)
    expected = ["Buyer", "Sale 7", "Refund 7", "Sale 8", "Refund 8"]
    for condition in (Buyer.id == shop, Sale.buyer_id == shop, Refund.client == shop):
        assert names(found.query(condition)) == expected
    assert names(found.query(Refund.client == shop, Refund.reason == "late")) == ["Refund 7", "Refund 8"]
    either = (Sale.status == "open") | (Refund.reason == "late")
    assert names(found.query(Buyer.id == shop, either)) == ["Sale 7", "Refund 7", "Refund 8"]


def test_items_of_other_entities_are_not_given(db: Db, client: Any, shop: str) -> None:
    for sk, entity in (("sale:00000007:x", "stranger"), ("sale:00000007:y", None)):
        item = {"pk": {"S": f"buyer:{shop}"}, "sk": {"S": sk}, "buyer_id": {"S": shop}, "number": {"N": "7"}}
        client.put_item(TableName="rel_shop", Item=item | ({"_type": {"S": entity}} if entity else {}))
    assert names(db.collection(Sale, SaleLine).query(Sale.buyer_id == shop, Sale.number == 7)) == [
        "Sale 7",
        "SaleLine 7",
        "SaleLine 7",
    ]


def test_deleted_items_of_a_class_are_not_given(db: Db, name: str) -> None:
    db.create(Buyer(id=name))
    db.create(Archived(buyer_id=name, number=1))
    db.create(Archived(buyer_id=name, number=2))
    db.delete(key(Archived, name, 1))
    found = db.collection(Buyer, Archived)
    assert names(found.query(Buyer.id == name)) == ["Buyer", "Archived 2"]
    assert names(found.query(Buyer.id == name, deleted=True)) == ["Buyer", "Archived 1", "Archived 2"]


def test_an_index_is_a_partition_too(db: Db, shop: str) -> None:
    db.create(Note(id=shop, author_id=shop, written="2026"))
    query = db.collection(Note, Refund).query(Note.author_id == shop)
    assert query.explain().index == "gs1"
    assert names(query) == ["Note", "Refund 7", "Refund 8"]
    assert names(
        db.collection(Note, Refund)
        .query(
            Note.gs1pk == f"author:{shop}",
            index=Note.gs1,
        )
        .limit(1)
    ) == ["Note"]


@pytest.mark.parametrize("items", [1, 2, 3, 100])
def test_cursors_give_every_item_once(db: Db, shop: str, items: int) -> None:
    query = db.collection(Buyer, Sale, SaleLine).query(Sale.buyer_id == shop)
    found: list[Any] = []
    cursor = None
    while True:
        page = query.page(cursor, items=items)
        found += page.items
        cursor = page.cursor
        if cursor is None:
            break
        assert len(page.items) == items
        with pytest.raises(UsageError, match="of another query"):
            db.collection(Buyer, Sale).query(Sale.buyer_id == shop).page(cursor)
    assert found == list(query)


def test_every_page_is_read(db: Db, name: str, endpoint: StrictServer) -> None:
    for line in range(15):
        db.create(SaleLine(buyer_id=name, number=1, line=line, body=BODY))
    db.create(Sale(buyer_id=name, number=2))
    before = len(endpoint.journal.of("Query"))
    assert names(db.collection(Sale, SaleLine).query(Sale.buyer_id == name)) == 15 * ["SaleLine 1"] + ["Sale 2"]
    assert len(endpoint.journal.of("Query")) == before + 3


def test_relations_of_each_class_are_included(db: Db, shop: str, endpoint: StrictServer) -> None:
    query = db.collection(Buyer, Sale, SaleLine).query(Sale.buyer_id == shop)
    query = query.include(Buyer.sales, Sale.lines, SaleLine.sale)
    before = len(endpoint.journal.of("Query"))
    for item in query:
        if isinstance(item, Buyer):
            assert [sale.number for sale in item.sales] == [7, 8]
        elif isinstance(item, Sale):
            assert [line.line for line in item.lines] == [1, 2]
        else:
            assert item.sale
            assert item.sale.number == item.number
    assert len(endpoint.journal.of("Query")) == before + 3
    with pytest.raises(UsageError, match=r"Order\.user is a relation of Order, and items of Buyer or Sale or SaleLine"):
        query.include(Order.user)


def test_only_reads_what_is_named_of_each_class(db: Db, shop: str) -> None:
    query = db.collection(Buyer, Sale).query(Sale.buyer_id == shop).only(Sale.status)
    assert [item.status for item in query if isinstance(item, Sale)] == ["open", "void"]
    assert [item.id for item in query if isinstance(item, Buyer)] == [shop]


def test_what_is_no_collection_is_refused_before_a_call(db: Db, endpoint: StrictServer) -> None:
    class Plain(Model, table="rel_shop"):
        pk = partition("p:{id}")
        sk = sort("#")
        id: Attr[str]

    class Twin(Model, table="rel_shop", entity="sale"):
        pk = partition("t:{id}")
        sk = sort("#")
        id: Attr[str]

    before = len(endpoint.journal)
    with pytest.raises(UsageError, match="Sale is in table rel_shop, and Order in rel_orders"):
        db.collection(Sale, Order)
    with pytest.raises(UsageError, match="Sale is in table rel_shop, and SaleLine in elsewhere"):
        db.in_table(SaleLine, "elsewhere").collection(Sale, SaleLine)
    with pytest.raises(UsageError, match=r"Items of .*Plain cannot be told from those of other classes"):
        db.collection(Sale, Plain)
    with pytest.raises(UsageError, match=r"Sale and .*Twin are both the entity sale"):
        db.collection(Sale, Twin)
    with pytest.raises(
        ScanNeeded, match=r"fix no partition of Buyer or Sale: the table needs id == VALUE; the table needs"
    ):
        db.collection(Buyer, Sale).query(Sale.number == 7).explain()
    with pytest.raises(UsageError, match="The index is not one of Buyer or Sale"):
        db.collection(Buyer, Sale).query(Sale.buyer_id == "b", index=Note.gs1).explain()
    with pytest.raises(UsageError, match=r"is of Order, and the request is about Buyer or Sale"):
        list(db.collection(Buyer, Sale).query(Sale.buyer_id == "b", Order.placed == "x"))
    with pytest.raises(UsageError, match="one condition on the sort key"):
        db.collection(Buyer, Sale).query(Sale.buyer_id == "b", Sale.sk > "a", Buyer.sk < "b").explain()
    assert len(endpoint.journal) == before
    assert db.collection(Sale, Sale, SaleLine).query(Sale.buyer_id == "b").explain().table == "rel_shop"


def test_conditions_of_an_index_that_does_not_hold_them_are_refused(db: Db) -> None:
    with pytest.raises(ScanNeeded, match="index by_placed does not hold user_id"):
        db.query(Order, Order.placed == "x", Order.user_id == "u", index=Order.by_placed).explain()
