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
from dynasmith.items.shape import FIRST, Learning, Shape
from dynasmith.items.value import malformed
from dynasmith.items.wire import RawItem

_MODULUS: Final = 1 << 128
_TEXT: Final = re.compile(r"ds1:(0|[1-9][0-9]*):([0-9a-f]{32})", re.ASCII)
_decode_json: Final = msgspec.json.Decoder().decode
#: Orders of more names are not remembered.
_ORDER_NAMES_MAX: Final = 64
_HEADS: Final = 1024
_TEXT_HEADS: Final = tuple(b"S" + size.to_bytes(4, "big") for size in range(_HEADS))
_FRACTIONS: Final = 64
_EXPONENTS: Final = tuple(f"E-{length}" for length in range(_FRACTIONS))
_NUMBER_HEADS: Final = tuple(b"N" + size.to_bytes(4, "big") for size in range(256))


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
    """The digest of some items, a page at a time: about 10 us an item of 12 attributes. Add the parts up with ``+``.

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

    __slots__ = ("_canonical",)

    def __init__(self, *, first: int = FIRST) -> None:
        self._canonical = Learning(_general, _write, first=first)

    def __call__(self, raws: Iterable[RawItem | bytes]) -> Digest:
        """The digest of some items: about 10 us an item of 12 attributes. Raises ItemInvalid."""
        count = total = 0
        for raw in raws:
            count += 1
            total += self.hash(raw)
        return Digest(count, total % _MODULUS)

    def hash(self, raw: RawItem | bytes) -> int:
        """The 128-bit hash of one item, as ``item_hash`` gives it. Raises ItemInvalid."""
        return int.from_bytes(blake2b(self._canonical(raw), digest_size=16).digest(), "big")


def item_hash(raw: RawItem | bytes) -> int:
    """The 128-bit hash of one item. Raises ItemInvalid."""
    return int.from_bytes(blake2b(canonical(raw), digest_size=16).digest(), "big")


def tree_hash(item: Mapping[str, Any]) -> int:
    """The hash of an item in DynamoDB JSON as a mapping: equal for equal items, however they are spelt."""
    return item_hash(msgspec.json.encode(item))


def canonical(raw: RawItem | bytes) -> bytes:
    """The canonical bytes of one item: equal for items that are equal to DynamoDB, however they are spelt."""
    try:
        return _general(raw, _decode_json(raw))
    except (msgspec.DecodeError, RecursionError) as cause:
        raise malformed(raw, cause) from cause


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
            append(_TEXT_HEADS[size] if size < _HEADS else b"S" + size.to_bytes(4, "big"))
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
    utf8 = content.encode()
    size = len(utf8)
    return (_TEXT_HEADS[size] if size < _HEADS else b"S" + size.to_bytes(4, "big")) + utf8


@lru_cache(maxsize=4096)
def _number(content: str) -> bytes:
    # Ages, prices and codes repeat: a look is a tenth of reading the digits again. Bounded: about 1 MB.
    text = _number_text(content).encode()
    # A sign, 38 digits, E and an exponent: the number itself bounds its length unless it is no number of DynamoDB.
    return (_NUMBER_HEADS[len(text)] if len(text) < 256 else b"N" + len(text).to_bytes(4, "big")) + text


def _number_text(content: str) -> str:
    whole, _, fraction = content.partition(".")
    if fraction:
        # Digits on both sides and no zero at an end: as most decimals are written.
        if fraction.isdigit() and fraction[-1] != "0" and len(fraction) < _FRACTIONS and content.isascii():
            negative = whole[:1] == "-"
            unsigned = whole[1:] if negative else whole
            if unsigned == "0":
                return f"{'-' if negative else ''}{fraction.lstrip('0')}{_EXPONENTS[len(fraction)]}"
            if unsigned.isdigit() and unsigned[0] != "0":
                return whole + fraction + _EXPONENTS[len(fraction)]
    elif whole.isdigit() and whole[0] != "0" and whole is content and content.isascii():
        digits = content.rstrip("0")
        return digits + "E0" if len(digits) == len(content) else f"{digits}E{len(content) - len(digits)}"
    parts = number_parts(content)
    if parts is None:
        raise ValueError
    below, digits, exponent = parts
    return f"{'-' if below else ''}{digits}E{exponent}"


def _binary(content: str) -> bytes:
    value = binascii.a2b_base64(content, strict_mode=True)
    return b"B" + len(value).to_bytes(4, "big") + value


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
    joined = b"".join(parts)
    return b"L" + len(joined).to_bytes(4, "big") + joined


def _map(content: dict[str, Any]) -> bytes:
    joined = _map_content(content)
    return b"M" + len(joined).to_bytes(4, "big") + joined


def _set_of(tag: bytes, member: Callable[[str], bytes]) -> Callable[[list[str]], bytes]:
    def encode(content: list[str]) -> bytes:
        if type(content) is not list:
            raise TypeError
        joined = b"".join(sorted(set(map(member, content))))
        return tag + len(joined).to_bytes(4, "big") + joined

    return encode


_CANONICAL: Final[dict[str, Callable[[Any], bytes]]] = {
    "S": _text,
    "N": _number,
    "B": _binary,
    "BOOL": _boolean,
    "NULL": _null,
    "L": _list,
    "M": _map,
    "SS": _set_of(b"s", _text),
    "NS": _set_of(b"n", _number),
    "BS": _set_of(b"b", _binary),
}

_MALFORMED: Final = (AttributeError, TypeError, ValueError, KeyError, IndexError, RecursionError)


# --- straight-line code for a learnt shape ----------------------------------------------------------------------------


def _write(shape: Shape) -> tuple[str, dict[str, Any]]:
    names: dict[str, Any] = {f"canonical_{tag}": encode for tag, encode in _CANONICAL.items()}
    names |= {"UNSET": msgspec.UNSET, "HEADS": _TEXT_HEADS, "TRUE": _boolean(True), "FALSE": _boolean(False)}
    names |= {"join": b"".join, "text": _text, "value": _value}
    lines = ["def read(v):"]
    _lines(shape, "v", "p", " ", lines, names)
    return "\n".join([*lines, " return join(p)"]), names


def _lines(shape: Shape, struct: str, parts: str, pad: str, lines: list[str], names: dict[str, Any]) -> None:
    """Lines that make a list named ``parts`` of the canonical bytes of the struct named ``struct``."""
    lines.append(f"{pad}{parts} = []")
    for attribute, name, tag, field in sorted(shape.known(), key=lambda known: known[1]):
        key = f"k{len(names)}"
        utf8 = name.encode()
        names[key] = len(utf8).to_bytes(4, "big") + utf8
        at, content = pad, f"{struct}.{attribute}.v"
        if not shape.required(field):
            lines.append(f"{pad}if {struct}.{attribute} is not UNSET:")
            at += " "
        match tag:
            case "":
                lines.append(f"{at}{parts} += ({key}, value({struct}.{attribute}))")
            case "S":
                lines += [f"{at}s = {content}.encode()", f"{at}n = len(s)"]
                lines.append(f"{at}{parts} += ({key}, HEADS[n], s) if n < {_HEADS} else ({key}, text({content}))")
            case "BOOL":
                lines.append(f"{at}{parts} += ({key}, TRUE if {content} else FALSE)")
            case "M" if field.inner is not None and not field.inner.open:
                lines.append(f"{at}v{key} = {content}")
                _lines(field.inner, f"v{key}", f"p{key}", at, lines, names)
                lines += [f"{at}s = join(p{key})", f"{at}{parts} += ({key}, b'M' + len(s).to_bytes(4, 'big'), s)"]
            case _:
                lines.append(f"{at}{parts} += ({key}, canonical_{tag}({content}))")


def _value(tree: dict[str, Any]) -> bytes:
    ((tag, content),) = tree.items()
    return _CANONICAL[tag](content)
