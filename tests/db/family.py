"""Classes with relations: tables of their own, and one table with several entities."""

from __future__ import annotations

from dynasmith.models import (
    Attr,
    Model,
    Partition,
    Sort,
    attr,
    belongs_to,
    gsi,
    has_many,
    has_one,
    partition,
    sort,
    template,
)


class User(Model, table="rel_users"):
    """Relations of each kind."""

    id: Partition[str]
    manager_id: Attr[str | None] = attr(default=None)
    by_manager = gsi("manager_id")
    orders = has_many(lambda: Order, by="user_id")
    newest = has_many(lambda: Order, by="user_id", order="-placed")
    profile = has_one(lambda: Profile, by="user_id")
    badge = has_one(lambda: Badge, by="user_id")
    manager = belongs_to(lambda: User, by="manager_id")
    reports = has_many(lambda: User, by="manager_id")


class Profile(Model, table="rel_profiles"):
    """One for a user: its key is that of the user."""

    user_id: Partition[str]
    text: Attr[str] = attr(default="")


class Badge(Model, table="rel_badges"):
    """One for a user, found by an index."""

    id: Partition[str]
    user_id: Attr[str]
    by_user = gsi("user_id")


class Order(Model, table="rel_orders"):
    """Many for a user."""

    id: Partition[str]
    user_id: Attr[str | None] = attr(default=None)
    placed: Attr[str] = attr(default="2026-01-01")
    by_user = gsi("user_id", sort="placed")
    by_placed = gsi("placed", projection="keys")
    user = belongs_to(lambda: User, by="user_id")
    lines = has_many(lambda: OrderLine, by="order_id")


class OrderLine(Model, table="rel_lines"):
    """Many for an order, by the key of its table."""

    order_id: Partition[str]
    number: Sort[int]
    body: Attr[str] = attr(default="")
    order = belongs_to(lambda: Order, by="order_id")


class Buyer(Model, table="rel_shop", entity="buyer"):
    """One table: a buyer, its sales and their lines are one partition."""

    pk = partition("buyer:{id}")
    sk = sort("#")
    id: Attr[str]
    region: Attr[str] = attr(default="north")
    sales = has_many(lambda: Sale, by="buyer_id")
    notes = has_many(lambda: Note, by="author_id")


class Sale(Model, table="rel_shop", entity="sale"):
    """Many for a buyer."""

    pk = partition("buyer:{buyer_id}")
    sk = sort("sale:{number:08d}")
    buyer_id: Attr[str]
    number: Attr[int]
    status: Attr[str] = attr(default="open")
    buyer = belongs_to(lambda: Buyer, by="buyer_id")
    lines = has_many(lambda: SaleLine, by=("buyer_id", "number"))
    backwards = has_many(lambda: SaleLine, by=("buyer_id", "number"), order="-line")


class SaleLine(Model, table="rel_shop", entity="line"):
    """Many for a sale, whose key begins with that of the sale."""

    pk = partition("buyer:{buyer_id}")
    sk = sort("sale:{number:08d}:line:{line:03d}")
    buyer_id: Attr[str]
    number: Attr[int]
    line: Attr[int]
    body: Attr[str] = attr(default="")
    sale = belongs_to(lambda: Sale, by=("buyer_id", "number"))


class Note(Model, table="rel_shop", entity="note"):
    """Found by an index whose keys are templates."""

    pk = partition("note:{id}")
    sk = sort("#")
    gs1pk = template("author:{author_id}")
    gs1sk = template("{written}")
    gs1 = gsi("gs1pk", sort="gs1sk")
    id: Attr[str]
    author_id: Attr[str]
    written: Attr[str] = attr(default="2026-01-01")


CLASSES = (User, Profile, Badge, Order, OrderLine, Buyer, Sale, SaleLine, Note)
