"""The digest ``ds1``: a count and an order-free sum of hashes that say whether two sets of items are equal.

The canonical bytes, exactly (docs/reference/digest.md has them with examples, the golden vectors are in the tests):

- a value is a tag of one byte, the length of its content in four bytes (big endian), its content;
- ``S`` text: UTF-8, no normalisation. ``B`` binary: the bytes. ``N`` number: ASCII ``[-]digits E exponent`` with no
  leading and no trailing zero in the digits; zero is ``0E0``. ``T`` boolean: 01 or 00. ``0`` null: 01;
- ``L`` list: the values in order. ``M`` map: for each name, sorted by its UTF-8 bytes, the length of the name in four
  bytes, the name, the value. ``s`` ``n`` ``b`` sets of S, N, B: their members as values, sorted, each once;
- an item is the content of a map. Its hash is BLAKE2b with 16 bytes, no key, read as a big-endian number;
- the digest is the sum of the hashes modulo 2^128. A sum and not XOR: under XOR an item that is there twice is gone.

So the order of items, of attributes and of a set's members, escapes in strings and the spelling of numbers do not
matter, and everything else does. It finds accidents, not forgers. A change of any of this is ``ds2``.
"""

import binascii
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final

import msgspec

from dynasmith.errors import DataError
from dynasmith.items.number import number_parts
from dynasmith.items.shape import FIRST, TYPES, Field, Learning, Shape
from dynasmith.items.value import malformed
from dynasmith.items.wire import RawItem

_MODULUS: Final = 1 << 128
_TEXT: Final = re.compile(r"ds1:(0|[1-9][0-9]*):([0-9a-f]{32})", re.ASCII)
_decode_json: Final = msgspec.json.Decoder().decode
#: Orders of more names are not remembered.
_ORDER_NAMES_MAX: Final = 64
_hasher: Final = blake2b(digest_size=16).copy
"""A copy costs less than a new one with the same parameters."""


def _heads(tag: bytes) -> tuple[bytes, ...]:
    """A tag and a length as bytes, by length, for short contents, which most are."""
    return tuple(tag + length.to_bytes(4, "big") for length in range(_READY))


_READY: Final = 1024
_HEADS: Final = {tag: _heads(tag) for tag in (b"S", b"B", b"L", b"M", b"s", b"n", b"b")}
_TEXT_HEADS: Final = _HEADS[b"S"]
_NUMBER_HEADS: Final = _heads(b"N")
_INTEGER_HEADS: Final = _NUMBER_HEADS[len(b"E0") :]
_PLACES: Final = 64
#: By places behind the point; negative ones, which are zeros before it, count from the end.
_EXPONENTS: Final = tuple(b"E%d" % -(place if place < _PLACES else place - 2 * _PLACES) for place in range(2 * _PLACES))
_join: Final = b"".join
_SHORT: Final = 5
_REMEMBERED: Final = 16_384
"""Values of a kind that are remembered: about 2 MB."""
_MEMBER_MAX: Final = 32


def _framed(tag: bytes, content: bytes) -> bytes:
    size = len(content)
    return (_HEADS[tag][size] if size < _READY else tag + size.to_bytes(4, "big")) + content


@dataclass(frozen=True, slots=True)
class Digest:
    """How many items, and the sum of their hashes. ``a + b`` is the digest of both together, in any order."""

    count: int = 0
    total: int = 0

    def __add__(self, other: "Digest") -> "Digest":
        return Digest(self.count + other.count, (self.total + other.total) % _MODULUS)

    def __str__(self) -> str:
        return f"ds1:{self.count}:{self.total:032x}"

    @classmethod
    def parse(cls, text: str) -> "Digest":
        """The digest that ``str`` wrote. Raises DataError for another format or version."""
        match = _TEXT.fullmatch(text)
        if match is None:
            raise DataError(
                f"{text[:80]!r} is not a digest of this version.",
                hint="a digest looks like ds1:<count>:<32 hex digits>",
            )
        return cls(int(match[1]), int(match[2], 16))


#: The digest of no items.
NOTHING: Final = Digest()


def digest_items(raws: Iterable[RawItem | bytes]) -> Digest:
    """The digest of some items, a page at a time: about 20 us an item of 12 attributes. Add the parts up with ``+``.

    Raises ItemInvalid for an item that is not DynamoDB JSON.
    """
    count = total = 0
    for raw in raws:
        count += 1
        total += item_hash(raw)
    return Digest(count, total % _MODULUS)


class Digester:
    """Digests of the items of one table, at half the price of ``digest_items`` or less: it learns their shape.

    An object with memory (of names of attributes, never of values), for one thread. The result is the same.
    """

    __slots__ = ("_hashed",)

    def __init__(self, *, first: int = FIRST) -> None:
        self._hashed = Learning(general_hash, _write, CONTENTS, first=first)

    def __call__(self, raws: Iterable[RawItem | bytes]) -> Digest:
        """The digest of some items: about 11 us an item of 12 attributes. Raises ItemInvalid."""
        count = total = 0
        hashed, number = self._hashed, int.from_bytes
        for raw in raws:
            count += 1
            total += number(hashed(raw), "big")
        return Digest(count, total % _MODULUS)

    def hash(self, raw: RawItem | bytes) -> int:
        """The 128-bit hash of one item, as ``item_hash`` gives it. Raises ItemInvalid."""
        return int.from_bytes(self._hashed(raw), "big")


def item_hash(raw: RawItem | bytes) -> int:
    """The 128-bit hash of one item. Raises ItemInvalid."""
    return int.from_bytes(_hash(canonical(raw)), "big")


def tree_hash(item: Mapping[str, Any]) -> int:
    """The hash of an item in DynamoDB JSON as a mapping: equal for equal items, however they are spelt."""
    return item_hash(msgspec.json.encode(item))


def canonical(raw: RawItem | bytes) -> bytes:
    """The canonical bytes of one item: equal for items that are equal to DynamoDB, however they are spelt."""
    try:
        return _general(raw, _decode_json(raw))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as cause:
        raise malformed(raw, cause) from cause


def _hash(content: bytes) -> bytes:
    hasher = _hasher()
    hasher.update(content)
    return hasher.digest()


def general_hash(raw: RawItem | bytes, tree: Any) -> bytes:
    """The hash of an item, which is ``tree`` when parsed, as 16 bytes. Raises ItemInvalid."""
    return _hash(_general(raw, tree))


def _general(raw: RawItem | bytes, tree: Any) -> bytes:
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
            append(_TEXT_HEADS[size] if size < _READY else b"S" + size.to_bytes(4, "big"))
            append(utf8)
        else:
            append(_CANONICAL[tag](content))
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


def _text(content: str) -> bytes:
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


def _number(content: str) -> bytes:
    # Short ones and decimals repeat (ages, codes, prices), whole long ones hardly do (times) and cost less to read.
    return _known_numbers(content) if len(content) <= _SHORT or "." in content else _long_number(content)


def _long_number(content: str, sign: bytes = b"") -> bytes:
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
        return _long_number(content[1:], b"-")
    parts = number_parts(f"-{content}" if sign else content)
    if parts is None:
        raise ValueError
    below, text, power = parts
    written = f"{'-' if below else ''}{text}E{power}".encode()
    return b"N" + len(written).to_bytes(4, "big") + written


_known_numbers: Final = _Remembered(_long_number).__getitem__
_members: Final = _Remembered(_text).__getitem__


def _binary(content: str) -> bytes:
    return _framed(b"B", binascii.a2b_base64(content, strict_mode=True))


def _boolean(content: bool) -> bytes:
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
        parts.append(_CANONICAL[tag](inner))
    return _framed(b"L", b"".join(parts))


def _map(content: dict[str, Any]) -> bytes:
    return _framed(b"M", _map_content(content))


def _set_of(tag: bytes, member: Callable[[str], bytes]) -> Callable[[list[str]], bytes]:
    def encode(content: list[str]) -> bytes:
        if type(content) is not list:
            raise TypeError
        return _framed(tag, b"".join(sorted(set(map(member, content)))))

    return encode


_CANONICAL: Final[dict[str, Callable[[Any], bytes]]] = {
    "S": _text,
    "N": _number,
    "B": _binary,
    "BOOL": _boolean,
    "NULL": _null,
    "L": _list,
    "M": _map,
    "SS": _set_of(b"s", _members),
    "NS": _set_of(b"n", _number),
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


# --- straight-line code for a learnt shape ----------------------------------------------------------------------------


class _Text(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    v: str = msgspec.field(name="S")


class _Number(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    v: str = msgspec.field(name="N")


#: What the code is for: lists of one kind are lists of values.
CONTENTS: Final[Mapping[str, Any]] = {**TYPES, "LS": list[_Text], "LN": list[_Number]}


def _write(shape: Shape) -> tuple[str, dict[str, Any]]:
    lines, names = digest_lines(shape)
    return "\n ".join(["def read(v):", *lines, "return h.digest()"]), names


def digest_lines(shape: Shape) -> tuple[list[str], dict[str, Any]]:
    """Lines that leave the digest of ``v`` in the hasher ``h``, and the names that they use."""
    names: dict[str, Any] = {f"canonical_{tag}": encode for tag, encode in _CANONICAL.items()}
    names |= {f"H{tag.decode()}": heads for tag, heads in _HEADS.items()}
    names |= {"UNSET": msgspec.UNSET, "base64": binascii.a2b_base64, "join": _join, "value": _value}
    names |= {
        "hasher": _hasher,
        "known": _known_numbers,
        "long": _long_number,
        "members": _members,
        "number": _number,
        "text": _text,
    }
    lines: list[str] = []
    content = _content(shape, "v", lines, names)
    return [*lines, "h = hasher()", f"h.update({content})"], names


def _content(shape: Shape, struct: str, lines: list[str] | None, names: dict[str, Any]) -> str:
    """An expression of the canonical bytes of ``struct``; ``lines`` bind the maps in it to names, where all are there.

    One tuple of all parts: Python builds it without a call or a list that grows.
    """
    parts = [
        _part(f"{struct}.{attribute}", name, field, shape.required(field), lines, names)
        for attribute, name, _, field in sorted(shape.known(), key=lambda known: known[1])
    ]
    return f"join(({''.join(f'{part}, ' for part in parts)}))"


def _part(
    value: str,
    name: str,
    field: Field,
    required: bool,
    lines: list[str] | None,
    names: dict[str, Any],
) -> str:
    """The parts of one attribute, with commas between them; where it may be absent, one expression."""
    utf8 = name.encode()
    prefix = len(utf8).to_bytes(4, "big") + utf8
    key = _named(prefix, names)
    content = f"{value}.v"
    match field.tag:
        case "":
            parts = f"{key}, value({value})"
        case "S":
            parts = _headed(key, "S", f"{content}.encode()")
        case "N":
            parts = f"{key}, known(n) if len(n := {content}) <= {_SHORT} or '.' in n else long(n)"
        case "B":
            parts = _headed(key, "B", f"base64({content}, strict_mode=True)")
        case "L" if field.member in ("N", "S"):
            one = "number" if field.member == "N" else "text"
            parts = _headed(key, "L", f"join([{one}(m.v) for m in {content}])")
        case "SS":
            parts = _headed(key, "s", f"join(sorted(set(map(members, {content}))))")
        case "BOOL":
            true, false = (_named(prefix + _boolean(each), names) for each in (True, False))
            parts = f"{true} if {content} else {false}"
        case "M" if field.inner is not None and not field.inner.open:
            bound = lines if required else None
            if bound is not None:
                bound.append(f"{(inner := _named(None, names))} = {content}")
                content = inner
            parts = _headed(key, "M", _content(field.inner, content, bound, names))
        case tag:
            parts = f"{key}, canonical_{tag}({content})"
    return parts if required else f"join(({parts},)) if {value} is not UNSET else b''"


def _headed(key: str, tag: str, content: str) -> str:
    head = f"H{tag}[n] if (n := len(s := {content})) < {_READY} else b'{tag}' + n.to_bytes(4, 'big')"
    return f"{key}, {head}, s"


def _named(constant: Any, names: dict[str, Any]) -> str:
    """A name of its own for a constant of the code."""
    name = f"k{len(names)}"
    names[name] = constant
    return name


def _value(tree: dict[str, Any]) -> bytes:
    ((tag, content),) = tree.items()
    return _CANONICAL[tag](content)
