"""The classes of these tests."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel

from dynasmith.models import (
    Attr,
    Model,
    Partition,
    Sort,
    attr,
    created_at,
    deleted_at,
    gsi,
    lsi,
    partition,
    sort,
    template,
    ttl,
    updated_at,
    version,
)


class Address(BaseModel):
    """A map inside an item."""

    street: str
    city: str = ""


class Customer(Model, table="customers"):
    """A class with a version, stamps, sets, maps, and two indexes."""

    id: Partition[str]
    at: Sort[int]
    email: Attr[str | None] = attr(default=None, name="mail")
    age: Attr[int | None] = attr(default=None, name="years")
    total: Attr[Decimal] = attr(default=Decimal(0))
    tags: Attr[set[str]] = attr(default_factory=set)
    address: Attr[Address | None] = attr(default=None)
    labels: Attr[dict[str, str]] = attr(default_factory=dict)
    notes: Attr[str] = attr(default="")
    seen: Attr[datetime | None] = attr(default=None)
    expires: Attr[datetime | None] = ttl()
    rev: Attr[int] = version()
    created: Attr[datetime] = created_at()
    updated: Attr[datetime] = updated_at()
    by_email = gsi("email", sort="age")
    by_total = lsi("total")


class Sale(Model, table="shop", entity="sale"):
    """One of two classes in a table; the index says nothing about which."""

    pk = partition("buyer:{buyer}")
    sk = sort("sale:{number:08d}")
    gs1pk = template("status:{status}")
    gs1sk = template("{day}")
    gs1 = gsi("gs1pk", sort="gs1sk")
    by_day = gsi("day", projection=["status"])
    buyer: Attr[str]
    number: Attr[int]
    status: Attr[str | None] = attr(default="open")
    day: Attr[str | None] = attr(default="2026-01-01")
    comment: Attr[str] = attr(default="")


class Team(Model, table="shop", entity="team"):
    """The other one."""

    pk = partition("buyer:{buyer}")
    sk = sort("#{number:08d}")
    gs1pk = template("status:{status}")
    gs1sk = template("{day}")
    gs1 = gsi("gs1pk", sort="gs1sk")
    buyer: Attr[str]
    number: Attr[int] = attr(default=0)
    status: Attr[str] = attr(default="open")
    day: Attr[str] = attr(default="2026-01-01")


class Event(Model, table="events"):
    """Large items, so that a table has several pages."""

    stream: Partition[str]
    number: Sort[int]
    kind: Attr[str] = attr(default="plain")
    body: Attr[str] = attr(default="")


class Person(Model, table="people"):
    """A class without a version and without stamps."""

    id: Partition[str]
    name: Attr[str] = attr(default="")


class Note(Model, table="notes"):
    """A class whose deleted items stay, with a version and indexes that hold a part."""

    owner: Partition[str]
    number: Sort[int]
    text: Attr[str] = attr(default="")
    folder: Attr[str | None] = attr(default=None)
    deleted: Attr[datetime | None] = deleted_at()
    expires: Attr[datetime | None] = ttl()
    rev: Attr[int] = version()
    updated: Attr[datetime] = updated_at()
    by_folder = gsi("folder", projection="keys")
    by_deleted = gsi("owner", sort="deleted")
    unused = template("removed:{deleted}")


class Draft(Model, table="shop", entity="draft"):
    """An entity of a shared table whose deleted items stay, without a version; the time is a number."""

    pk = partition("buyer:{buyer}")
    sk = sort("draft:{number:08d}")
    gs1pk = template("status:{status}")
    gs1sk = template("{day}")
    gs1 = gsi("gs1pk", sort="gs1sk")
    buyer: Attr[str]
    number: Attr[int]
    status: Attr[str | None] = attr(default="open")
    day: Attr[str | None] = attr(default="2026-01-01")
    gone: Attr[datetime | None] = deleted_at(epoch=True)
