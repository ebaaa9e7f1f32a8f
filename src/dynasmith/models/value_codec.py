"""How single values of a Python type stand in an item: one codec a type, and code for the common case of each.

``encode`` and ``decode`` are the general way and say what is wrong. ``reading`` and ``writing`` are expressions for the
function that the codec of an item generates; a value that is not exactly of the type they leave to the general way.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

import msgspec
from pydantic import SecretBytes, SecretStr

from dynasmith.errors import ItemInvalid
from dynasmith.items.number import number_fault, number_text
from dynasmith.models.code_names import CodeNames, invalid

Tree = dict[str, Any]
json_text: Final = msgspec.json.Encoder().encode
_INT_MAX: Final = 10**38
"""An int of less has no more than 38 digits."""


class ValueCodec(ABC):
    """One type of Python and its form in an item (DynamoDB JSON, binary as base64 text)."""

    type: Any = object
    """The class of the values, to choose between the members of a union."""
    tags: tuple[str, ...] = ()
    """The type tags that values have in an item."""

    @abstractmethod
    def encode(self, value: Any) -> Tree:
        """The value in an item. Raises ItemInvalid where it is of another type or cannot be stored."""

    @abstractmethod
    def decode(self, tree: Tree) -> Any:
        """The Python value. Raises ItemInvalid where the tag or the content is another."""

    def reading(self, source: str, names: CodeNames) -> str:
        """An expression of the value in the tree ``source``. It may raise anything where ``decode`` has to look."""
        return f"{names.add(self.decode)}({source})"

    def writing(self, value: str, names: CodeNames) -> str:
        """An expression of the tree of the variable ``value``; it falls back to ``encode``."""
        return f"{names.add(self.encode)}({value})"

    def member(self, name: str) -> tuple[str, ValueCodec] | None:
        """The stored name and the codec of a part of the value, where it is a map and has one of that name."""
        del name
        return None

    def knows(self, attribute: str) -> bool:
        """Whether that stored name is a member of the value, where it is a map."""
        return self.member(attribute) is not None

    def element(self) -> ValueCodec | None:
        """The codec of an element of the value, where it is a list or a set."""
        return None


class ScalarCodec(ValueCodec):
    """A value that is one tag and one content, so that sets can hold it and keys may be it."""

    tag: str

    def __init__(self) -> None:
        self.tags = (self.tag,)

    @abstractmethod
    def content(self, value: Any) -> Any:
        """The content for a value. Raises ItemInvalid."""

    @abstractmethod
    def value(self, content: Any) -> Any:
        """The value of a content. Raises ItemInvalid, ValueError or TypeError."""

    def reading_content(self, content: str, names: CodeNames) -> str:
        """An expression of the value of the content ``content``."""
        return f"{names.add(self.value)}({content})"

    def encode(self, value: Any) -> Tree:
        return {self.tag: self.content(value)}

    def decode(self, tree: Tree) -> Any:
        content = content_of(tree, self.tag)
        try:
            return self.value(content)
        except (ValueError, TypeError, ArithmeticError, LookupError) as cause:
            raise invalid(f"{content!r} is not a valid {type_name(self.type)}.") from cause

    def reading(self, source: str, names: CodeNames) -> str:
        return self.reading_content(f"{source}[{self.tag!r}]", names)


def content_of(tree: Any, tag: str) -> Any:
    """The content of a tree with that tag. Raises ItemInvalid where it has another."""
    if isinstance(tree, dict) and tag in tree:
        return tree[tag]
    found = next(iter(tree), "nothing") if isinstance(tree, dict) else "no value of DynamoDB JSON"
    raise invalid(f"The stored type is {found}, and the model reads {tag}.")


def wrong_type(value: Any, expected: Any) -> ItemInvalid:
    """The error for a value of another type than the model's."""
    return invalid(f"The value is of type {type(value).__name__}, and the model has {type_name(expected)}.")


def type_name(kind: Any) -> str:
    """A type as people write it."""
    return kind.__name__ if isinstance(kind, type) else str(kind)


class TextCodec(ScalarCodec):
    """``str`` as S."""

    type, tag = str, "S"

    def content(self, value: Any) -> str:
        if not isinstance(value, str):
            raise wrong_type(value, str)
        return str.__str__(value)

    def value(self, content: Any) -> str:
        if type(content) is not str:
            raise TypeError
        return content

    def reading_content(self, content: str, names: CodeNames) -> str:  # noqa: ARG002 - the content is the value
        return content

    def writing(self, value: str, names: CodeNames) -> str:
        return f'{{"S": {value}}} if type({value}) is str else {names.add(self.encode)}({value})'


class IntCodec(ScalarCodec):
    """``int`` as N. A number with a fraction is refused when it is read."""

    type, tag = int, "N"

    def content(self, value: Any) -> str:
        if not isinstance(value, int) or isinstance(value, bool):
            raise wrong_type(value, int)
        return number_content(int.__repr__(value) if abs(value) < _INT_MAX else str(Decimal(value)))

    def value(self, content: Any) -> int:
        number = Decimal(content)
        if number != number.to_integral_value():
            raise ValueError
        return int(number)

    def reading_content(self, content: str, names: CodeNames) -> str:  # noqa: ARG002 - a builtin needs none
        return f"int({content})"

    def writing(self, value: str, names: CodeNames) -> str:
        text = names.local()
        fits = f"type({value}) is int and len({text} := str({value})) < 39"  # at most 38 digits, or 37 and a sign
        return f'{{"N": {text}}} if {fits} else {names.add(self.encode)}({value})'


class FloatCodec(ScalarCodec):
    """``float`` as N, by its repr, which reads back as the same float."""

    type, tag = float, "N"

    def content(self, value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise wrong_type(value, float)
        if not math.isfinite(value):
            raise invalid(f"{value} is not a number that DynamoDB can hold.")
        return number_content(repr(float(value)))

    def value(self, content: Any) -> float:
        return float(content)

    def reading_content(self, content: str, names: CodeNames) -> str:  # noqa: ARG002 - a builtin needs none
        return f"float({content})"

    def writing(self, value: str, names: CodeNames) -> str:
        # Without an exponent msgspec's JSON encoder gives the same digits as repr(), and is quicker.
        fits = f"type({value}) is float and 1e-4 <= {value} < 1e16"
        return f'{{"N": {names.add(json_text)}({value}).decode()}} if {fits} else {names.add(self.encode)}({value})'


class DecimalCodec(ScalarCodec):
    """``Decimal`` as N, exact: up to 38 digits."""

    type, tag = Decimal, "N"

    def content(self, value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, Decimal | int):
            raise wrong_type(value, Decimal)
        return number_content(str(value))

    def value(self, content: Any) -> Decimal:
        number = Decimal(content)
        if not number.is_finite():
            raise ValueError
        return number

    def reading_content(self, content: str, names: CodeNames) -> str:
        return f"{names.add(Decimal)}({content})"

    def writing(self, value: str, names: CodeNames) -> str:
        # Without an exponent, 38 characters break no limit.
        text = names.local()
        fits = f'{value}.is_finite() and len({text} := str({value})) < 39 and "E" not in {text}'
        exact = f"type({value}) is {names.add(Decimal)} and {fits}"
        return f'{{"N": {text}}} if {exact} else {names.add(self.encode)}({value})'


class KeyFloatCodec(FloatCodec):
    """A float in a key: one text a number."""

    def content(self, value: Any) -> str:
        return number_text(Decimal(super().content(value)))

    def writing(self, value: str, names: CodeNames) -> str:
        return ValueCodec.writing(self, value, names)


class KeyDecimalCodec(DecimalCodec):
    """A Decimal in a key: one text a number, since engines that are not DynamoDB compare keys as text."""

    def content(self, value: Any) -> str:
        return number_text(Decimal(super().content(value)))

    def writing(self, value: str, names: CodeNames) -> str:
        return ValueCodec.writing(self, value, names)


def number_content(text: str) -> str:
    """The text of a number. Raises ItemInvalid where DynamoDB cannot hold it."""
    # Up to 38 characters without an exponent break no limit; only NaN and Infinity hold an "n".
    if len(text) > 38 or "E" in text or "e" in text or "n" in text or "N" in text:
        fault = number_fault(text)
        if fault:
            raise invalid(f"{text[:60]} is not a number that DynamoDB can hold: {fault}.")
    return text


class BoolCodec(ScalarCodec):
    """``bool`` as BOOL."""

    type, tag = bool, "BOOL"

    def content(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise wrong_type(value, bool)
        return value

    def value(self, content: Any) -> bool:
        if type(content) is not bool:
            raise TypeError
        return content

    def reading_content(self, content: str, names: CodeNames) -> str:  # noqa: ARG002 - the content is the value
        return content

    def writing(self, value: str, names: CodeNames) -> str:
        return f'{{"BOOL": {value}}} if type({value}) is bool else {names.add(self.encode)}({value})'


class BytesCodec(ScalarCodec):
    """``bytes`` as B."""

    type, tag = bytes, "B"

    def content(self, value: Any) -> str:
        if not isinstance(value, bytes | bytearray | memoryview):
            raise wrong_type(value, bytes)
        return base64_text(value)

    def value(self, content: Any) -> bytes:
        try:
            return a2b_base64(content, strict_mode=True)
        except Base64Error as cause:
            raise ValueError from cause


def base64_text(value: bytes | bytearray | memoryview) -> str:
    """Bytes as the base64 text of DynamoDB JSON."""
    return b2a_base64(value, newline=False).decode("ascii")


class UuidCodec(ScalarCodec):
    """``UUID`` as S, with hyphens."""

    type, tag = UUID, "S"

    def content(self, value: Any) -> str:
        if not isinstance(value, UUID):
            raise wrong_type(value, UUID)
        return str(value)

    def value(self, content: Any) -> UUID:
        return UUID(content)


class ChoiceCodec(ScalarCodec):
    """The members of an Enum by their values, or the values of a Literal: all text, or all numbers."""

    def __init__(self, kind: Any, members: dict[Any, Any], inner: ScalarCodec) -> None:
        self.type, self.tag, self._inner, self._by_value = kind, inner.tag, inner, members
        self._is_enum = isinstance(kind, type) and issubclass(kind, Enum)
        super().__init__()

    def content(self, value: Any) -> Any:
        plain = value.value if self._is_enum and isinstance(value, self.type) else value
        if isinstance(plain, bool) is not isinstance(next(iter(self._by_value)), bool) or plain not in self._by_value:
            raise invalid(f"{value!r} is not a value of {type_name(self.type)}.")
        return self._inner.content(plain)

    def value(self, content: Any) -> Any:
        return self._by_value[self._inner.value(content)]


class StoredCodec(ValueCodec):
    """A value in a form of the user's: ``attr(stored=(encode, decode))``, between the value and what is stored.

    ``encode`` gives str, int, Decimal, bytes, bool, list, dict or set; ``decode`` takes it back. Numbers come as
    Decimal.
    """

    def __init__(self, pair: tuple[Any, Any], plain: ValueCodec, kind: Any) -> None:
        self._encode, self._decode = pair
        self._plain, self.type = plain, kind
        self.tags = ("S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS")

    def encode(self, value: Any) -> Tree:
        try:
            stored = self._encode(value)
        except Exception as cause:
            raise invalid(f"encode of stored= raised {type(cause).__name__}: {cause}") from cause
        return self._plain.encode(stored)

    def decode(self, tree: Tree) -> Any:
        plain = self._plain.decode(tree)
        try:
            return self._decode(plain)
        except Exception as cause:
            raise invalid(f"decode of stored= raised {type(cause).__name__}: {cause}") from cause


class SecretTextCodec(ScalarCodec):
    """pydantic's ``SecretStr`` as S: the text itself, which its JSON would not have."""

    type, tag = SecretStr, "S"

    def content(self, value: Any) -> str:
        if not isinstance(value, SecretStr):
            raise wrong_type(value, SecretStr)
        return value.get_secret_value()

    def value(self, content: Any) -> SecretStr:
        if type(content) is not str:
            raise TypeError
        return SecretStr(content)


class SecretBytesCodec(BytesCodec):
    """pydantic's ``SecretBytes`` as B: the bytes themselves."""

    type: Any = SecretBytes

    def content(self, value: Any) -> str:
        if not isinstance(value, SecretBytes):
            raise wrong_type(value, SecretBytes)
        return base64_text(value.get_secret_value())

    def value(self, content: Any) -> Any:
        return SecretBytes(super().value(content))
