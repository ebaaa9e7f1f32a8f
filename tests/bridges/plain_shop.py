"""Plain pydantic models as their users write them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from annotated_types import Gt
from pydantic import BaseModel, Field, PrivateAttr, field_validator


class Status(Enum):
    """How far it is."""

    NEW = "new"
    PAID = "paid"


class Line(BaseModel):
    """A part of an order."""

    name: str
    price: Decimal


class Order(BaseModel):
    """A class without a word about DynamoDB."""

    customer: UUID = Field(default_factory=uuid4)
    number: int
    total: Annotated[Decimal, Gt(0)] = Decimal("0.5")
    status: Status = Status.NEW
    kind: Literal["web", "shop"] = "web"
    lines: list[Line] = []
    tags: set[str] = set()
    note: str | None = Field(default=None, max_length=10, description="A note")
    first: date | None
    at: datetime
    data: dict[str, Any] = Field(default_factory=dict)
    any_type: Any = None
    mail: str = Field(default="", pattern="^.*@.*$", alias="email")
    _secret: int = PrivateAttr(default=1)

    @field_validator("note")
    @classmethod
    def strip(cls, value: str | None) -> str | None:
        """A validator."""
        return value.strip() if value else value
