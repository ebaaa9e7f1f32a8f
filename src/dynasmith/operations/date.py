"""``{date: created, from: iso8601, to: epoch_seconds}``: points in time in another notation."""

import re
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Final, Literal, Self, TypeAlias

from dynasmith.items.value import kind_of
from dynasmith.operations.fields import Fields
from dynasmith.operations.operation import Item, OnError, Operation, on_error_of, refuse, with_on_error

Form: TypeAlias = Literal["iso8601", "date", "epoch_seconds", "epoch_milliseconds"]
FORMS: Final[tuple[Form, ...]] = ("iso8601", "date", "epoch_seconds", "epoch_milliseconds")

_KINDS: Final[dict[Form, str]] = {"iso8601": "S", "date": "S", "epoch_seconds": "N", "epoch_milliseconds": "N"}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
#: A number below is taken for seconds (until the year 5138), from it on for milliseconds (from March 1973).
MILLISECONDS_FROM: Final = Decimal(10) ** 11


@dataclass(frozen=True, slots=True)
class Date(Operation):
    """Write a time in another notation. Text without a zone is UTC; what the new notation cannot hold is cut off
    (a fraction of a second, the time of a day)."""

    WORD: ClassVar[str] = "date"

    attribute: str
    from_: Form
    to: Form
    _: KW_ONLY
    on_error: OnError | None = None

    @classmethod
    def read(cls, fields: Fields) -> Callable[[], Self]:
        """A name and two notations."""
        attribute = fields.name("date")
        source, target = fields.choice("from", FORMS), fields.choice("to", FORMS)
        on_error = on_error_of(fields)
        if fields.has("from") and fields.has("to") and source == target:
            fields.fault("to", "it is the same as from")
        return lambda: cls(attribute, source, target, on_error=on_error)

    def document(self) -> dict[str, Any]:
        """It as an entry of an operations file."""
        return with_on_error({"date": self.attribute, "from": self.from_, "to": self.to}, self.on_error)

    def apply(self, item: Item) -> None:
        """Nothing where it is absent or in the new notation already."""
        if self.attribute not in item:
            return
        value = item[self.attribute]
        if self._is_new(value):
            return
        time = _read(value, self.from_)
        if time is None:
            refuse(self.on_error, f"{self.attribute} is not a time in the notation {self.from_}.")
            return
        made = _write(time, self.to)
        if self._is_new(made):
            item[self.attribute] = made
        else:  # done again, it would be written once more
            refuse(
                self.on_error,
                f"{self.attribute} as {self.to} could not be told from {self.from_}: the time is too near to 1970, or "
                "too far from it.",
            )

    def _is_new(self, value: Any) -> bool:
        kind = kind_of(value)
        if kind != _KINDS[self.to]:
            return False
        if kind != _KINDS[self.from_]:
            return _read(value, self.to) is not None
        if kind == "N":
            return bool(abs(value) >= MILLISECONDS_FROM) == (self.to == "epoch_milliseconds")
        return bool(_DAY.fullmatch(value)) == (self.to == "date") and _read(value, self.to) is not None

    def inverse(self) -> tuple[Operation, ...]:
        """The other way; what was cut off does not come back."""
        return (Date(self.attribute, self.to, self.from_, on_error=self.on_error),)

    def describe(self) -> str:
        """It in a few words."""
        return f"write {self.attribute} as {self.to}"


def _read(value: Any, form: Form) -> datetime | None:
    if kind_of(value) != _KINDS[form]:
        return None
    try:
        match form:
            case "iso8601" | "date":
                time = datetime.fromisoformat(value.strip())
                return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
            case "epoch_seconds":
                return _EPOCH + timedelta(microseconds=int(value * 1_000_000))
            case _:
                return _EPOCH + timedelta(microseconds=int(value * 1_000))
    except (ValueError, OverflowError):
        return None


def _write(time: datetime, form: Form) -> str | Decimal:
    match form:
        case "iso8601":
            return time.isoformat().replace("+00:00", "Z")
        case "date":
            return time.date().isoformat()
        case "epoch_seconds":
            return Decimal((time - _EPOCH) // timedelta(seconds=1))
        case _:
            return Decimal((time - _EPOCH) // timedelta(milliseconds=1))
