"""``{add: country, value: CH}``: an attribute with a default, where it is missing."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from dynasmith.operations.fields import Fields
from dynasmith.operations.operation import Item, Operation
from dynasmith.operations.remove import Remove
from dynasmith.operations.typed_value import read_value


@dataclass(frozen=True, slots=True)
class Add(Operation):
    """Add an attribute where it is missing; one that is there stays, whatever it holds.

    ``value`` is a Python value that DynamoDB can hold: a string, a number, bytes, a Boolean, None, a list, a dict or a
    set of strings, numbers or bytes.
    """

    WORD: ClassVar[str] = "add"

    attribute: str
    value: Any

    def __post_init__(self) -> None:
        Operation.__post_init__(self)
        object.__setattr__(self, "value", read_value(Fields(self.document(), "", [])))

    @classmethod
    def read(cls, fields: Fields) -> Callable[[], Self]:
        """``type`` (a type tag) says what plain JSON and YAML cannot: sets, binary, numbers in quotes."""
        attribute, value = fields.name("add"), read_value(fields)
        return lambda: cls(attribute, value)

    def document(self) -> dict[str, Any]:
        """It as an entry of an operations file."""
        return {"add": self.attribute, "value": self.value}

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
