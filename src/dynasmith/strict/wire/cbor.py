"""CBOR (RFC 8949), as far as AWS's protocol rpc-v2-cbor uses it: read a body, change it, write it again."""

import struct
from dataclasses import dataclass
from typing import Any

_BREAK = object()


@dataclass(frozen=True, slots=True)
class TaggedValue:
    """A value with a tag: a time is seconds with tag 1."""

    tag: int
    value: Any


def loads(data: bytes) -> Any:
    """The value; ValueError for what is no CBOR."""
    try:
        return _Reader(data).value()
    except (IndexError, struct.error) as error:
        raise ValueError("the body ends too early for CBOR") from error


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def _take(self, length: int) -> bytes:
        piece = self._data[self._at : self._at + length]
        if len(piece) < length:
            raise IndexError
        self._at += length
        return piece

    def _length(self, short: int) -> int | None:
        """The argument of a head; None where the length is not said before."""
        if short < 24:
            return short
        if short == 31:
            return None
        if short > 27:
            raise ValueError(f"{short} is not a valid length of CBOR")
        return int.from_bytes(self._take(1 << (short - 24)), "big")

    def value(self) -> Any:
        head = self._take(1)[0]
        kind, short = head >> 5, head & 31
        if kind == 7:
            return self._simple(short)
        length = self._length(short)
        if kind in {2, 3}:
            piece = self._take(length) if length is not None else b"".join(self._chunks())
            return piece if kind == 2 else piece.decode()
        if kind == 4:
            return list(self._several(length))
        if kind == 5:
            members = self._several(None if length is None else 2 * length)
            return dict(zip(members[::2], members[1::2], strict=True))
        if length is None:
            raise ValueError("a number of CBOR without its value")
        if kind == 6:
            return TaggedValue(length, self.value())
        return length if kind == 0 else -1 - length

    def _several(self, count: int | None) -> list[Any]:
        if count is not None:
            return [self.value() for _ in range(count)]
        found = []
        while (one := self.value()) is not _BREAK:
            found.append(one)
        return found

    def _chunks(self) -> list[bytes]:
        return [one.encode() if isinstance(one, str) else one for one in self._several(None)]

    def _simple(self, short: int) -> Any:
        match short:
            case 20 | 21:
                return short == 21
            case 22 | 23:
                return None
            case 25:
                return struct.unpack(">e", self._take(2))[0]
            case 26:
                return struct.unpack(">f", self._take(4))[0]
            case 27:
                return struct.unpack(">d", self._take(8))[0]
            case 31:
                return _BREAK
            case _:
                raise ValueError(f"{short} is not a valid simple value of CBOR")


def dumps(value: Any) -> bytes:
    """The bytes of a value; TypeError for one that CBOR does not have here."""
    match value:
        case None:
            return b"\xf6"
        case bool():
            return b"\xf5" if value else b"\xf4"
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case float():
            return b"\xfb" + struct.pack(">d", value)
        case str():
            text = value.encode()
            return _head(3, len(text)) + text
        case bytes():
            return _head(2, len(value)) + value
        case TaggedValue():
            return _head(6, value.tag) + dumps(value.value)
        case list():
            return _head(4, len(value)) + b"".join(map(dumps, value))
        case dict():
            return _head(5, len(value)) + b"".join(dumps(name) + dumps(member) for name, member in value.items())
        case _:
            raise TypeError(f"{type(value).__name__} cannot be written as CBOR here")


def _head(kind: int, number: int) -> bytes:
    if number < 24:
        return bytes([kind << 5 | number])
    for short, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << (8 * size):
            return bytes([kind << 5 | short]) + number.to_bytes(size, "big")
    raise TypeError(f"{number} is too large for CBOR")
