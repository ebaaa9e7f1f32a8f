"""`KeyTemplate`: a key attribute that is made of others: ``partition("user:{email}")``."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Literal, overload
from uuid import UUID

from dynasmith.errors import ItemInvalid
from dynasmith.items.number import number_text
from dynasmith.models.code_names import invalid
from dynasmith.models.definition_problem import problem
from dynasmith.models.time_codec import datetime_text

if TYPE_CHECKING:
    from dynasmith.models.expression import Expr

TemplateRole = Literal["", "partition", "sort"]
_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIMES: Final[Mapping[str, Callable[[datetime], str]]] = {
    "": datetime_text,
    "milliseconds": lambda value: value.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
    "epoch_s": lambda value: str((value - _FIRST) // timedelta(seconds=1)),
    "epoch_ms": lambda value: str((value - _FIRST) // timedelta(milliseconds=1)),
}
"""The formats of a datetime that strftime does not have."""
Rendering = Callable[[Any, str], Any]


@dataclass(frozen=True, slots=True)
class TemplatePart:
    """A literal text, and the field after it with its format; no field at the end of a template."""

    literal: str
    field: str = ""
    spec: str = ""


class KeyTemplate:
    """A text attribute that is rendered from fields whenever the item is written; it is never a field itself.

    ``{name}`` is a field, ``{name:08d}`` one in a format of Python. A datetime is rendered in one width, in UTC, or as
    ``{name:milliseconds}``, ``{name:epoch_s}`` or ``{name:epoch_ms}``. Where a part is None the attribute is absent. A
    value that contains the literal after it is refused: the parts could not be distinguished.
    """

    def __init__(self, text: str, role: TemplateRole = "") -> None:
        self.text, self.role = text, role
        self.name = ""
        self.is_ordered = role == "sort"
        """Whether it is the sort key of the table or of an index."""
        try:
            self.parts = parse_template(text)
        except ValueError as cause:
            raise problem("template", "", str(cause)) from cause

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: Any) -> Expr[str]: ...
    @overload
    def __get__(self, instance: object, owner: Any) -> str: ...
    def __get__(self, instance: Any, owner: Any) -> Any:
        if instance is None:
            expression = getattr(owner, "__dynasmith_expression__", None)
            return self if expression is None else expression(self.name)
        return self.render(instance.__dict__)

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that it uses, in order, each once."""
        return tuple(dict.fromkeys(part.field for part in self.parts if part.field))

    def render(self, values: Mapping[str, Any]) -> str | None:
        """The text for these values by field; None where one of them is None.

        Raises ItemInvalid for a value that contains the literal after it, KeyError for a field that is not there.
        """
        made = []
        for place, part in enumerate(self.parts):
            made.append(part.literal)
            if not part.field:
                continue
            value = values[part.field]
            if value is None:
                return None
            text = part_text(value, part.spec, part.field)
            self._check_text(place, text, value)
            made.append(text)
        return "".join(made)

    def _check_text(self, place: int, text: str, value: Any) -> None:
        """Raise ItemInvalid where two items could get one key, or where the order of keys is not that of values."""
        part, width = self.parts[place], spec_width(self.parts[place].spec)
        following = self.parts[place + 1] if place + 1 < len(self.parts) else TemplatePart("")
        after, problem, hint = following.literal, "", "two items could get one key; choose another separator"
        # Its own end may be the beginning of the literal: "x#" before "##".
        if after and (text + after).find(after) != len(text):
            problem = f"contains {after!r}, which ends it" if after in text else f"runs into {after!r}, which ends it"
        elif width and len(text) > width and (_is_number(value) or (following.field and not after)):
            problem, hint = f"is longer than the {width} characters that it has", "give it a larger width"
        elif width and self.is_ordered and _is_number(value) and value < 0:
            problem, hint = "is negative, and as text negative numbers sort the other way round", "add an offset"
        if problem:
            raise ItemInvalid(
                f"{part.field}: {text!r} {problem} in the template {self.text!r}.", attribute=part.field, hint=hint
            )

    def prefix(self, values: Mapping[str, Any]) -> tuple[str, bool]:
        """The beginning of the text that these values fix, and whether it is all of it."""
        made = ""
        for part in self.parts:
            made += part.literal
            if part.field:
                if values.get(part.field) is None:
                    return made, False
                made += part_text(values[part.field], part.spec, part.field)
        return made, True


def part_text(value: Any, spec: str, field: str) -> str:
    """The text of one part. Raises ItemInvalid where the value has none."""
    if isinstance(value, Enum):
        value = value.value
    try:
        if isinstance(value, datetime):
            if value.tzinfo is None:
                raise invalid(f"{value} has no time zone.", "use datetime.now(UTC), or add tzinfo=UTC")
            return _TIMES[spec](value) if spec in _TIMES else format(value.astimezone(UTC), spec)
        if isinstance(value, time) and not spec:
            return value.isoformat(timespec="microseconds")
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, Decimal) and not spec:
            return number_text(value)
        if isinstance(value, UUID) and not spec:
            return str(value)
        if not isinstance(value, str | int | date | Decimal | UUID) and not _has_text(value):
            raise invalid(f"A {type(value).__name__} has no text.", "give its class a __str__")
        return format(value, spec)
    except (ValueError, TypeError) as cause:
        raise ItemInvalid(f"{field}: {value!r} does not fit the format {spec!r}.", attribute=field) from cause
    except ItemInvalid as cause:
        raise ItemInvalid(f"{field}: {cause.message}", hint=cause.hint, attribute=field) from cause


_WIDTH: Final = re.compile(r"(?:.?[<>=^])?[-+ ]?z?#?0?([1-9][0-9]*)")


def spec_width(spec: str) -> int:
    """The width that a format gives a text at least; 0 where it gives none."""
    match = _WIDTH.match(spec)
    return int(match[1]) if match else 0


def _has_text(value: Any) -> bool:
    """Whether the class of a value says what its text is; else it would be an address."""
    return any(name in vars(kind) for kind in type(value).__mro__[:-1] for name in ("__str__", "__repr__"))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def parse_template(text: str) -> tuple[TemplatePart, ...]:
    """The parts of a template. Raises ValueError, whose text is a sentence, for one that cannot be read."""
    parts: list[TemplatePart] = []
    before = ""  # a brace that is meant as one ends a piece of its own
    try:
        pieces = list(string.Formatter().parse(text))
    except ValueError as cause:
        raise ValueError(f"{text!r} is not a valid template: {cause}") from cause
    for literal, field, spec, conversion in pieces:
        literal, before = before + literal, ""
        if field is None:
            before = literal
            continue
        if not field.isidentifier():
            raise ValueError(f"{text!r} is not a valid template: {{{field}}} is not the name of a field")
        if conversion or "{" in (spec or ""):
            raise ValueError(f"{text!r} is not a valid template: a field takes a format, and no conversion")
        if not literal and parts and not (spec_width(parts[-1].spec) or "%" in parts[-1].spec):
            both = f"{{{parts[-1].field}}} and {{{field}}}"
            raise ValueError(
                f"{text!r} is not a valid template: {both} have no literal between them, and the first no width"
            )
        parts.append(TemplatePart(literal, field, spec or ""))
    return (*parts, TemplatePart(before)) if before else tuple(parts)


def partition(text: str) -> KeyTemplate:
    """The partition key of the table, made of fields: ``pk = partition("user:{email}")``."""
    return KeyTemplate(text, "partition")


def sort(text: str) -> KeyTemplate:
    """The sort key of the table, made of fields: ``sk = sort("sale:{number:08d}")``."""
    return KeyTemplate(text, "sort")


def template(text: str) -> KeyTemplate:
    """A text attribute made of fields, for the key of an index."""
    return KeyTemplate(text)
