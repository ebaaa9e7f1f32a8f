"""Values of other databases as values that DynamoDB can hold, and how names and ids change on the way.

====================  ==========================================================================================
there                 here
====================  ==========================================================================================
date, time            ISO 8601 text; a time with a zone in UTC as ``2026-01-15T10:30:00.000Z``
DECIMAL, Decimal128   the exact number;  a float is the shortest decimal that reads back as it
ObjectId, UUID        its text
NULL                  SQL: the attribute is absent;  MongoDB: NULL, since an absent field is another thing there
document, array       a map, a list; nested ones stay nested
====================  ==========================================================================================
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from dynasmith.errors import ItemInvalid, UsageError

_PLACE = re.compile(r"\{([^{}]+)\}")


def value_of(value: Any) -> Any:
    """The value as DynamoDB can hold it. Raises ItemInvalid for one that has no form there (NaN, infinity)."""
    match value:
        case Enum():  # before str and int: some enums are those too
            return value_of(value.value)
        case None | bool() | int() | str() | bytes():
            return value
        case float():
            return _decimal(Decimal(repr(value)))
        case Decimal():
            return _decimal(value)
        case datetime():
            return _moment(value)
        case date() | time():
            return value.isoformat()
        case timedelta():
            return Decimal(repr(value.total_seconds()))
        case UUID():
            return str(value)
        case bytearray() | memoryview():
            return bytes(value)
        case Mapping():
            return {str(name): value_of(inner) for name, inner in value.items()}
        case list() | tuple():
            return [value_of(inner) for inner in value]
        case set() | frozenset():
            return {value_of(inner) for inner in value} or []
        case _:
            return str(value)


def _decimal(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise ItemInvalid(f"{value} is not a number that DynamoDB can hold.")
    return value


def _moment(value: datetime) -> str:
    if value.tzinfo is None:
        return value.isoformat()
    spec = "milliseconds" if value.microsecond % 1000 == 0 else "microseconds"
    return value.astimezone(UTC).isoformat(timespec=spec).replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class FieldTemplates:
    """Templates by attribute: ``id`` = ``user-{id}``, ``user_id`` = ``user-{user_id}``, ``id`` = ``{_id}``.

    Templates see the fields as they came. One that is a single field moves it, with its type; any other makes text.
    Where a field of a template is absent or NULL (an order without a user), so is the attribute.
    """

    templates: Mapping[str, str]

    @property
    def moved(self) -> dict[str, str]:
        """The attributes that are one field under another name, each with that field."""
        found = ((name, _PLACE.fullmatch(template)) for name, template in self.templates.items())
        return {name: match[1] for name, match in found if match is not None}

    def __call__(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """The item with its names and ids rewritten."""
        if not self.templates:
            return dict(item)
        moved = set(self.moved.values())
        made = {name: value for name, value in item.items() if name not in moved}
        for name, template in self.templates.items():
            places = _PLACE.findall(template)
            if any(item.get(place) is None for place in places):
                made.pop(name, None)
            elif _PLACE.fullmatch(template):
                made[name] = item[places[0]]
            else:
                made[name] = _PLACE.sub(lambda match: _text(match[1], item[match[1]]), template)
        return made


def _text(name: str, value: Any) -> str:
    """A value as a part of a text. Raises ItemInvalid for one that is not a scalar: its text would be Python's."""
    if isinstance(value, Mapping | list | tuple | set | frozenset | bytes | bytearray | memoryview):
        raise ItemInvalid(f"A template uses {name}, which is not a text or a number in this record.")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):  # one number has one text: 5, 5.0 and 0.5E+1 are one id
        return format(value.to_integral_value() if value == value.to_integral_value() else value, "f")
    return str(value)


def renaming_of(said: Mapping[str, str]) -> FieldTemplates:
    """Check templates. Raises UsageError for one without a field, which would give every item one value."""
    for name, template in said.items():
        if not _PLACE.search(template):
            raise UsageError(
                f"The template {template!r} of {name} names no field.", hint="a template looks like user-{id}"
            )
    return FieldTemplates(dict(said))
