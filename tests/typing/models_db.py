"""Items of models as users read and write them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import assert_type

from dynasmith import Db, Model, ModelPage, Project, Query
from dynasmith.models import Attr, Partition, attr, created_at, gsi, key, uuid, version


class Order(Model, table="orders"):
    """A table of its own."""

    id: Partition[str] = uuid()
    customer_id: Attr[str]
    total: Attr[Decimal]
    status: Attr[str] = attr(default="new")
    tags: Attr[set[str]] = attr(default_factory=set)
    created: Attr[datetime] = created_at()
    rev: Attr[int] = version()
    by_customer = gsi("customer_id", sort="created")


class Other(Model, table="others"):
    """Another class."""

    id: Partition[str]


def writes(project: Project) -> None:
    """Every verb gives what it is given."""
    db = project.db()
    assert_type(db, Db)
    test = db.in_table(Order, "test_orders_42")
    order = test.create(Order(customer_id="c1", total=Decimal("12.50")))
    assert_type(order, Order)
    order.status = "paid"
    assert_type(db.save(order, where=Order.status != "void"), Order)
    assert_type(db.put(order), Order)
    assert_type(db.update(key(Order, "o1"), Order.total.add(1), Order.tags.remove()), Order)
    assert_type(db.update(order, Order.status.set("sent")), Order)
    assert_type(db.delete(order), bool)


def reads(db: Db) -> None:
    """A query is of its class."""
    assert_type(db.get(Order, "o1"), Order | None)
    assert_type(db.require(Order, "o1", consistent=True), Order)
    assert_type(db.get_many(Order, ["o1", "o2"]), list[Order | None])
    query = db.query(Order, Order.customer_id == "c1", Order.created > datetime(2026, 1, 1, tzinfo=UTC))
    assert_type(query, Query[Order])
    assert_type(query.where(Order.total > 10).only(Order.total).descending().limit(3), Query[Order])
    assert_type(query.first(), Order | None)
    assert_type(query.one(), Order)
    assert_type(query.page(None, items=20), ModelPage[Order])
    assert_type(query.count(), int)
    for order in query:
        assert_type(order, Order)
    ends = db.scan(Order).filter(lambda order: order.status.endswith("d"))
    assert_type(next(ends), Order)
    assert_type(query.sorted(lambda order: order.total, limit=3), list[Order])
    print(query.explain().index)


def refused(db: Db, order: Order) -> None:
    """What checkers refuse."""
    db.create(Order)  # type: ignore[type-var]
    db.save("o1")  # type: ignore[type-var]
    db.update(order, Order.total > 3)  # type: ignore[arg-type]
    db.query(Order, Order.total.set(Decimal(3)))  # type: ignore[arg-type]
    db.get("orders", "o1")  # type: ignore[arg-type]
    db.query(Order).limit("3")  # type: ignore[arg-type]
    db.get_many(Other, [order.id])[0].total  # type: ignore[union-attr]
