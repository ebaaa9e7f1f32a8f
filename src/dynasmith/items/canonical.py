"""The canonical bytes of an item and of each value, as ``dynasmith.items.digest`` says them: equal for equal ones."""

import binascii
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import msgspec

from dynasmith.items.number import number_parts
from dynasmith.items.value import NOT_JSON, malformed
from dynasmith.items.wire import RawItem

_decode_json: Final = msgspec.json.Decoder().decode
#: Orders of more names are not remembered.
_ORDER_NAMES_MAX: Final = 64


def _heads(tag: bytes) -> tuple[bytes, ...]:
    """A tag and a length as bytes, by length, for short contents, which most are."""
    return tuple(tag + length.to_bytes(4, "big") for length in range(READY))


READY: Final = 1024
"""Contents shorter than this have their heads ready."""
#: A tag and a length as bytes, by tag and length.
HEADS: Final = {tag: _heads(tag) for tag in (b"S", b"B", b"L", b"M", b"s", b"n", b"b")}
_TEXT_HEADS: Final = HEADS[b"S"]
_NUMBER_HEADS: Final = _heads(b"N")
_INTEGER_HEADS: Final = _NUMBER_HEADS[len(b"E0") :]
_PLACES: Final = 64
#: By places behind the point; negative ones, which are zeros before it, count from the end.
_EXPONENTS: Final = tuple(b"E%d" % -(place if place < _PLACES else place - 2 * _PLACES) for place in range(2 * _PLACES))
_join: Final = b"".join
SHORT: Final = 5
"""Numbers of so many characters repeat."""
_REMEMBERED: Final = 16_384
"""Values of a kind that are remembered: about 2 MB."""
_MEMBER_MAX: Final = 32


def _framed(tag: bytes, content: bytes) -> bytes:
    size = len(content)
    return (HEADS[tag][size] if size < READY else tag + size.to_bytes(4, "big")) + content


def canonical(raw: RawItem | bytes) -> bytes:
    """The canonical bytes of one item: equal for items that are equal to DynamoDB, however they are spelt."""
    try:
        return general(raw, _decode_json(raw))
    except NOT_JSON as cause:
        raise malformed(raw, cause) from cause


def general(raw: RawItem | bytes, tree: Any) -> bytes:
    """The canonical bytes of an item, which is ``tree`` when parsed. Raises ItemInvalid."""
    try:
        if type(tree) is not dict:
            raise TypeError
        return _map_content(tree)
    except _MALFORMED as cause:
        raise malformed(raw, cause) from cause


def _map_content(tree: dict[str, Any]) -> bytes:
    parts: list[bytes] = []
    append = parts.append
    names = tuple(tree)
    for name, prefix in _order(names) if len(names) <= _ORDER_NAMES_MAX else _sorted(names):
        ((tag, content),) = tree[name].items()
        append(prefix)
        if tag == "S":
            # Most values are strings, and a call for each would cost as much as all the rest.
            utf8 = content.encode()
            size = len(utf8)
            append(_TEXT_HEADS[size] if size < READY else b"S" + size.to_bytes(4, "big"))
            append(utf8)
        else:
            append(CANONICAL[tag](content))
    return b"".join(parts)


@lru_cache(maxsize=512)
def _order(names: tuple[str, ...]) -> tuple[tuple[str, bytes], ...]:
    """The same, remembered: items of one table repeat a few orders. Bounded, so that memory stays flat."""
    return _sorted(names)


def _sorted(names: tuple[str, ...]) -> tuple[tuple[str, bytes], ...]:
    """The names of an item in canonical order, each with its bytes.

    Strings compare by code point, which is the order of their UTF-8 bytes.
    """
    return tuple((name, len(utf8).to_bytes(4, "big") + utf8) for name in sorted(names) for utf8 in (name.encode(),))


def text(content: str) -> bytes:
    """The canonical bytes of a string."""
    return _framed(b"S", content.encode())


class _Remembered(dict[str, bytes]):
    """Canonical bytes of values that repeat in a table (ages, tags): a look is a C call. Many are forgotten at once."""

    def __init__(self, canonical: Callable[[str], bytes]) -> None:
        self._canonical = canonical

    def __missing__(self, content: str) -> bytes:
        made = self._canonical(content)
        if len(self) == _REMEMBERED:
            self.clear()
        if len(content) <= _MEMBER_MAX:
            self[content] = made
        return made


def number(content: str) -> bytes:
    """The canonical bytes of a number. Raises ValueError where it is none."""
    # Short ones and decimals repeat (ages, codes, prices), whole long ones hardly do (times) and cost less to read.
    return known_numbers(content) if len(content) <= SHORT or "." in content else long_number(content)


def long_number(content: str, sign: bytes = b"") -> bytes:
    """The same, without looking whether it came before; ``sign`` was taken off it."""
    if not sign and content.isdigit() and content[0] != "0" != content[-1]:
        digits = content.encode()
        if digits.isdigit() and len(digits) < _PLACES:  # and no other script's
            return _INTEGER_HEADS[len(digits)] + digits + b"E0"
    # Digits and at most one point, as most numbers are written, without a regular expression or a format.
    point = content.find(".")
    if point < 0:
        plain, places = content, 0
    else:
        plain = content.replace(".", "", 1)
        places = len(plain) - point
    text = plain.strip("0")
    if text is not plain:
        text = plain.rstrip("0")
        places -= len(plain) - len(text)
        text = text.lstrip("0")
    written = text.encode()
    size = len(written)
    if written.isdigit() and size < _PLACES and -_PLACES < places < _PLACES:
        exponent = _EXPONENTS[places]
        return _join((_NUMBER_HEADS[len(sign) + size + len(exponent)], sign, written, exponent))
    if content[:1] == "-" and not sign:
        return long_number(content[1:], b"-")
    parts = number_parts(f"-{content}" if sign else content)
    if parts is None:
        raise ValueError
    below, text, power = parts
    written = f"{'-' if below else ''}{text}E{power}".encode()
    return b"N" + len(written).to_bytes(4, "big") + written


#: ``long_number`` and ``text`` of values that repeat.
known_numbers: Final = _Remembered(long_number).__getitem__
known_members: Final = _Remembered(text).__getitem__


def _binary(content: str) -> bytes:
    return _framed(b"B", binascii.a2b_base64(content, strict_mode=True))


def boolean(content: bool) -> bytes:
    """The canonical bytes of a truth value."""
    if content is True:
        return b"T\0\0\0\1\1"
    if content is False:
        return b"T\0\0\0\1\0"
    raise TypeError


def _null(content: bool) -> bytes:
    if content is not True:
        raise TypeError
    return b"0\0\0\0\1\1"


def _list(content: list[dict[str, Any]]) -> bytes:
    parts = []
    for tree in content:
        ((tag, inner),) = tree.items()
        parts.append(CANONICAL[tag](inner))
    return _framed(b"L", b"".join(parts))


def _map(content: dict[str, Any]) -> bytes:
    return _framed(b"M", _map_content(content))


def _set_of(tag: bytes, member: Callable[[str], bytes]) -> Callable[[list[str]], bytes]:
    def encode(content: list[str]) -> bytes:
        if type(content) is not list:
            raise TypeError
        return _framed(tag, b"".join(sorted(set(map(member, content)))))

    return encode


#: The canonical bytes of a value by its tag.
CANONICAL: Final[dict[str, Callable[[Any], bytes]]] = {
    "S": text,
    "N": number,
    "B": _binary,
    "BOOL": boolean,
    "NULL": _null,
    "L": _list,
    "M": _map,
    "SS": _set_of(b"s", known_members),
    "NS": _set_of(b"n", number),
    "BS": _set_of(b"b", _binary),
}

_MALFORMED: Final = (
    AttributeError,
    TypeError,
    ValueError,
    KeyError,
    IndexError,
    RecursionError,
)
