"""Relations as users write them. Type-checked by ``make check``, and run by ``tests/db/test_relation_examples.py``."""

from datetime import datetime
from decimal import Decimal
from typing import assert_type

from dynasmith import Db, Model, Query
from dynasmith.models import (
    Attr,
    Many,
    One,
    Partition,
    attr,
    belongs_to,
    created_at,
    gsi,
    has_many,
    has_one,
    key,
    updated_at,
    uuid,
)


class Customer(Model, table="rel_customers"):
    """Defaults, stamps, and relations to classes that come later."""

    id: Partition[str] = uuid()
    email: Attr[str]
    name: Attr[str | None] = attr(default=None)
    created: Attr[datetime] = created_at()
    updated: Attr[datetime] = updated_at()
    by_email = gsi("email")
    orders = has_many(lambda: Order, by="customer_id")
    settings = has_one(lambda: Settings, by="customer_id")


class Settings(Model, table="rel_settings"):
    """One for a customer."""

    customer_id: Partition[str]
    language: Attr[str] = attr(default="en")


class Order(Model, table="rel_orders"):
    """What belongs to a customer."""

    id: Partition[str] = uuid()
    customer_id: Attr[str]
    total: Attr[Decimal]
    status: Attr[str] = attr(default="new")
    tags: Attr[set[str]] = attr(default_factory=set)
    by_customer = gsi("customer_id", sort="id")
    customer = belongs_to(lambda: Customer, by="customer_id")


def relations(db: Db) -> None:
    """On the class a relation, on an instance what was read."""
    assert_type(Customer.orders, Many[Order])
    assert_type(Order.customer, One[Customer])
    assert_type(Customer.orders.then(Order.customer), Many[Order])
    ann = db.create(Customer(email="ann@example.com"))
    db.create(Order(id="o1", customer_id=ann.id, total=Decimal("12.50")))
    query = db.query(Customer, Customer.email == "ann@example.com").include(Customer.orders, Customer.settings)
    assert_type(query, Query[Customer])
    for one in query:
        assert_type(one.orders, list[Order])
        assert_type(one.settings, Settings | None)
        assert [order.id for order in one.orders] == ["o1"]
        assert one.settings is None
    big = db.query(
        Order,
        Order.customer_id == ann.id,
        (Order.total > 10) & ~(Order.status == "void") | Order.tags.contains("vip"),
    )
    assert_type(big.first(), Order | None)
    assert big.first() is not None
    order = db.require(Order, "o1", include=[Order.customer])
    assert_type(order.customer, Customer | None)
    assert order.customer == ann
    order.status = "paid"
    db.save(order)
    changed = db.update(key(Order, "o1"), Order.total.add(1), Order.tags.remove(), where=Order.status != "void")
    assert changed.total == Decimal("13.50")
    ends = db.scan(Customer).filter(lambda customer: customer.email.endswith("@example.com"))
    assert_type(next(ends), Customer)
    assert_type(db.get_many(Customer, [ann.id], include=[Customer.orders.then(Order.customer)]), list[Customer | None])


def refused(db: Db, order: Order) -> None:
    """What checkers refuse."""
    Order(customer_id="c", total=Decimal(1), customer=None)  # type: ignore[call-arg]
    order.customer.email  # type: ignore[union-attr]
    db.query(Order).include(Order.customer_id)  # type: ignore[arg-type]
    db.query(Order).include("customer")  # type: ignore[arg-type]
    Customer.orders.then(Order.id)  # type: ignore[arg-type]
    has_many(lambda: str, by="id")  # type: ignore[type-var]
    has_many(Order, by="customer_id")  # type: ignore[arg-type]
