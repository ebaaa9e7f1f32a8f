"""The text of a value inside other text."""

from decimal import Decimal
from typing import Any

from dynasmith.items.number import number_text


def text_of(value: Any) -> str | None:
    """A string as it is, a number in its one spelling; None for everything else, which has no text of its own."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return number_text(Decimal(value))
    return None
