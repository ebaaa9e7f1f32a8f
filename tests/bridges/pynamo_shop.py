"""PynamoDB models as their users write them."""
# mypy: disable-error-code="no-untyped-call"
# PynamoDB does not annotate what makes its classes.

from __future__ import annotations

from typing import Any

from pynamodb.attributes import (
    Attribute,
    BinaryAttribute,
    BinarySetAttribute,
    BooleanAttribute,
    DiscriminatorAttribute,
    DynamicMapAttribute,
    JSONAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    NumberSetAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
    VersionAttribute,
)
from pynamodb.indexes import (
    AllProjection,
    GlobalSecondaryIndex,
    IncludeProjection,
    KeysOnlyProjection,
    LocalSecondaryIndex,
)
from pynamodb.models import Model


class LegacyBooleanAttribute(Attribute[bool]):
    """As PynamoDB 4 had it: a bool as 0 or 1."""

    attr_type = "N"

    def serialize(self, value: Any) -> str:
        return "1" if value else "0"

    def deserialize(self, value: Any) -> bool:
        return bool(int(value))


class Place(MapAttribute[str, Any]):
    """A map with declared members."""

    city = UnicodeAttribute()
    zip_code = UnicodeAttribute(attr_name="zip-code")
    since = UTCDateTimeAttribute(null=True)
    marks = ListAttribute[Any](default=list)


class Extra(DynamicMapAttribute):
    """A map that takes what comes."""

    known = NumberAttribute(null=True)


class ByMail(GlobalSecondaryIndex["User"]):
    """By the mail address."""

    class Meta:
        """Its settings."""

        index_name = "by-mail"
        projection = IncludeProjection(["age", "zip"])
        read_capacity_units = 3
        write_capacity_units = 2

    mail = UnicodeAttribute(hash_key=True, attr_name="e-mail")


class ByBorn(LocalSecondaryIndex["User"]):
    """By the day of birth."""

    class Meta:
        """Its settings."""

        projection = KeysOnlyProjection()

    id = UnicodeAttribute(hash_key=True)
    born = UTCDateTimeAttribute(range_key=True)


class User(Model):
    """Most kinds of attributes."""

    class Meta:
        """Its settings."""

        table_name = "pynamo-users"
        region = "us-east-1"
        read_capacity_units = 5
        write_capacity_units = 4
        stream_view_type = "NEW_IMAGE"
        tags = {"team": "shop"}  # noqa: RUF012 - as its users write it

    by_mail = ByMail()
    by_born = ByBorn()
    id = UnicodeAttribute(hash_key=True)
    number = NumberAttribute(range_key=True)
    mail = UnicodeAttribute(attr_name="e-mail", null=True)
    born = UTCDateTimeAttribute()
    age = NumberAttribute(default=0)
    is_active = BooleanAttribute(default=True)
    was_active = LegacyBooleanAttribute(null=True)
    picture = BinaryAttribute(legacy_encoding=True, null=True)
    thumb = BinaryAttribute(legacy_encoding=False, null=True)
    keys = BinarySetAttribute(legacy_encoding=True)
    roles = UnicodeSetAttribute()
    sizes = NumberSetAttribute()
    settings = JSONAttribute(null=True)
    labels = MapAttribute[str, Any](default=dict)
    home = Place(null=True)
    places = ListAttribute(of=Place, default=list)
    times = ListAttribute(of=UTCDateTimeAttribute, default=list)
    extra = Extra(null=True)
    copy = UnicodeAttribute(default_for_new="new")  # a name that pydantic's models use
    expires = TTLAttribute(null=True, attr_name="expires-at")
    version = VersionAttribute()


class Pet(Model):
    """Items of several classes in one table."""

    class Meta:
        """Its settings."""

        table_name = "pynamo-pets"
        billing_mode = "PAY_PER_REQUEST"
        host = "http://127.0.0.1:1"

    cls = DiscriminatorAttribute()
    owner = UnicodeAttribute(hash_key=True)
    name = UnicodeAttribute(range_key=True)


class ByLives(GlobalSecondaryIndex["Cat"]):
    """By the lives that are left."""

    class Meta:
        """Its settings."""

        projection = AllProjection()

    lives = NumberAttribute(hash_key=True)


class Dog(Pet, discriminator="dog"):
    """One class of the table."""

    tricks = UnicodeSetAttribute()


class Cat(Pet, discriminator="cat"):
    """Another one, with an index of its own."""

    by_lives = ByLives()
    lives = NumberAttribute(default=9)
