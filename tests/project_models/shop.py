"""The classes of these tests, and functions of a module, which jobs remember by name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from dynasmith.models import Attr, Model, Partition, attr, created_at, gsi, partition, sort, ttl, updated_at, version


class Customer(Model, table="customers"):
    """A table of its own."""

    id: Partition[str]
    name: Attr[str]
    age: Attr[int | None] = attr(default=None, name="years", ge=0)
    total: Attr[Decimal] = attr(default=Decimal(0))
    rev: Attr[int] = version()
    updated: Attr[datetime] = updated_at()


class CustomerV2(Model, table="customers_v2"):
    """The table that its items go to."""

    id: Partition[str]
    first_name: Attr[str]
    last_name: Attr[str]
    created: Attr[datetime] = created_at()
    rev: Attr[int] = version()
    expires: Attr[datetime | None] = ttl()
    by_last_name = gsi("last_name", sort="first_name")


class Buyer(Model, table="shop", entity="buyer"):
    """One of two classes of a table."""

    pk = partition("buyer:{buyer_id}")
    sk = sort("#")
    buyer_id: Attr[str]
    name: Attr[str] = attr(default="")


class Sale(Model, table="shop", entity="sale"):
    """The other one, with an index."""

    pk = partition("buyer:{buyer_id}")
    sk = sort("sale:{number:08d}")
    buyer_id: Attr[str]
    number: Attr[int]
    status: Attr[str] = attr(default="open")
    by_status = gsi("status", sort="number")


def split(old: Customer) -> CustomerV2:
    """One item of one."""
    first, _, last = old.name.partition(" ")
    return CustomerV2(id=old.id, first_name=first, last_name=last or first)


def named_only(old: Customer) -> CustomerV2 | None:
    """None for some."""
    return split(old) if " " in old.name else None


def twice(old: Customer) -> Iterator[CustomerV2]:
    """Several of one."""
    yield split(old)
    yield CustomerV2(id=f"{old.id}-copy", first_name="copy", last_name=old.name)


def older(one: Customer) -> Customer | None:
    """A change in place of a read instance."""
    if one.age is None:
        return None
    one.age = max(one.age, 18)
    return one
