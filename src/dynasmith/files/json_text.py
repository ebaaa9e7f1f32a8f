"""JSON text -> nodes with their places. The standard library's parser gives no places, and YAML's refuses tabs."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from dynasmith.files.text_error import BrokenText
from dynasmith.tables.document import Node, join_path

_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,400})(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORDS: Final = {"true": True, "false": False, "null": None}
DEPTH_MAX: Final = 64
# Used at positions where a string begins only.
_STRINGS: Final = json.JSONDecoder()


def read_json(text: str, file: str) -> Node:
    """The document of a JSON text. BrokenText with line and column where it is none, or says a key twice."""
    walk = _Walk(text, file)
    node, end = walk.value(walk.skip(0), "", None, 0)
    end = walk.skip(end)
    if end < len(text):
        raise walk.broken(f"it goes on after its end with {text[end]!r}", end)
    return node


class _Walk:
    """One walk over a text: it knows where lines begin."""

    def __init__(self, text: str, file: str) -> None:
        self._text = text
        self._file = file
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def place(self, at: int) -> tuple[int, int]:
        """Line and column of a position."""
        low, high = 0, len(self._starts)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._starts[middle] <= at else (low, middle)
        return low + 1, at - self._starts[low] + 1

    def broken(self, message: str, at: int) -> BrokenText:
        """The error for a position."""
        return BrokenText(f"is not JSON: {message}", *self.place(at))

    def skip(self, at: int) -> int:
        """The next position that is no white space."""
        match = _SPACE.match(self._text, at)
        return match.end() if match is not None else at

    def value(self, at: int, path: str, named_at: int | None, depth: int) -> tuple[Node, int]:
        """The value at a position, and where it ends; ``named_at`` is where its key stands."""
        if depth > DEPTH_MAX:
            raise self.broken(f"it is nested deeper than {DEPTH_MAX}", at)
        line, column = self.place(at if named_at is None else named_at)
        letter = self._text[at : at + 1]
        written = ""
        if letter == "{":
            value, end = self._map(at, path, depth)
        elif letter == "[":
            value, end = self._list(at, path, depth)
        elif letter == '"':
            value, end = self._string(at)
        else:
            value, end = self._word(at)
            written = self._text[at:end]
        return Node(value, self._file, line, column, path, written), end

    def _map(self, at: int, path: str, depth: int) -> tuple[Any, int]:
        entries: dict[str, Node] = {}
        start, at = at, self.skip(at + 1)
        if self._text[at : at + 1] == "}":
            return entries, at + 1
        while True:
            if self._text[at : at + 1] != '"':
                raise self.broken(self._missing('a name in double quotes, such as "name"', at, start), at)
            key_at = at
            name, at = self._string(at)
            if name in entries:
                first = entries[name].line
                raise BrokenText(
                    f"{join_path(path, name)} is defined twice, first in line {first}", *self.place(key_at)
                )
            at = self.skip(at)
            if self._text[at : at + 1] != ":":
                raise self.broken(self._missing(f"a colon after {json.dumps(name)}", at, start), at)
            entries[name], at = self.value(self.skip(at + 1), join_path(path, name), key_at, depth + 1)
            at, ended = self._next(at, "}", start)
            if ended:
                return entries, at

    def _list(self, at: int, path: str, depth: int) -> tuple[Any, int]:
        members: list[Node] = []
        start, at = at, self.skip(at + 1)
        if self._text[at : at + 1] == "]":
            return (), at + 1
        while True:
            member, at = self.value(at, join_path(path, len(members)), None, depth + 1)
            members.append(member)
            at, ended = self._next(at, "]", start)
            if ended:
                return tuple(members), at

    def _next(self, at: int, end: str, start: int) -> tuple[int, bool]:
        """Past the comma or the end of a map or list: where, and whether it was the end."""
        at = self.skip(at)
        letter = self._text[at : at + 1]
        if letter == end:
            return at + 1, True
        if letter != ",":
            raise self.broken(self._missing(f"a comma or {end}", at, start), at)
        following = self.skip(at + 1)
        if self._text[following : following + 1] == end:
            raise self.broken(f"there is a comma before {end}", at)
        return following, False

    def _missing(self, what: str, at: int, start: int) -> str:
        if at >= len(self._text):
            return f"it ends before the {self._text[start]} of line {self.place(start)[0]} is closed"
        return f"{what} is expected, not {self._text[at]!r}"

    def _string(self, at: int) -> tuple[str, int]:
        try:
            text, end = _STRINGS.raw_decode(self._text, at)
        except json.JSONDecodeError as error:
            raise self.broken(error.msg.lower().removesuffix(" at"), error.pos) from None
        return str(text), end

    def _word(self, at: int) -> tuple[Any, int]:
        for word, value in _WORDS.items():
            if self._text.startswith(word, at):
                return value, at + len(word)
        match = _NUMBER.match(self._text, at)
        if match is None:
            found = self._text[at : at + 1]
            raise self.broken(
                f"a value is expected, not {found!r}" if found else "it ends where a value is expected", at
            )
        if match.group(1) is None and match.group(2) is None:
            return int(match.group()), match.end()
        return float(match.group()), match.end()
