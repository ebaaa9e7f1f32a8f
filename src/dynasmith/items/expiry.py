"""Whether time to live (TTL) deletes an item: the one place that decides it.

Source: Amazon DynamoDB Developer Guide, "Using time to live (TTL)": the attribute is at the top level of the item and a
Number; it holds whole seconds since 1970, any other format is ignored; a time in the past expires the item, unless it
is more than five years past. Zero and negative numbers are therefore never deleted.
"""

from decimal import Decimal
from typing import Any, Final

import msgspec

from dynasmith.items.number import number_parts
from dynasmith.items.wire import RawItem

EXPIRY_REACH_SECONDS: Final = 5 * 365 * 86_400
"""What is past by more than this is never deleted."""

_SHORT_TEXT: Final = 32
"""Characters of a number from which on its digits are looked at before it becomes an integer."""


def has_expired(number: str, now: Decimal | float) -> bool:
    """Whether TTL deletes an item whose attribute is the Number ``number`` at ``now`` (seconds since 1970).

    A number with a fraction is not in the format that TTL reads, so it never expires; neither does what is no number.
    """
    parts = number_parts(number)
    if parts is None:
        return False
    negative, digits, exponent = parts
    if negative or exponent < 0 or len(digits) + exponent > _SHORT_TEXT:
        return False
    moment = int(digits) * 10**exponent
    return bool(now - EXPIRY_REACH_SECONDS <= moment < now)


class _Number(msgspec.Struct):
    number: str = msgspec.field(name="N", default="")


class Expiry:
    """Reads the TTL attribute out of an item's bytes without parsing the rest, and says whether TTL deletes the item
    at ``now``. Costs about a microsecond an item. A class, so that it can be sent to another process."""

    def __init__(self, attribute: str, now: float) -> None:
        self._attribute, self._now = attribute, now
        kind = msgspec.defstruct(
            "Expiring", [("at", _Number, msgspec.field(default_factory=_Number))], rename={"at": attribute}
        )
        self._decode = msgspec.json.Decoder(kind).decode

    def __reduce__(self) -> tuple[Any, ...]:
        return Expiry, (self._attribute, self._now)

    def __call__(self, item: RawItem | bytes) -> bool:
        """Whether TTL would delete the item."""
        return self.at(item, self._now)

    def at(self, item: RawItem | bytes, now: float) -> bool:
        """Whether TTL would delete the item at another time (seconds since 1970)."""
        number: str = self._decode(item).at.number  # type: ignore[attr-defined]  # made above
        return bool(number) and has_expired(number, now)
