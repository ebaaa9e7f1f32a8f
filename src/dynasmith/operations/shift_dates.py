"""``{shift_dates: [born], days: 30}``: dates moved by some days, all of one person by the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar, Final, Self

from dynasmith.items.value import kind_of
from dynasmith.operations.date import MILLISECONDS_FROM
from dynasmith.operations.fields import Fields, listed, shown
from dynasmith.operations.keyed_operation import KeyedOperation, OnOther, on_other_of, refused_value
from dynasmith.operations.operation import Item
from dynasmith.operations.text_form import text_of
from dynasmith.tables.attribute_path import GONE, AttributePath, read_path

_TIME: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})([T ].+)?", re.ASCII | re.DOTALL)
_SECONDS: Final = 86_400
FORMS: Final = "one of ISO 8601, or seconds or milliseconds since 1970"
#: More days than this would leave the years that ISO 8601 writes with four digits.
DAYS_MAX: Final = 36_500


@dataclass(frozen=True, slots=True)
class ShiftDates(KeyedOperation):
    """Move dates by 1 to ``days`` days, forwards or backwards: ``ShiftDates(("born", "visits.at"), 30, by="patient")``.

    The key and the value of ``by`` (the partition key, where it is absent) decide how far, so that what lies between
    two dates of one person stays, in every table. It is the value that ``by`` had before anything was masked. Dates and
    times of ISO 8601 keep their spelling; numbers are seconds since 1970, or milliseconds from 10^11 on. A number that
    reads as a year, or as year, month and day (1985, 19850304), is refused: moved as seconds it would be no date.
    """

    WORD: ClassVar[str] = "shift_dates"

    attributes: Sequence[str]
    days: int
    by: str | None = None
    on_error: OnOther = field(default="stop", kw_only=True)
    paths: tuple[AttributePath, ...] = field(init=False, repr=False, compare=False)
    person: AttributePath | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "attributes", listed(self.attributes))
        KeyedOperation.__post_init__(self)
        object.__setattr__(self, "paths", tuple(map(read_path, self.attributes)))
        object.__setattr__(self, "person", None if self.by is None else read_path(self.by))

    @classmethod
    def read(cls, fields: Fields) -> Callable[[], Self]:
        """Paths, days, and whose dates they are."""
        attributes = fields.paths("shift_dates")
        days = fields.whole("days", least=1, most=DAYS_MAX)
        by, on_error = fields.path("by") if fields.has("by") else None, on_other_of(fields)
        return lambda: cls(attributes, days, by, on_error=on_error)

    def document(self) -> dict[str, Any]:
        """It as an entry of an operations file."""
        entry: dict[str, Any] = {"shift_dates": shown(self.attributes), "days": self.days}
        if self.by is not None:
            entry["by"] = self.by
        return entry if self.on_error == "stop" else entry | {"on_error": self.on_error}

    def apply(self, item: Item) -> None:
        """Move what is there, by what ``by`` says now. Raises ItemRefused."""
        self.shift(item, self.shift_of(item, ""))

    def shift_of(self, item: Item, partition: str) -> int:
        """By how many days the dates of an item move. ``partition`` says whose they are where there is no ``by``.

        Raises ItemRefused where nothing says it.
        """
        if not any(path.names[0] in item for path in self.paths):
            return 0
        person = self.person or AttributePath(partition, (partition,))
        texts = [text_of(value) for value in person.values(item)]
        if len(texts) != 1 or not texts[0]:
            raise refused_value(person.text, "one string or number, which says whose dates these are")
        place = self.given_keys().number("shift", texts[0], 2 * self.days)
        return place - self.days if place < self.days else place - self.days + 1

    def shift(self, item: Item, days: int) -> None:
        """Move the dates of an item by these days. Raises ItemRefused."""
        for path in self.paths:
            path.change(item, partial(self._moved, days, path.text))

    def describe(self) -> str:
        """It in a few words."""
        return f"shift dates of {', '.join(self.attributes)}"

    def _moved(self, days: int, path: str, value: Any) -> Any:
        if value is None or value == "":
            return value
        made = _moved_text(value, days) if isinstance(value, str) else _moved_number(value, days)
        if made is not None:
            return made
        if self.on_error == "drop":
            return GONE
        raise refused_value(path, f"a date ({FORMS})")


def _moved_text(text: str, days: int) -> str | None:
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    try:
        datetime.fromisoformat(text)
        return f"{(date.fromisoformat(match[1]) + timedelta(days=days)).isoformat()}{match[2] or ''}"
    except (ValueError, OverflowError):
        return None


def _moved_number(value: Any, days: int) -> Decimal | None:
    if kind_of(value) != "N":
        return None
    number = Decimal(value)
    if _reads_as_calendar(number):
        return None
    unit = 1000 if abs(number) >= MILLISECONDS_FROM else 1
    try:
        datetime.fromtimestamp(0, UTC) + timedelta(seconds=float(number / unit))
    except (ValueError, OverflowError):
        return None
    return number + days * _SECONDS * unit


def _reads_as_calendar(number: Decimal) -> bool:
    """Whether a number is a year (1985) or a day (19850304) as people write them, from 1000 to 2999."""
    if number != number.to_integral_value() or not number:
        return False
    text = str(int(number))
    if not re.fullmatch("[12][0-9]{3}([0-9]{4})?", text):
        return False
    try:
        date.fromisoformat(text if len(text) == 8 else f"{text}-01-01")
    except ValueError:
        return False
    return True
