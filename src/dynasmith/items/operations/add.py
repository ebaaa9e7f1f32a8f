"""``{add: country, value: CH}``: an attribute with a default, where it is missing."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from dynasmith.errors import ItemInvalid
from dynasmith.items.operations.fields import Fields
from dynasmith.items.operations.operation import Item, Operation
from dynasmith.items.operations.remove import Remove
from dynasmith.items.plain import checked
from dynasmith.items.value import TAGS, decode_tree, encode_tree


@dataclass(frozen=True, slots=True)
class Add:
    """Add an attribute where it is missing; one that is there stays, whatever it holds."""

    WORD: ClassVar[str] = "add"

    attribute: str
    value: Any

    @classmethod
    def read(cls, fields: Fields) -> Callable[[], Self]:
        """``type`` (a type tag) says what plain JSON and YAML cannot: sets, binary, numbers in quotes."""
        attribute, value = fields.name("add"), fields.anything("value")
        kind = fields.choice("type", TAGS) if fields.has("type") else None
        try:
            value = checked({"value": value})["value"] if kind is None else decode_tree({kind: _wire(kind, value)})
            encode_tree(value)
        except ItemInvalid as cause:
            fields.fault("value", cause.message.removeprefix("Attribute value: ").rstrip("."), cause.hint)
        return lambda: cls(attribute, value)

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


def _wire(kind: str, value: Any) -> Any:
    """Plain content of a type as it stands on the wire: numbers as text, members of lists and maps with their tags."""
    match kind:
        case "N":
            return str(value)
        case "SS" | "NS" | "BS" if isinstance(value, list):
            return [str(member) for member in value]
        case "L" | "M":
            return encode_tree(checked({"value": value})["value"]).get(kind)
        case _:
            return value
