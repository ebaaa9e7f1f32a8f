"""A cell of a database as a plain value, exactly. What cannot be represented exactly raises ItemInvalid.

=============  ========================================================================================================
kind           cell
=============  ========================================================================================================
int            an integer
decimal        an exact number
double         the shortest decimal that reads back as the same double, which is how PostgreSQL and MySQL write one
float32        a 4-byte float written as a double: it becomes the shortest decimal that gives the same 4 bytes
bool           ``t`` or ``f``
text           text in the encoding of the connection
bytes, hex     bytes as they are; ``\\x00ff``
date, time     ``2026-01-15``; ``10:30:00``, with or without an offset
datetime       ``2026-01-15 10:30:00`` without a zone;  moment: with an offset;  utc: without one, and it is in UTC
json           a JSON text
array          ``array,int``: an array of PostgreSQL, with its delimiter and the kind of its elements
native         SQLite's own value; ``native-json``, ``-bool``, ``-date``, ``-time``, ``-datetime`` by the declared type
=============  ========================================================================================================
"""

import re
import struct
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from math import isfinite
from typing import Any, Final

from msgspec.msgpack import Ext

from dynasmith.errors import ItemInvalid
from dynasmith.files.databases.arrays import read_array
from dynasmith.files.databases.json_text import read_json
from dynasmith.files.databases.session import Cell

_DATE: Final = r"\d{4}-\d\d-\d\d"
_TIME: Final = r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?"
_OFFSET: Final = r"[+-]\d\d(?::?\d\d)?(?::?\d\d)?"
FLOAT32_DIGITS: Final = 9
"""Decimal digits that tell any two 4-byte floats apart. Source: IEEE 754, binary32."""


def reader_of(kind: str, encoding: str) -> Callable[[Cell], Any]:
    """How a cell of ``kind`` that is not NULL is read. Raises ItemInvalid."""
    if kind.startswith("native"):
        return _NATIVE[kind]
    if kind == "bytes":
        return bytes
    read = _text_reader(kind)

    def decoded(cell: Cell) -> Any:
        try:
            text = cell.decode(encoding)
        except UnicodeDecodeError as error:
            raise ItemInvalid(f"its text is not valid {encoding.upper()}") from error
        return read(text)

    return decoded


def _text_reader(kind: str) -> Callable[[str], Any]:
    if kind.startswith("array"):
        delimiter, inner = kind[5], _text_reader(kind[6:])
        return lambda text: read_array(text, delimiter, inner)
    return _TEXT[kind]


def _int(text: str) -> Any:
    return Decimal(text) if len(text) > 40 else int(text)


def _decimal(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite():
        raise ItemInvalid(f"{text} is not a number that DynamoDB can hold")
    return number


def _float32(text: str) -> Decimal:
    value = float(text)
    packed = struct.pack("f", value)
    for digits in range(1, FLOAT32_DIGITS + 1):
        shown = f"{value:.{digits}g}"
        try:
            if struct.pack("f", float(shown)) == packed:
                return Decimal(shown)
        except OverflowError:
            continue
    return Decimal(text)


def _hex(text: str) -> bytes:
    if not text.startswith("\\x"):
        raise ItemInvalid("its bytes are not in hexadecimal form")
    return bytes.fromhex(text[2:])


def _matching(pattern: str, read: Callable[[str], Any], what: str) -> Callable[[str], Any]:
    matches = re.compile(pattern, re.ASCII).fullmatch

    def checked(text: str) -> Any:
        if matches(text):
            try:
                return read(text)
            except (ValueError, OverflowError):  # a day, or a year in UTC, that there is not
                pass
        raise ItemInvalid(f"{text} is not a {what} that ISO 8601 can hold")

    return checked


_date_of = _matching(_DATE, date.fromisoformat, "date")
_time_of = _matching(f"{_TIME}(?:{_OFFSET})?", time.fromisoformat, "time of day")
_datetime_of = _matching(f"{_DATE}[ T]{_TIME}", datetime.fromisoformat, "time")
_moment_of = _matching(
    f"{_DATE}[ T]{_TIME}{_OFFSET}", lambda text: datetime.fromisoformat(text).astimezone(UTC), "time"
)
_TEXT: Final[dict[str, Callable[[str], Any]]] = {
    "int": _int,
    "decimal": _decimal,
    "double": _decimal,
    "float32": _float32,
    "bool": lambda text: text == "t",
    "text": str,
    "hex": _hex,
    "date": _date_of,
    "time": _time_of,
    "datetime": _datetime_of,
    "moment": _moment_of,
    "utc": lambda text: _datetime_of(text).replace(tzinfo=UTC),
    "json": read_json,
}


def _native(cell: Cell) -> Any:
    if isinstance(cell, Ext):
        raise ItemInvalid("its text is not valid UTF-8")
    if isinstance(cell, float) and not isfinite(cell):
        raise ItemInvalid(f"{cell} is not a number that DynamoDB can hold")
    return cell


def _typed(read: Callable[[str], Any]) -> Callable[[Cell], Any]:
    """A text of SQLite as its column is declared; SQLite keeps anything anywhere, and what is something else stays."""

    def read_text(cell: Cell) -> Any:
        if not isinstance(cell, str):
            return _native(cell)
        try:
            return read(cell)
        except ItemInvalid:
            return cell

    return read_text


_NATIVE: Final[dict[str, Callable[[Cell], Any]]] = {
    "native": _native,
    "native-bool": lambda cell: bool(cell) if cell in (0, 1) and isinstance(cell, int) else _native(cell),
    "native-date": _typed(_date_of),
    "native-time": _typed(_time_of),
    "native-datetime": _typed(lambda text: _moment_of(text) if text[19:].strip(".0123456789") else _datetime_of(text)),
    "native-json": lambda cell: read_json(cell) if isinstance(cell, str) else _native(cell),
}
