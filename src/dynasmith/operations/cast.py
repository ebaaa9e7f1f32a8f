"""``{cast: age, to: N, on_error: dead}``: a value as another type."""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from decimal import Decimal
from typing import Any, ClassVar, Literal, Self, TypeAlias

from dynasmith.items.number import number_fault, number_text
from dynasmith.items.value import kind_of
from dynasmith.operations.fields import Fields
from dynasmith.operations.operation import Item, OnError, Operation, on_error_of, refuse, with_on_error

Target: TypeAlias = Literal["S", "N", "BOOL"]
TARGETS: tuple[Target, ...] = ("S", "N", "BOOL")


@dataclass(frozen=True, slots=True)
class Cast(Operation):
    """Make a string, a number or a Boolean of a value.

    Text is a number where DynamoDB would take it as one (spaces around it are ignored), a Boolean where it says true or
    false. The numbers 1 and 0 are Booleans. A number and a Boolean have a text.
    """

    WORD: ClassVar[str] = "cast"

    attribute: str
    to: Target
    _: KW_ONLY
    on_error: OnError | None = None

    @classmethod
    def read(cls, fields: Fields) -> Callable[[], Self]:
        """A name, a type, what to do with the rest."""
        attribute, to = fields.name("cast"), fields.choice("to", TARGETS)
        on_error = on_error_of(fields)
        return lambda: cls(attribute, to, on_error=on_error)

    def document(self) -> dict[str, Any]:
        """It as an entry of an operations file."""
        return with_on_error({"cast": self.attribute, "to": self.to}, self.on_error)

    def apply(self, item: Item) -> None:
        """Nothing where it is absent or of that type already."""
        if self.attribute not in item:
            return
        value = item[self.attribute]
        kind = kind_of(value)
        if kind == self.to:
            return
        made = _cast(value, kind, self.to)
        if made is None:
            refuse(self.on_error, f"{self.attribute} is of type {kind} and does not say a value of type {self.to}.")
        else:
            item[self.attribute] = made

    def inverse(self) -> None:
        """None: the type that it had is not said, and text may have been spelt in other ways."""
        return

    def describe(self) -> str:
        """It in a few words."""
        return f"cast {self.attribute} to {self.to}"


def _cast(value: Any, kind: str, to: Target) -> str | Decimal | bool | None:
    match kind, to:
        case "N", "S":
            return number_text(Decimal(value))
        case "BOOL", "S":
            return "true" if value else "false"
        case "S", "N":
            text = value.strip()
            return None if number_fault(text) else Decimal(text)
        case "BOOL", "N":
            return Decimal(int(value))
        case "S", "BOOL":
            return {"true": True, "false": False}.get(value.strip().lower())
        case "N", "BOOL":
            return {1: True, 0: False}.get(value)
        case _:
            return None
