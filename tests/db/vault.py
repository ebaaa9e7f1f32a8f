"""Classes with encrypted attributes."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from db.shop import Address
from dynasmith.models import Attr, Model, Partition, Sort, attr, created_at, gsi, partition, sort, version


class Patient(Model, table="clinic"):
    """Encrypted attributes of many types, and a version."""

    id: Partition[str]
    name: Attr[str] = attr(default="nobody")
    ssn: Attr[str | None] = attr(default=None, name="social", encrypted=True)
    age: Attr[int | None] = attr(default=None, encrypted=True)
    fee: Attr[Decimal] = attr(default=Decimal("1.50"), encrypted=True)
    notes: Attr[list[str]] = attr(default_factory=list, encrypted=True)
    labels: Attr[dict[str, Any]] = attr(default_factory=dict, encrypted=True)
    address: Attr[Address | None] = attr(default=None, encrypted=True)
    born: Attr[datetime | None] = attr(default=None, encrypted=True)
    tags: Attr[set[str]] = attr(default_factory=set, encrypted=True)
    photo: Attr[bytes | None] = attr(default=None, encrypted=True)
    rev: Attr[int] = version()
    created: Attr[datetime] = created_at()
    by_name = gsi("name")


class Archived(Patient, table="archive"):
    """Another table of such items."""


class Moving(Model, table="moving"):
    """An attribute that is being encrypted: some items have it plain."""

    id: Partition[str]
    at: Sort[int]
    email: Attr[str | None] = attr(default=None, encrypted=True, read_plain=True)
    labels: Attr[dict[str, str]] = attr(default_factory=dict, encrypted="second", read_plain=True)


class Bare(Model, table="moving"):
    """The same table before anything was encrypted."""

    id: Partition[str]
    at: Sort[int]
    email: Attr[str | None] = attr(default=None)
    labels: Attr[dict[str, str]] = attr(default_factory=dict)


class Card(Model, table="wallet", entity="card"):
    """One of two entities in a table."""

    pk = partition("owner:{owner}")
    sk = sort("card:{number:04d}")
    owner: Attr[str]
    number: Attr[int]
    pan: Attr[str | None] = attr(default=None, encrypted=True)


class Owner(Model, table="wallet", entity="owner"):
    """The other one."""

    pk = partition("owner:{owner}")
    sk = sort("#")
    owner: Attr[str]
    phone: Attr[str | None] = attr(default=None, encrypted=True)
