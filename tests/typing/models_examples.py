"""Models as users write them. Type-checked by ``make check``, and run by ``tests/models/test_typing.py``."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import assert_type

from pydantic import BaseModel

from dynasmith import Model, Table
from dynasmith.models import (
    Action,
    Attr,
    Condition,
    Expr,
    KeyOf,
    Partition,
    Sort,
    attr,
    created_at,
    gsi,
    key,
    lsi,
    partition,
    sort,
    tables_of,
    template,
    ttl,
    ulid,
    updated_at,
    uuid,
    version,
)


class User(Model, table="users"):
    """A table of its own."""

    id: Partition[str]
    email: Attr[str] = attr(min_length=3)
    by_email = gsi("email", projection=["name"])


class Address(BaseModel):
    """A map inside an item."""

    city: str


class Customer(Model, table="customers", settings={"tags": {"team": "checkout"}}):
    """Defaults, stamps, an index."""

    id: Partition[str] = uuid()
    at: Sort[str] = ulid()
    email: Attr[str]
    name: Attr[str | None] = attr(default=None)
    address: Attr[Address | None] = attr(default=None)
    created: Attr[datetime] = created_at()
    updated: Attr[datetime] = updated_at()
    by_email = gsi("email")
    by_created = lsi("created")


class Order(Model, table="orders"):
    """Numbers, sets, and conditions on them."""

    id: Partition[str] = uuid()
    customer_id: Attr[str]
    total: Attr[Decimal]
    count: Attr[int] = attr(default=1)
    status: Attr[str] = attr(default="new")
    tags: Attr[set[str]] = attr(default_factory=set)
    by_customer = gsi("customer_id", sort="id")


class Account(Model, table="app", entity="user"):
    """A key made of attributes."""

    pk = partition("user:{email}")
    sk = sort("user:")
    email: Attr[str]
    rev: Attr[int] = version()


class Sale(Model, table="shop", entity="sale"):
    """Keys of the table and of an index made of attributes."""

    pk = partition("buyer:{buyer_id}")
    sk = sort("sale:{number:08d}")
    gs1pk = template("status:{status}")
    gs1sk = template("{placed}")
    gs1 = gsi("gs1pk", sort="gs1sk")
    buyer_id: Attr[str]
    number: Attr[int]
    status: Attr[str | None] = attr(default="open")
    placed: Attr[datetime] = created_at()
    expires: Attr[datetime | None] = ttl()


def values() -> None:
    """An instance has values, the class has expressions."""
    order = Order(customer_id="c1", total=Decimal("12.50"))
    assert_type(order.total, Decimal)
    assert_type(order.tags, set[str])
    assert_type(Order.total, Expr[Decimal])
    order.status = "paid"
    sale = Sale(buyer_id="b1", number=7)
    assert_type(sale.sk, str)
    assert_type(Sale.sk, Expr[str])
    assert_type(sale.expires, datetime | None)
    assert sale.sk == "sale:00000007"


def conditions() -> None:
    """Comparisons are conditions, and join with & | ~."""
    assert_type(Order.total > 10, Condition)
    assert_type((Order.total > 10) & ~(Order.status == "void") | Order.tags.contains("vip"), Condition)
    assert_type(Customer.created.between(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)), Condition)
    assert_type(Sale.sk.begins_with("sale:"), Condition)
    assert_type(Customer.name.begins_with("A"), Condition)
    assert_type(Order.tags.size() > 2, Condition)


def actions() -> None:
    """What an update does."""
    assert_type(Order.total.add(1), Action)
    assert_type(Order.status.set("paid"), Action)
    assert_type(Customer.name.set(None), Action)
    assert_type(Order.status.set(Order.customer_id), Action)
    assert_type(Order.tags.remove(), Action)


def keys_and_tables() -> None:
    """A key knows its class; classes are tables."""
    assert_type(key(Sale, "b1", 8), KeyOf[Sale])
    assert_type(key(Account, email="ann@example.com"), KeyOf[Account])
    assert_type(tables_of(User, Customer, Order, Account, Sale), tuple[Table, ...])
