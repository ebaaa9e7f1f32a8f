"""``{set: source, value: import}``: an attribute with one value, whatever it held before."""

from copy import deepcopy
from dataclasses import dataclass
from typing import ClassVar

from dynasmith.items.value import same_value
from dynasmith.operations.operation import Item
from dynasmith.operations.value_operation import ValueOperation


@dataclass(frozen=True, slots=True)
class Set(ValueOperation):
    """Set an attribute to a value, whether it is there or not. ``value`` is what `Add` takes."""

    WORD: ClassVar[str] = "set"

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
