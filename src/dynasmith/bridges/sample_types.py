"""The values of one attribute in a sample of items -> its type in Python. No value of an item goes into the source."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from dynasmith.bridges.source import Arguments

Tree = dict[str, Any]
_DAY: Final = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
_TIMES: Final[tuple[tuple[re.Pattern[str], Arguments, str], ...]] = (
    (re.compile(_DAY + r"\.\d{6}Z\Z"), (), ""),
    (
        re.compile(_DAY + r"\.\d{3}Z\Z"),
        (("stored", "ISO_MILLISECONDS"),),
        "Three digits of a second, as JavaScript writes.",
    ),
    (
        re.compile(_DAY + r"\.\d{6}\+0000\Z"),
        (("stored", "PYNAMODB_TIME"),),
        "Text that ends in +0000, as PynamoDB writes.",
    ),
)
"""Texts that are times where every one has the form: these forms are read and written again byte for byte."""
_SCALARS: Final = {"S": "str", "B": "bytes", "BOOL": "bool", "SS": "set[str]", "BS": "set[bytes]"}
MEMBERS_MAX: Final = 30
"""A map with more members than this is a dict: they are data, and no fields."""
DEPTH_MAX: Final = 8
_FIELD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_ -]{0,40}\Z")


@dataclass(frozen=True, slots=True)
class SampledType:
    """A type as source, whether None is one of its values, the form that it is stored in, and what is to be said."""

    text: str
    nullable: bool = False
    arguments: Arguments = ()
    comments: tuple[str, ...] = ()


MapClass = Callable[[str, Sequence[Tree]], str]
"""Makes a class of these maps, and gives its name; the first argument is the path of the attribute."""


class SampleTypes:
    """Finds types; ``map_class`` makes the classes of maps."""

    def __init__(self, map_class: MapClass) -> None:
        self._map_class = map_class

    def type_of(self, path: str, values: Sequence[Tree], depth: int = 0) -> SampledType:
        """The type of these values (DynamoDB JSON) of the attribute at ``path``."""
        present = [value for value in values if "NULL" not in value]
        nullable = len(present) < len(values)
        tags = list(dict.fromkeys(tag for value in present for tag in value))
        if not tags:
            return SampledType("Any", nullable=True, comments=("Only NULL was read.",) if values else ())
        if len(tags) == 1:
            found = self._single(path, tags[0], [value[tags[0]] for value in present], depth)
            return SampledType(found.text, nullable, found.arguments, found.comments)
        seen = ", ".join(tags)
        if set(tags) <= {"S", "N", "B", "BOOL"}:
            kinds = [self._scalar(tag, [value[tag] for value in present if tag in value]) for tag in tags]
            return SampledType(" | ".join(kinds), nullable, comments=(f"Several types were read: {seen}.",))
        return SampledType("Any", nullable, comments=(f"Several types were read: {seen}.",))

    def _single(self, path: str, tag: str, contents: Sequence[Any], depth: int) -> SampledType:
        if tag == "S":
            for pattern, arguments, comment in _TIMES:
                if all(pattern.match(content) and _is_time(content) for content in contents):
                    return SampledType("datetime", arguments=arguments, comments=(comment,) if comment else ())
        if tag == "L":
            return SampledType(f"list[{self._member(path, [each for content in contents for each in content], depth)}]")
        if tag == "M":
            return SampledType(self._map(path, contents, depth))
        if tag == "NS":
            return SampledType(f"set[{self._scalar('N', [each for content in contents for each in content])}]")
        return SampledType(self._scalar(tag, contents))

    @staticmethod
    def _scalar(tag: str, contents: Sequence[Any]) -> str:
        if tag == "N":
            return "int" if all(_is_whole(content) for content in contents) else "Decimal"
        return _SCALARS.get(tag, "Any")

    def _member(self, path: str, values: Sequence[Tree], depth: int) -> str:
        """The type of the members of a list or of the values of a dict."""
        if not values or depth >= DEPTH_MAX:
            return "Any"
        found = self.type_of(path, values, depth + 1)
        # A form of a whole attribute is none that a member can have.
        text = "str" if found.arguments else found.text
        return f"{text} | None" if found.nullable and text != "Any" else text

    def _map(self, path: str, contents: Sequence[dict[str, Tree]], depth: int) -> str:
        names = {name for content in contents for name in content}
        if not names or depth >= DEPTH_MAX:
            return "dict[str, Any]"
        counts = [sum(name in content for content in contents) for name in names]
        are_fields = len(names) <= MEMBERS_MAX and min(counts) * 2 >= len(contents) and all(map(_FIELD.match, names))
        if are_fields:
            return self._map_class(path, contents)
        member = self._member(path, [each for content in contents for each in content.values()], depth)
        return f"dict[str, {member}]"


def _is_whole(content: str) -> bool:
    number = Decimal(content)
    return number == number.to_integral_value()


def _is_time(text: str) -> bool:
    """Whether a text of the form is a time that there is: the 30th of February is not."""
    from datetime import datetime

    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
