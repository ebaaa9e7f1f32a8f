"""How dates and times stand in an item: as text of one width that sorts as time does, or as seconds since 1970."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Literal

from dynasmith.models.code_names import CodeNames, invalid
from dynasmith.models.value_codec import IntCodec, ScalarCodec, ValueCodec, json_text, wrong_type

Epoch = Literal["s", "ms"]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
TTL_SECONDS_MAX: Final = 10**11
"""A time to live of more is in milliseconds: as seconds it would be in the year 5138."""


class DatetimeCodec(ScalarCodec):
    """``datetime`` as S, ``YYYY-MM-DDTHH:MM:SS.ffffffZ``: one width and UTC, so that text sorts as time does.

    With ``epoch`` as N: whole seconds or milliseconds since 1970; what is finer is cut off. A time to live is whole
    seconds, and a value in milliseconds is refused. A datetime without a time zone is refused both ways.
    """

    type = datetime

    def __init__(self, epoch: Epoch | None = None, *, ttl: bool = False) -> None:
        self.epoch: Epoch | None = "s" if ttl else epoch
        self.tag = "N" if self.epoch else "S"
        self.ttl = ttl
        super().__init__()

    def content(self, value: Any) -> str:
        if not isinstance(value, datetime):
            raise wrong_type(value, datetime)
        if value.tzinfo is None or value.utcoffset() is None:
            raise invalid(f"{value} has no time zone.", "use datetime.now(UTC), or add tzinfo=UTC")
        if self.epoch is None:
            try:
                return datetime_text(value)
            except OverflowError as cause:
                raise invalid(f"{value} is before the year 1 or after the year 9999 in UTC.") from cause
        since = value - _EPOCH
        return str(since // timedelta(milliseconds=1 if self.epoch == "ms" else 1000))

    def value(self, content: Any) -> datetime:
        if self.epoch is None:
            return datetime_of(content)
        number = int(content)
        if self.ttl and abs(number) >= TTL_SECONDS_MAX:
            raise invalid(
                f"{content} is not a time to live in seconds; it looks like milliseconds.",
                "DynamoDB expires by seconds: rewrite the attribute with a backfill",
            )
        return _EPOCH + timedelta(milliseconds=number if self.epoch == "ms" else number * 1000)

    def reading_content(self, content: str, names: CodeNames) -> str:
        if self.epoch:
            return super().reading_content(content, names)
        made, utc = names.local(), names.add(UTC)
        read = f"({made} := {names.add(datetime.fromisoformat)}({content})).tzinfo is {utc}"
        return f"{made} if {read} else {names.add(self.value)}({content})"

    def writing(self, value: str, names: CodeNames) -> str:
        if self.epoch:
            return super().writing(value, names)
        fits = f"type({value}) is {names.add(datetime)} and {value}.tzinfo is {names.add(UTC)}"
        # msgspec's JSON encoder is five times as quick as isoformat(); it leaves out microseconds that are 0.
        json = f"{names.add(json_text)}({value})"
        text = f'({json}[1:-1].decode() if {value}.microsecond else {json}[1:-2].decode() + ".000000Z")'
        return f'{{"S": {text}}} if {fits} else {names.add(self.encode)}({value})'


def datetime_text(value: datetime) -> str:
    """An aware datetime in the one width."""
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    return value.isoformat(timespec="microseconds")[:-6] + "Z"


def datetime_of(text: Any) -> datetime:
    """The datetime of an ISO 8601 text with a time zone, in UTC. Raises ItemInvalid or ValueError."""
    value = datetime.fromisoformat(text)
    if value.tzinfo is UTC:
        return value
    if value.tzinfo is None:
        raise invalid(f"{text} has no time zone.", "attr(stored=(encode, decode)) reads other formats")
    return value.astimezone(UTC)


class SecondsCodec(IntCodec):
    """A time to live that the model has as ``int``: seconds since 1970; milliseconds are refused."""

    def content(self, value: Any) -> str:
        text = super().content(value)
        if abs(value) >= TTL_SECONDS_MAX:
            raise invalid(f"{value} is not a time to live in seconds; it looks like milliseconds.", "divide it by 1000")
        return text

    def value(self, content: Any) -> int:
        number = super().value(content)
        if abs(number) >= TTL_SECONDS_MAX:
            raise invalid(
                f"{content} is not a time to live in seconds; it looks like milliseconds.",
                "DynamoDB expires by seconds: rewrite the attribute with a backfill",
            )
        return number

    def reading_content(self, content: str, names: CodeNames) -> str:
        return ScalarCodec.reading_content(self, content, names)

    def writing(self, value: str, names: CodeNames) -> str:
        return ValueCodec.writing(self, value, names)


class DateCodec(ScalarCodec):
    """``date`` as S, ``YYYY-MM-DD``."""

    type, tag = date, "S"

    def content(self, value: Any) -> str:
        if not isinstance(value, date) or isinstance(value, datetime):
            raise wrong_type(value, date)
        return value.isoformat()

    def value(self, content: Any) -> date:
        return date.fromisoformat(content)


class TimeCodec(ScalarCodec):
    """``time`` as S, ``HH:MM:SS.ffffff``, with its offset where it has one."""

    type, tag = time, "S"

    def content(self, value: Any) -> str:
        if not isinstance(value, time):
            raise wrong_type(value, time)
        return value.isoformat(timespec="microseconds")

    def value(self, content: Any) -> time:
        return time.fromisoformat(content)
