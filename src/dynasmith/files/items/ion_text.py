"""Amazon Ion text as the service exports it: a record a line, read as DynamoDB JSON.

Source: the Ion 1.0 text format (amazon-ion.github.io), and the Developer Guide, "DynamoDB table export output format":
sets are lists with the annotations ``$dynamodb_SS``, ``$dynamodb_NS`` and ``$dynamodb_BS``, binary is a blob, a number
is a decimal. What else Ion has (timestamps, floats that are not numbers, clobs, S-expressions) is not in an export and
is refused.
"""

import re
from typing import Any, Final

from dynasmith.errors import ItemInvalid

DEPTH_MAX: Final = 40
"""A value is nested 32 deep at most (ServiceQuotas.html), in three more structs of a record."""
_SPACE = re.compile(r"\s*")
_VERSION = re.compile(r"\$ion_1_0\b(::)?")
_NUMBER = re.compile(r"[+-]?\d[\d_]*(?:\.[\d_]*)?(?:[dDeE][+-]?\d+)?(?![\w.:-])")
_WORD = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)+)'")
_LONG = re.compile(r"'''((?:[^'\\]|\\.|'(?!''))*)'''", re.DOTALL)
_BLOB = re.compile(r"\{\{\s*([A-Za-z0-9+/=\s]*)\}\}")
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}|\r?\n|.)", re.DOTALL)
_ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "v": "\v", "?": "?",
    '"': '"', "'": "'", "/": "/", "\\": "\\", "\n": "", "\r\n": "",
}  # fmt: skip
_SETS = {"$dynamodb_SS": ("SS", "S"), "$dynamodb_NS": ("NS", "N"), "$dynamodb_BS": ("BS", "B")}

Typed = dict[str, Any]


def read_ion(line: str) -> dict[str, Typed]:
    """The members of the record on a line, each a value of DynamoDB JSON. Raises ItemInvalid."""
    reader = _Reader(line)
    value = reader.record()
    if set(value) != {"M"}:
        raise ItemInvalid("The record is not a struct of Ion.")
    members: dict[str, Typed] = value["M"]
    return members


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def record(self) -> Typed:
        """One value after the version marker, to the end of the line; a list of one value is that value."""
        self._skip()
        while found := _VERSION.match(self._text, self._at):
            self._at = found.end()
            self._skip()
        value = self._value(0)
        self._skip()
        if self._at != len(self._text):
            raise self._fault("more follows behind the record")
        if set(value) == {"L"} and len(value["L"]) == 1:
            only: Typed = value["L"][0]
            return only
        return value

    def _value(self, depth: int) -> Typed:
        if depth > DEPTH_MAX:
            raise self._fault("it is nested too deep")
        self._skip()
        text, at = self._text, self._at
        char = text[at : at + 1]
        if char == '"' or text.startswith("'''", at):
            return {"S": self._string()}
        if char == "{":
            if found := _BLOB.match(text, at):
                self._at = found.end()
                return {"B": re.sub(r"\s", "", found[1])}
            return {"M": self._struct(depth)}
        if char == "[":
            return {"L": self._list(depth)}
        if found := _NUMBER.match(text, at):
            self._at = found.end()
            return {"N": _number(found[0])}
        return self._word(depth)

    def _word(self, depth: int) -> Typed:
        name = self._name()
        if self._text.startswith("::", self._at):
            self._at += 2
            return self._annotated(name, depth)
        if name in ("true", "false"):
            return {"BOOL": name == "true"}
        if name == "null":
            if found := re.compile(r"\.\w+").match(self._text, self._at):
                self._at = found.end()
            return {"NULL": True}
        raise self._fault(f"{name} is not a value of an export")

    def _annotated(self, name: str, depth: int) -> Typed:
        if name not in _SETS:
            raise self._fault(f"the annotation {name} is not one of an export")
        kind, member = _SETS[name]
        value = self._value(depth + 1)
        if set(value) != {"L"} or any(set(each) != {member} for each in value["L"]):
            raise self._fault(f"{name} does not stand before a list of its values")
        return {kind: [each[member] for each in value["L"]]}

    def _struct(self, depth: int) -> dict[str, Typed]:
        members: dict[str, Typed] = {}
        self._at += 1
        while not self._ends("}"):
            name = self._string() if self._text.startswith('"', self._at) else self._name()
            self._skip()
            if not self._text.startswith(":", self._at):
                raise self._fault("a colon is missing")
            self._at += 1
            if name in members:
                raise self._fault(f"the member {name} is there twice")
            members[name] = self._value(depth + 1)
            self._comma("}")
        return members

    def _list(self, depth: int) -> list[Typed]:
        values: list[Typed] = []
        self._at += 1
        while not self._ends("]"):
            values.append(self._value(depth + 1))
            self._comma("]")
        return values

    def _ends(self, mark: str) -> bool:
        self._skip()
        if self._text.startswith(mark, self._at):
            self._at += 1
            return True
        if self._at >= len(self._text):
            raise self._fault("the record is cut")
        return False

    def _comma(self, mark: str) -> None:
        self._skip()
        if self._text.startswith(",", self._at):
            self._at += 1
        elif not self._text.startswith(mark, self._at):
            raise self._fault("a comma is missing")

    def _name(self) -> str:
        if found := _QUOTED.match(self._text, self._at):
            self._at = found.end()
            return _unescaped(found[1])
        if found := _WORD.match(self._text, self._at):
            self._at = found.end()
            return found[0]
        raise self._fault("a name or a value is missing")

    def _string(self) -> str:
        if found := _STRING.match(self._text, self._at):
            self._at = found.end()
            return _unescaped(found[1])
        parts = []
        while found := _LONG.match(self._text, self._at):
            parts.append(_unescaped(found[1]))
            self._at = found.end()
            self._skip()
        if not parts:
            raise self._fault("a string does not end")
        return "".join(parts)

    def _skip(self) -> None:
        found = _SPACE.match(self._text, self._at)
        self._at = self._at if found is None else found.end()

    def _fault(self, why: str) -> ItemInvalid:
        return ItemInvalid(f"This is not Ion of an export: at character {self._at + 1}, {why}.")


def _number(text: str) -> str:
    """A decimal of Ion as a number of DynamoDB: ``103.``, ``6d2``, ``1.5``."""
    plain = text.replace("_", "").replace("d", "E").replace("D", "E").replace("e", "E")
    digits, exponent, power = plain.partition("E")
    return f"{digits.removesuffix('.')}{exponent}{power}"


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    made = _ESCAPE.sub(lambda found: _character(found[1]), text)
    # Characters outside of the plane of two bytes may be written as two of them.
    return made.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if "\\u" in text else made


def _character(escape: str) -> str:
    if escape[0] in "uUx" and len(escape) > 1:
        return chr(int(escape[1:], 16))
    if escape not in _ESCAPES:
        raise ItemInvalid(f"\\{escape} is not an escape of Ion.")
    return _ESCAPES[escape]
