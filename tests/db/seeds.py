"""The models of the guides that people come from, as classes."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, field_validator

from dynasmith.models import (
    Attr,
    Model,
    Partition,
    attr,
    belongs_to,
    created_at,
    gsi,
    has_many,
    partition,
    sort,
    ulid,
    updated_at,
    uuid,
)

# --- Table Operations Guide (DynamORM)


class User(Model, table="users"):
    """``type User struct``."""

    id: Partition[str]
    email: Attr[str] = attr(default="")


class Post(Model, table="posts"):
    """``&Post{}``."""

    id: Partition[str]
    author: Attr[str]


class Comment(Model, table="comments"):
    """``&Comment{}``."""

    id: Partition[str]
    post: Attr[str]


class UserV1(Model, table="users_v1"):
    """``type UserV1 struct``."""

    id: Partition[str]
    name: Attr[str]


class UserV2(Model, table="users_v2"):
    """``type UserV2 struct``."""

    id: Partition[str]
    first_name: Attr[str]
    last_name: Attr[str]


def split(old: UserV1) -> UserV2:
    """``transformFunc``; a name of one word does not end the process here."""
    first, _, last = old.name.partition(" ")
    return UserV2(id=old.id, first_name=first, last_name=last)


# --- Migration Guide (Dynamite)


class Customer(Model, table="customers"):
    """``User`` of the sections on Sequelize and TypeORM, and of "Decorator-based Configuration"."""

    id: Partition[str] = uuid()
    email: Attr[str]
    name: Attr[str | None] = attr(default=None)
    created_at: Attr[datetime] = created_at()
    updated_at: Attr[datetime] = updated_at()
    by_email = gsi("email")
    orders = has_many(lambda: Order, by="user_id")

    @field_validator("email")
    @classmethod
    def valid_email(cls, value: str) -> str:
        """``@Validate``."""
        if not re.fullmatch(r"[^\s@]+@[^\s@]+\.[^\s@]+", value):
            raise ValueError("Invalid email")
        return value


class Order(Model, table="orders"):
    """``Order`` with ``@BelongsTo``."""

    id: Partition[str] = ulid()
    user_id: Attr[str]
    total: Attr[Decimal]
    status: Attr[str] = attr(default="new")
    by_user = gsi("user_id", sort="id")
    user = belongs_to(lambda: Customer, by="user_id")


class Profile(BaseModel):
    """``profile: { bio, avatar_url }``."""

    bio: str
    avatar_url: str


class Reader(Model, table="readers"):
    """``User`` of the section on Mongoose."""

    id: Partition[str] = uuid()
    email: Attr[str]
    name: Attr[str]
    profile: Attr[Profile | None] = attr(default=None)
    tags: Attr[list[str]] = attr(default_factory=list)
    created_at: Attr[datetime] = created_at()


class OldPerson(Model, table="people"):
    """``// Old schema``."""

    id: Partition[str]
    name: Attr[str]


class Person(Model, table="people"):
    """``// New schema``, of the same table."""

    id: Partition[str]
    name: Attr[str]
    email: Attr[str | None] = attr(default=None)
    country: Attr[str] = attr(default="CH")
    since: Attr[datetime | None] = attr(default=None)


class RenamedPerson(Model, table="people"):
    """``full_name``, renamed from ``name``."""

    id: Partition[str]
    full_name: Attr[str]


# --- OneTable Migrate sample


class Account(Model, table="app", entity="user"):
    """``user: { pk: 'user:${email}', sk: 'user:', email }``."""

    pk = partition("user:{email}")
    sk = sort("user:")
    email: Attr[str]
