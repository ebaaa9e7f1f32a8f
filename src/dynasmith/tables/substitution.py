"""Values in which variables were replaced: used as what they are, shown as what was written (``${NAME}``).

Everything between a file and a `Table` works on them, so that no message about a definition can show what a variable
holds: in an f-string, in ``str()`` and in ``repr()`` they are the text of the file. `real` gives ordinary values back.
A slice, or any other text made of one, is ordinary: make messages of ``str(value)``.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final, Self

from msgspec import Struct

from dynasmith.tables.document import Node

Piece = tuple[str, str]
"""What a variable held, and its name."""


class _Written:
    """The text of the file, in place of the value, wherever the value is shown."""

    written: str
    pieces: tuple[Piece, ...]

    def __str__(self) -> str:
        return self.written

    def __repr__(self) -> str:
        return repr(self.written)

    def __format__(self, how: str) -> str:
        try:
            return format(self.written, how)
        except ValueError:  # a form for numbers
            return self.written


class SubstitutedText(_Written, str):
    """A text with variables in it; equal to, and hashed as, what came of it."""

    def __new__(cls, value: str, written: str, pieces: tuple[Piece, ...] = ()) -> Self:
        """The value, with the text that it was written as and the pieces that came from variables."""
        made = str.__new__(cls, value)
        made.written, made.pieces = written, pieces
        return made


class SubstitutedInt(_Written, int):
    """A whole number that one variable held."""

    def __new__(cls, value: int, written: str, pieces: tuple[Piece, ...] = ()) -> Self:
        """The value, with the text that it was written as and the pieces that came from variables."""
        made = int.__new__(cls, value)
        made.written, made.pieces = written, pieces
        return made


class SubstitutedFloat(_Written, float):
    """A number that one variable held."""

    def __new__(cls, value: float, written: str, pieces: tuple[Piece, ...] = ()) -> Self:
        """The value, with the text that it was written as and the pieces that came from variables."""
        made = float.__new__(cls, value)
        made.written, made.pieces = written, pieces
        return made


_KINDS: Final = (SubstitutedText, SubstitutedInt, SubstitutedFloat)


def as_number(number: float, text: object) -> int | float:
    """``number``, made of ``text``: it remembers the variable where the text does."""
    if not isinstance(text, SubstitutedText):
        return number
    if isinstance(number, int):
        return SubstitutedInt(number, text.written, text.pieces)
    return SubstitutedFloat(number, text.written, text.pieces)


def real(value: Any) -> Any:
    """A plain value (dicts, lists, scalars) with ordinary texts and numbers in place of substituted ones."""
    if isinstance(value, dict):
        return {real(name): real(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(real(inner) for inner in value)
    if isinstance(value, SubstitutedText):
        return str.__str__(value)
    if isinstance(value, SubstitutedInt):
        return int.__int__(value)
    return float.__float__(value) if isinstance(value, SubstitutedFloat) else value


def quoted(text: str) -> str:
    """A text in double quotes, for a message; at most 60 characters of it."""
    shown = str(text)
    return json.dumps(shown if len(shown) <= 60 else shown[:57] + "...", ensure_ascii=False)


_NAMES = re.compile(
    r"(?:^|[.\]])(?:name|attribute|attribute_name|AttributeName|IndexName|TableName|table_prefix|table_suffix"
    r"|(?:attributes|NonKeyAttributes)\[\d+\])\Z"
)
_VALUES = re.compile(r"\.(?:tags|items|access_patterns)[.\[]")


class Variables(Struct, frozen=True):
    """Which variables a document uses: ``pieces`` (value, name), and the values that are a part of a ``name``.

    Names of tables, indexes and attributes are what a person types, confirms and looks for: they are always shown.
    """

    pieces: tuple[Piece, ...] = ()
    names: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Variables({', '.join(sorted({name for _, name in self.pieces}))})"

    def __add__(self, other: Variables) -> Variables:
        return Variables((*self.pieces, *other.pieces), (*self.names, *other.names))


def variables_of(node: Node) -> Variables:
    """The variables that were replaced in ``node`` and below."""
    pieces: list[Piece] = []
    names: list[str] = []
    for inner in node.walk():
        if isinstance(inner.value, _KINDS):
            pieces += inner.value.pieces
            if _NAMES.search(inner.path) and not _VALUES.search(inner.path):
                names += [value for value, _ in inner.value.pieces]
    return Variables(tuple(pieces), tuple(names))
