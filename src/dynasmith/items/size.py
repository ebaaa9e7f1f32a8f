"""How big an item is to DynamoDB, and what writing or reading it costs.

Source: Developer Guide, "DynamoDB item sizes and formats": names and strings count their UTF-8 bytes; binary its
bytes; null and Boolean 1; a number "1 byte per two significant digits, plus 1"; a list or map 3, plus 1 for each
element; a set the sum of its members. The guide calls the number's size approximate. Digits are counted here in pairs
aligned to the decimal point, plus 1 for a minus sign, as engines that were measured against the service do.
"""

import binascii
import re
from collections.abc import Callable
from typing import Any, Final

import msgspec

from dynasmith.errors import ItemInvalid
from dynasmith.items.number import number_fault, number_parts
from dynasmith.items.value import malformed
from dynasmith.items.wire import RawItem
from dynasmith.limits import ITEM_MAX_BYTES, NESTING_MAX_LEVELS, NUMBER_MAX_DIGITS, READ_UNIT_BYTES, WRITE_UNIT_BYTES

#: 400 KB, attribute names included.
ITEM_BYTES_MAX: Final = ITEM_MAX_BYTES

_decode_json: Final = msgspec.json.Decoder().decode


def item_bytes(raw: RawItem | bytes) -> int:
    """The size of an item in bytes, attribute names included. About 8 us an item of 12 attributes. Raises ItemInvalid.

    The wire is never shorter than this, so ``len(bytes(raw))`` is a free upper bound.
    """
    try:
        return _item_bytes(_decode_json(raw))
    except ItemInvalid:
        raise
    except _MALFORMED as cause:
        raise malformed(raw, cause) from cause


def write_units(size_bytes: int, *, transactional: bool = False) -> int:
    """Write units for one item of this size: one for each 1 KB begun, at least one, double in a transaction.

    An update is charged on the larger of the item before and after; each index that the item is in is charged again.
    """
    return max(1, -(-size_bytes // WRITE_UNIT_BYTES)) * (2 if transactional else 1)


def read_units(size_bytes: int, *, consistent: bool = False) -> float:
    """Read units for one item, or for a page of a Scan by the sum of its sizes: 4 KB each, half if eventual."""
    return max(1, -(-size_bytes // READ_UNIT_BYTES)) * (1.0 if consistent else 0.5)


def may_be_deep(wire: bytes) -> bool:
    """Whether an item may be nested too deeply, seen at a glance; ``check_item`` then decides. About 0.1 us."""
    return wire.count(b'"M"') + wire.count(b'"L"') > NESTING_MAX_LEVELS


def check_item(raw: RawItem | bytes) -> int:
    """The size of an item after the rules that no key decides: 400 KB, 32 levels, numbers, sets. Raises ItemInvalid.

    Which item it was is for the caller to say: this knows no key.
    """
    try:
        tree = _decode_json(raw)
        for name, value in tree.items():
            if not name:
                raise ItemInvalid("An attribute has an empty name.")
            if "S" not in value:
                _check_value(name, value, 1)
        size = _item_bytes(tree)
    except ItemInvalid:
        raise
    except _MALFORMED as cause:
        raise malformed(raw, cause) from cause
    if size > ITEM_BYTES_MAX:
        raise ItemInvalid(
            f"An item has {size:,} bytes, and DynamoDB holds at most {ITEM_BYTES_MAX:,}.",
            hint="names count too; keep large values in S3 and their address in the item",
        )
    return size


def number_bytes(text: str) -> int:
    """The size of a number, from 1 (zero) to 21 bytes. Raises ItemInvalid where the text is not a valid number."""
    parts = number_parts(text)
    if parts is None:
        raise ItemInvalid(f"{text[:60]!r} is not a valid number.")
    negative, digits, exponent = parts
    if digits == "0":
        return 1
    # Pairs stand on even powers of ten, so an odd end on either side opens one more pair.
    low, high = exponent // 2, (exponent + len(digits) - 1) // 2
    return min(21, high - low + 2 + negative)


def _item_bytes(tree: dict[str, Any]) -> int:
    return sum([_text_bytes(name) + _value_bytes(value) for name, value in tree.items()])


def _value_bytes(value: dict[str, Any]) -> int:
    ((tag, content),) = value.items()
    return _SIZES[tag](content)


def _text_bytes(content: str) -> int:
    return len(content) if content.isascii() else len(content.encode())


def _number_bytes(content: str) -> int:
    # A plain integer without a zero at its end is what most numbers are.
    if content.isdigit() and content.isascii() and content[0] != "0" and content[-1] != "0":
        return min(21, (len(content) - 1) // 2 + 2)
    return number_bytes(content)


def _binary_bytes(content: str) -> int:
    return len(binascii.a2b_base64(content, strict_mode=True))


def _one_byte(_: bool) -> int:
    return 1


def _map_bytes(content: dict[str, Any]) -> int:
    return 3 + sum([1 + _text_bytes(name) + _value_bytes(inner) for name, inner in content.items()])


def _list_bytes(content: list[Any]) -> int:
    return 3 + sum([1 + _value_bytes(inner) for inner in content])


_SIZES: Final[dict[str, Callable[[Any], int]]] = {
    "S": _text_bytes,
    "N": _number_bytes,
    "B": _binary_bytes,
    "BOOL": _one_byte,
    "NULL": _one_byte,
    "M": _map_bytes,
    "L": _list_bytes,
    "SS": lambda content: sum(map(_text_bytes, content)),
    "NS": lambda content: sum(map(_number_bytes, content)),
    "BS": lambda content: sum(map(_binary_bytes, content)),
}


def _check_value(path: str, value: dict[str, Any], depth: int) -> None:
    ((tag, content),) = value.items()
    if depth > NESTING_MAX_LEVELS:
        raise ItemInvalid(
            f"Attribute {re.split('[.[]', path, maxsplit=1)[0]} is nested deeper than {NESTING_MAX_LEVELS} levels."
        )
    match tag:
        case "N":
            # Up to 38 digits and nothing else cannot break a rule.
            if not (len(content) <= NUMBER_MAX_DIGITS and content.isascii() and content.isdigit()):
                _check_number(path, content)
        case "M":
            for name, inner in content.items():
                _check_value(f"{path}.{name}", inner, depth + 1)
        case "L":
            for place, inner in enumerate(content):
                _check_value(f"{path}[{place}]", inner, depth + 1)
        case "SS" | "NS" | "BS":
            _check_set(path, tag, content)
        case "NULL" if content is not True:
            raise ItemInvalid(f"Attribute {path} is NULL with a value that is not true.")
        case "BOOL" if type(content) is not bool:
            raise ItemInvalid(f"Attribute {path} is BOOL with a value that is neither true nor false.")


def _check_number(path: str, text: str) -> None:
    fault = number_fault(text)
    if fault:
        raise ItemInvalid(f"Attribute {path} holds the number {text[:60]}: {fault}.")


def _check_set(path: str, tag: str, members: list[str]) -> None:
    if not members:
        raise ItemInvalid(f"Attribute {path} is an empty set.", hint="leave the attribute out instead")
    if tag == "NS":
        for member in members:
            _check_number(path, member)
    seen = {number_parts(member) for member in members} if tag == "NS" else set(members)
    if len(seen) < len(members):
        raise ItemInvalid(f"Attribute {path} is a set that holds a member twice.")


_MALFORMED: Final = (msgspec.DecodeError, AttributeError, TypeError, ValueError, KeyError, RecursionError)
