"""The classes that the tests of models share."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from pydantic import BaseModel

from dynasmith.models import (
    Attr,
    Model,
    Partition,
    Sort,
    attr,
    created_at,
    gsi,
    lsi,
    partition,
    sort,
    template,
    ttl,
    updated_at,
    version,
)


class Status(Enum):
    """How far an order is."""

    NEW = "new"
    PAID = "paid"


class Address(BaseModel):
    """A map inside an item."""

    street: str
    city: str | None = None


class Customer(Model, table="customers"):
    """A class with its own table, and most kinds of attributes."""

    id: Partition[str]
    at: Sort[int] = attr(name="n")
    email: Attr[str] = attr(min_length=3)
    age: Attr[int | None] = attr(default=None, name="years")
    score: Attr[float] = attr(default=0.5)
    total: Attr[Decimal] = attr(default=Decimal(0))
    status: Attr[Status] = attr(default=Status.NEW)
    tags: Attr[set[str]] = attr(default_factory=set)
    sizes: Attr[set[int]] = attr(default_factory=set)
    notes: Attr[list[str]] = attr(default_factory=list)
    address: Attr[Address | None] = attr(default=None)
    places: Attr[list[Address]] = attr(default_factory=list)
    labels: Attr[dict[str, int]] = attr(default_factory=dict)
    extra: Attr[Any] = attr(default=None)
    picture: Attr[bytes | None] = attr(default=None)
    seen: Attr[datetime | None] = attr(default=None, epoch="ms")
    expires: Attr[datetime | None] = ttl()
    rev: Attr[int] = version()
    created: Attr[datetime] = created_at()
    updated: Attr[datetime] = updated_at()
    by_email = gsi("email", sort="age", projection=["tags", "age"])
    by_status = gsi("status", name="status-index", projection="keys")
    by_total = lsi("total")


class Buyer(Model, table="shop", entity="buyer"):
    """One of the classes of a table that they share."""

    pk = partition("buyer:{buyer_id}")
    sk = sort("#")
    buyer_id: Attr[str]


class Sale(Model, table="shop", entity="sale"):
    """The other one, with an index."""

    pk = partition("buyer:{buyer_id}")
    sk = sort("sale:{number:08d}")
    gs1pk = template("status:{status}")
    gs1sk = template("{placed}")
    gs1 = gsi("gs1pk", sort="gs1sk")
    buyer_id: Attr[str]
    number: Attr[int]
    status: Attr[str | None] = attr(default="open")
    placed: Attr[datetime] = created_at()
