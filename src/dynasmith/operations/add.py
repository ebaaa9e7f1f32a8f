"""``{add: country, value: CH}``: an attribute with a default, where it is missing."""

from copy import deepcopy
from dataclasses import dataclass
from typing import ClassVar

from dynasmith.operations.operation import Item, Operation
from dynasmith.operations.remove import Remove
from dynasmith.operations.value_operation import ValueOperation


@dataclass(frozen=True, slots=True)
class Add(ValueOperation):
    """Add an attribute where it is missing; one that is there stays, whatever it holds.

    ``value`` is a Python value that DynamoDB can hold: a string, a number, bytes, a Boolean, None, a list, a dict or a
    set of strings, numbers or bytes.
    """

    WORD: ClassVar[str] = "add"

    def apply(self, item: Item) -> None:
        """Add it where it is missing."""
        if self.attribute not in item:
            item[self.attribute] = deepcopy(self.value)

    def inverse(self) -> tuple[Operation, ...]:
        """Remove it."""
        return (Remove(self.attribute),)

    def describe(self) -> str:
        """It in a few words."""
        return f"add {self.attribute}"
