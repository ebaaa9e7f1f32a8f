"""``{remove: legacy}``: an attribute that goes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from dynasmith.operations.fields import Fields
from dynasmith.operations.operation import Item, Operation


@dataclass(frozen=True, slots=True)
class Remove(Operation):
    """Remove an attribute where it is."""

    WORD: ClassVar[str] = "remove"

    attribute: str

    @classmethod
    def read(cls, fields: Fields) -> Callable[[], Self]:
        """Only the name."""
        attribute = fields.name("remove")
        return lambda: cls(attribute)

    def document(self) -> dict[str, Any]:
        """It as an entry of an operations file."""
        return {"remove": self.attribute}

    def apply(self, item: Item) -> None:
        """Remove it where it is."""
        if self.attribute in item:
            del item[self.attribute]

    def inverse(self) -> None:
        """Nothing knows what it held, but the journal of a backfill."""
        return

    def describe(self) -> str:
        """It in a few words."""
        return f"remove {self.attribute}"
