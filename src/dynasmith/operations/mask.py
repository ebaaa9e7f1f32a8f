"""``{mask: email, as: email}``: a value that is replaced by another one of the same form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar, Final, Self

from dynasmith.items.number import number_text
from dynasmith.items.value import kind_of
from dynasmith.operations.fields import Fields
from dynasmith.operations.keyed_operation import KeyedOperation, OnOther, on_other_of, refused_value
from dynasmith.operations.mask_forms import FORMS, NUMBER_FORMS, MaskForm, masked, masked_number
from dynasmith.operations.operation import Item
from dynasmith.tables.attribute_path import GONE, AttributePath, read_path

_EXPECTED: Final[dict[MaskForm, str]] = {
    "email": "a string",
    "phone": "a phone number",
    "name": "a string",
    "street": "a string",
    "digits": "a string or a whole number",
    "uuid": "a UUID",
    "text": "a string",
}


@dataclass(frozen=True, slots=True)
class Mask(KeyedOperation):
    """Replace the strings at a path: ``Mask("address.street", "street")``. One value always gets the same replacement.

    Each element of a list or set is replaced by itself. NULL and the empty string stay: they tell nothing. A value of
    another kind stops the job, or goes where ``on_error`` is ``drop``.
    """

    WORD: ClassVar[str] = "mask"

    attribute: str
    as_: MaskForm
    on_error: OnOther = field(default="stop", kw_only=True)
    path: AttributePath = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        KeyedOperation.__post_init__(self)
        object.__setattr__(self, "path", read_path(self.attribute))

    @classmethod
    def read(cls, fields: Fields) -> Callable[[], Self]:
        """A path and a form."""
        attribute, form, on_error = fields.path("mask"), fields.choice("as", tuple(FORMS)), on_other_of(fields)
        return lambda: cls(attribute, form, on_error=on_error)

    def document(self) -> dict[str, Any]:
        """It as an entry of an operations file."""
        entry = {"mask": self.attribute, "as": self.as_}
        return entry if self.on_error == "stop" else entry | {"on_error": self.on_error}

    def apply(self, item: Item) -> None:
        """Replace what is there. Raises ItemRefused."""
        self.path.change(item, self._masked)

    def describe(self) -> str:
        """It in a few words."""
        return f"mask {self.attribute} as {self.as_}"

    def _masked(self, value: Any) -> Any:
        made = self._made(value)
        if made is not None or value is None:
            return made
        if self.on_error == "drop":
            return GONE
        raise refused_value(self.attribute, _EXPECTED[self.as_])

    def _made(self, value: Any) -> Any:
        """The replacement; None where the value has none."""
        if isinstance(value, str):
            return masked(self.as_, value, self.given_keys()) if value else value
        if kind_of(value) != "N" or self.as_ not in NUMBER_FORMS:
            return None
        digits = number_text(Decimal(value))
        return Decimal(masked_number(digits, self.given_keys())) if digits.isdigit() else None
