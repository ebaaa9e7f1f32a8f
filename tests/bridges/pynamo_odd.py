"""PynamoDB models of the less usual kinds."""
# mypy: disable-error-code="no-untyped-call"
# PynamoDB does not annotate what makes its classes.

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    JSONAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    TTLAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.models import Model


class UpperAttribute(UnicodeAttribute):
    """An attribute with its own form."""

    def serialize(self, value: Any) -> str:
        return str(value).upper()


class SameAttribute(UnicodeAttribute):
    """An attribute of another name."""


class Node(MapAttribute[str, Any]):
    """A map with a time to live, which the service does not see."""

    ends = TTLAttribute(null=True)


class Tree(MapAttribute[str, Any]):
    """A map of maps."""

    left = Node(null=True)
    nodes = ListAttribute(of=Node, default=list)


class Base(Model):
    """A base without a table."""

    tenant = UnicodeAttribute(hash_key=True, attr_name="PK")


class Thing(Base):
    """No capacity, and most of what is unusual."""

    class Meta:
        """Its settings."""

        table_name = "things"

    upper = UpperAttribute(null=True)
    same = SameAttribute(default="x")
    unnamed = UnicodeAttribute(default=lambda: "y")
    numbers = ListAttribute(of=NumberAttribute, null=True)
    jsons = ListAttribute(of=JSONAttribute, null=True)
    binaries = ListAttribute(of=BinaryAttribute, null=True)
    sets = ListAttribute(of=UnicodeSetAttribute, null=True)
    tree = Tree(null=True)
    model_config = UnicodeAttribute(null=True)
    schema = JSONAttribute(default=dict)
    flag = BooleanAttribute(null=True, default=False)
    when = UTCDateTimeAttribute(default_for_new=lambda: datetime.now(UTC))
