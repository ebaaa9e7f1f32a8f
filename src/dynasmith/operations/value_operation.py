"""An operation that gives an attribute one value: what `Add` and `Set` share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from dynasmith.operations.fields import Fields
from dynasmith.operations.operation import Operation
from dynasmith.operations.typed_value import read_value


@dataclass(frozen=True, slots=True)
class ValueOperation(Operation):
    """``value`` is a Python value that DynamoDB can hold: a string, a number, bytes, a Boolean, None, a list, a dict or
    a set of strings, numbers or bytes.
    """

    attribute: str
    value: Any

    def __post_init__(self) -> None:
        Operation.__post_init__(self)
        object.__setattr__(self, "value", read_value(Fields(self.document(), "", [])))

    @classmethod
    def read(cls, fields: Fields) -> Callable[[], Self]:
        """``type`` (a type tag) says what plain JSON and YAML cannot: sets, binary, numbers in quotes."""
        attribute, value = fields.name(cls.WORD), read_value(fields)
        return lambda: cls(attribute, value)

    def document(self) -> dict[str, Any]:
        """It as an entry of an operations file."""
        return {self.WORD: self.attribute, "value": self.value}
