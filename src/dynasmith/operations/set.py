"""``{set: source, value: import}``: an attribute with one value, whatever it held before."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from dynasmith.items.value import same_value
from dynasmith.operations.fields import Fields
from dynasmith.operations.operation import Item, Operation
from dynasmith.operations.typed_value import read_value


@dataclass(frozen=True, slots=True)
class Set(Operation):
    """Set an attribute to a value, whether it is there or not. ``value`` is what `Add` takes."""

    WORD: ClassVar[str] = "set"

    attribute: str
    value: Any

    def __post_init__(self) -> None:
        Operation.__post_init__(self)
        object.__setattr__(self, "value", read_value(Fields(self.document(), "", [])))

    @classmethod
    def read(cls, fields: Fields) -> Callable[[], Self]:
        """``type`` as in `Add`."""
        attribute, value = fields.name("set"), read_value(fields)
        return lambda: cls(attribute, value)

    def document(self) -> dict[str, Any]:
        """It as an entry of an operations file."""
        return {"set": self.attribute, "value": self.value}

    def apply(self, item: Item) -> None:
        """Nothing where it has this value already."""
        if self.attribute not in item or not same_value(item[self.attribute], self.value):
            item[self.attribute] = deepcopy(self.value)

    def inverse(self) -> None:
        """None: only the journal of a backfill knows what it held."""
        return

    def describe(self) -> str:
        """It in a few words."""
        return f"set {self.attribute}"
