"""TOML text -> nodes with their places. `tomllib` reads the values; a second walk over the text finds the places."""

from __future__ import annotations

import re
import tomllib
from typing import Any, Final

from dynasmith.files.text_error import BrokenText
from dynasmith.tables.document import Node, join_path

_Way = tuple[str | int, ...]
_Places = dict[_Way, tuple[int, int]]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY_PART = re.compile(r"""[ \t]*(?:"((?:[^"\\\n]|\\.)*)"|'([^'\n]*)'|([A-Za-z0-9_-]+))[ \t]*""")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|' + r"'''.*?'{3,5}|" + r'"(?:[^"\\\n]|\\.)*"|' + r"'[^'\n]*'",
    re.DOTALL,
)
DEPTH_MAX: Final = 64
_INTEGER_BITS_MAX: Final = 1400  # about 400 digits, as in the other formats
# What nests, with what may hold the same signs and nests nothing: keys of many parts, words, strings, comments.
_NESTING = re.compile(
    r"""(?P<key>(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){64})|[\w-]++|"""
    + _STRING.pattern
    + r"|#[^\n]*+|[\[\]{}]",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}\n#]+")
_AT = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)")


class _Written(float):
    """A float that remembers how it was written."""

    written: str = ""


def _float(text: str) -> float:
    number = _Written(text)
    number.written = text.replace("_", "")
    return number


def read_toml(text: str, file: str) -> Node:
    """The document of a TOML text. BrokenText with line and column where it is none."""
    _check_depth(text)
    try:
        document = tomllib.loads(text, parse_float=_float)
    except tomllib.TOMLDecodeError as error:
        at = _AT.search(str(error))
        line = int(at[1]) if at is not None and at[1] else text.count("\n") + 1
        words = _AT.sub("", str(error))
        raise BrokenText(f"is not TOML: {words[:1].lower()}{words[1:]}", line, int(at[2] or 1) if at else 1) from None
    except RecursionError:
        raise _too_deep(1) from None
    except ValueError:  # Python reads no integer of more than 4,300 digits
        raise BrokenText("holds an integer of too many digits", 1, 1) from None
    return _node(document, file, (), "", _Search(text).places, (1, 1))


def _check_depth(text: str) -> None:
    """Raise BrokenText where a text is nested too deeply, before the parser recurses, or walks a key of many parts."""
    depth = 0
    for token in _NESTING.finditer(text):
        mark = token[0]
        if mark in ("[", "{"):
            depth += 1
        elif mark in ("]", "}"):
            depth = max(0, depth - 1)
        if depth > DEPTH_MAX or token.lastgroup == "key":
            raise _too_deep(text.count("\n", 0, token.start()) + 1)


def _too_deep(line: int) -> BrokenText:
    return BrokenText(f"the document is nested deeper than {DEPTH_MAX}", line, 1)


def _node(value: Any, file: str, way: _Way, path: str, places: _Places, above: tuple[int, int]) -> Node:
    line, column = place = places.get(way, above)
    if len(way) > DEPTH_MAX:
        raise _too_deep(line)
    if isinstance(value, dict):
        entries = {
            name: _node(inner, file, (*way, name), join_path(path, name), places, place)
            for name, inner in value.items()
        }
        return Node(entries, file, line, column, path)
    if isinstance(value, list):
        members = tuple(
            _node(inner, file, (*way, number), join_path(path, number), places, place)
            for number, inner in enumerate(value)
        )
        return Node(members, file, line, column, path)
    if isinstance(value, int) and value.bit_length() > _INTEGER_BITS_MAX:
        raise BrokenText(f"{path} is an integer of too many digits", line, column)
    if isinstance(value, _Written):
        return Node(float(value), file, line, column, path, value.written)
    if not isinstance(value, str | int | float | bool):
        return Node(value.isoformat(), file, line, column, path)  # a date or a time: text, as in the other formats
    return Node(value, file, line, column, path, "" if isinstance(value, str) else str(value).lower())


class _Search:
    """Where each key and each member of a list stands. The text is TOML already, so nothing is checked."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.places: _Places = {}
        self._lists: dict[_Way, int] = {}
        at, base = self._skip(0), ()
        way: _Way = base
        while at < len(text):
            if text[at] == "[":
                way, at = self._header(at)
            else:
                at = self._pair(at, way)
            at = self._skip(at)

    def _skip(self, at: int) -> int:
        match = _BLANK.match(self._text, at)
        return match.end() if match is not None else at

    def _mark(self, way: _Way, at: int) -> None:
        line = self._text.count("\n", 0, at) + 1
        self.places.setdefault(way, (line, at - (self._text.rfind("\n", 0, at) + 1) + 1))

    def _names(self, at: int) -> tuple[list[str], int]:
        names: list[str] = []
        while (match := _KEY_PART.match(self._text, at)) is not None:
            quoted, literal, bare = match.groups()
            names.append(tomllib.loads(f'k = "{quoted}"')["k"] if quoted is not None else (literal or bare or ""))
            at = match.end()
            if self._text[at : at + 1] != ".":
                break
            at += 1
        return names, at

    def _within(self, names: list[str]) -> _Way:
        """The way of a dotted name; a list of tables on it means its latest member."""
        way: _Way = ()
        for name in names:
            way = (*way, name)
            if way in self._lists:
                way = (*way, self._lists[way])
        return way

    def _header(self, at: int) -> tuple[_Way, int]:
        many = self._text.startswith("[[", at)
        names, end = self._names(at + 1 + many)
        if many:
            way = (*self._within(names[:-1]), names[-1])
            self._lists[way] = self._lists.get(way, -1) + 1
            self._mark(way, at)
            way = (*way, self._lists[way])
        else:
            way = self._within(names)
        self._mark(way, at)
        return way, end + 1 + many

    def _pair(self, at: int, base: _Way) -> int:
        names, end = self._names(at)
        way = base
        for name in names:
            way = (*way, name)
            self._mark(way, at)
        return self._value(self._skip(end + 1), way)

    def _value(self, at: int, way: _Way) -> int:
        letter = self._text[at : at + 1]
        if letter == "[":
            return self._members(at, way)
        if letter == "{":
            at = self._skip(at + 1)
            while self._text[at : at + 1] not in ("}", ""):
                at = self._skip(self._pair(at, way))
                at = self._skip(at + 1) if self._text[at : at + 1] == "," else at
            return at + 1
        match = (_STRING if letter in "\"'" else _SCALAR).match(self._text, at)
        return match.end() if match is not None else at + 1

    def _members(self, at: int, way: _Way) -> int:
        number, at = 0, self._skip(at + 1)
        while self._text[at : at + 1] not in ("]", ""):
            self._mark((*way, number), at)
            at = self._skip(self._value(at, (*way, number)))
            at = self._skip(at + 1) if self._text[at : at + 1] == "," else at
            number += 1
        return at + 1
