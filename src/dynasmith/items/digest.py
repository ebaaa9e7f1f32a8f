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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

import msgspec

from dynasmith.errors import DataError
from dynasmith.items.canonical import (
    CANONICAL,
    HEADS,
    READY,
    SHORT,
    boolean,
    canonical,
    general,
    known_members,
    known_numbers,
    long_number,
    number,
    text,
)
from dynasmith.items.shape_inference import FIRST, TYPES, ItemShape, ShapeField, ShapeLearner
from dynasmith.items.wire import RawItem

_MODULUS: Final = 1 << 128
_TEXT: Final = re.compile(r"ds1:(0|[1-9][0-9]*):([0-9a-f]{32})", re.ASCII)
_hasher: Final = blake2b(digest_size=16).copy
"""A copy costs less than a new one with the same parameters."""


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
        self._hashed = ShapeLearner(general_hash, _write, CONTENTS, first=first)

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


def _hash(content: bytes) -> bytes:
    hasher = _hasher()
    hasher.update(content)
    return hasher.digest()


def general_hash(raw: RawItem | bytes, tree: Any) -> bytes:
    """The hash of an item, which is ``tree`` when parsed, as 16 bytes. Raises ItemInvalid."""
    return _hash(general(raw, tree))


# --- straight-line code for a learnt shape ----------------------------------------------------------------------------


class _Text(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    v: str = msgspec.field(name="S")


class _Number(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    v: str = msgspec.field(name="N")


#: What the code is for: lists of one kind are lists of values.
CONTENTS: Final[Mapping[str, Any]] = {**TYPES, "LS": list[_Text], "LN": list[_Number]}


def _write(shape: ItemShape) -> tuple[str, dict[str, Any]]:
    lines, names = digest_lines(shape)
    return "\n ".join(["def read(v):", *lines, "return h.digest()"]), names


def digest_lines(shape: ItemShape) -> tuple[list[str], dict[str, Any]]:
    """Lines that leave the digest of ``v`` in the hasher ``h``, and the names that they use."""
    names: dict[str, Any] = {f"canonical_{tag}": encode for tag, encode in CANONICAL.items()}
    names |= {f"H{tag.decode()}": heads for tag, heads in HEADS.items()}
    names |= {"UNSET": msgspec.UNSET, "base64": binascii.a2b_base64, "join": b"".join, "value": _value}
    names |= {
        "hasher": _hasher,
        "known": known_numbers,
        "long": long_number,
        "members": known_members,
        "number": number,
        "text": text,
    }
    lines: list[str] = []
    content = _content(shape, "v", lines, names)
    return [*lines, "h = hasher()", f"h.update({content})"], names


def _content(shape: ItemShape, struct: str, lines: list[str] | None, names: dict[str, Any]) -> str:
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
    field: ShapeField,
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
            parts = f"{key}, known(n) if len(n := {content}) <= {SHORT} or '.' in n else long(n)"
        case "B":
            parts = _headed(key, "B", f"base64({content}, strict_mode=True)")
        case "L" if field.member in ("N", "S"):
            one = "number" if field.member == "N" else "text"
            parts = _headed(key, "L", f"join([{one}(m.v) for m in {content}])")
        case "SS":
            parts = _headed(key, "s", f"join(sorted(set(map(members, {content}))))")
        case "BOOL":
            true, false = (_named(prefix + boolean(each), names) for each in (True, False))
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
    head = f"H{tag}[n] if (n := len(s := {content})) < {READY} else b'{tag}' + n.to_bytes(4, 'big')"
    return f"{key}, {head}, s"


def _named(constant: Any, names: dict[str, Any]) -> str:
    """A name of its own for a constant of the code."""
    name = f"k{len(names)}"
    names[name] = constant
    return name


def _value(tree: dict[str, Any]) -> bytes:
    ((tag, content),) = tree.items()
    return CANONICAL[tag](content)
