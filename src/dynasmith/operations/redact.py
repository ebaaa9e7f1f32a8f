"""``{redact: notes}``: a value that goes, wherever it stands in an item."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from dynasmith.operations.fields import Fields
from dynasmith.operations.operation import Item, Operation
from dynasmith.tables.attribute_path import AttributePath, read_path


@dataclass(frozen=True, slots=True)
class Redact(Operation):
    """Take away what is at a path: ``Redact("address.note")``. What a list or a set holds there goes whole."""

    WORD: ClassVar[str] = "redact"

    attribute: str
    path: AttributePath = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        Operation.__post_init__(self)
        object.__setattr__(self, "path", read_path(self.attribute))

    @classmethod
    def read(cls, fields: Fields) -> Callable[[], Self]:
        """Only the path."""
        attribute = fields.path("redact")
        return lambda: cls(attribute)

    def document(self) -> dict[str, Any]:
        """It as an entry of an operations file."""
        return {"redact": self.attribute}

    def apply(self, item: Item) -> None:
        """Take it away where it is."""
        self.path.remove(item)

    def inverse(self) -> None:
        """Nothing knows what it held."""
        return

    def describe(self) -> str:
        """It in a few words."""
        return f"redact {self.attribute}"
