"""Plain JSON (``{"age": 42}``) and items: what people write by hand, against DynamoDB JSON (``{"age": {"N": "42"}}``).

Plain JSON knows neither sets nor binary: going out, a set becomes a sorted list and binary its base64 text, so that the
way back gives a list and a string. Numbers stay exact in both directions.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from dynasmith.errors import ItemInvalid
from dynasmith.items.number import exact_number
from dynasmith.items.repeated_members import check_members
from dynasmith.items.value import TAGS, decode_tree, kind_of, malformed
from dynasmith.items.wire import RawItem, decode_item, decode_item_tree, encode_item, encode_item_tree

# A number of plain JSON must not pass through a float on its way.
_decode: Final = msgspec.json.Decoder(float_hook=exact_number).decode
_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


def item_from_plain(text: bytes | str) -> dict[str, Any]:
    """The item in plain Python that a plain JSON object says. Raises ItemInvalid."""
    return checked(_object(text))


def item_from_json(text: bytes | str) -> dict[str, Any]:
    """The item that a JSON object says, DynamoDB JSON or plain, whichever it is (``looks_like_wire``).

    Raises ItemInvalid, also for a member that comes twice.
    """
    check_members(text.encode(errors="replace") if isinstance(text, str) else text)
    document = _object(text)
    return decode_item_tree(document) if looks_like_wire(document) else checked(document)


def plain_from_item(item: Mapping[str, Any]) -> bytes:
    """The item as one line of plain JSON; sets become sorted lists, binary base64 text. Raises ItemInvalid."""
    return _encode({name: _plain(value) for name, value in item.items()})


def plain_from_raw(raw: RawItem | bytes) -> bytes:
    """The same from wire bytes."""
    return plain_from_item(decode_item(raw))


def inexact_kind(value: Any) -> str:
    """What of a Python value plain JSON cannot hold: ``a set``, ``binary``, or empty where it can hold all of it."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, set | frozenset):
            return "a set"
        if isinstance(one, bytes | bytearray | memoryview):
            return "binary"
        if isinstance(one, Mapping):
            waiting += one.values()
        elif isinstance(one, list | tuple):
            waiting += one
    return ""


def raw_from_plain(text: bytes | str) -> RawItem:
    """Wire bytes from a plain JSON object."""
    return msgspec.Raw(encode_item(item_from_plain(text)))


def looks_like_wire(document: Any) -> bool:
    """Whether a parsed JSON object is an item in DynamoDB JSON: every value has one tag, with content that fits it.

    A plain object whose every value happens to be a map such as ``{"S": "x"}`` counts as DynamoDB JSON; an object
    without attributes does not.
    """
    return isinstance(document, dict) and bool(document) and all(map(_is_wire_value, document.values()))


def _is_wire_value(value: Any) -> bool:
    if not (isinstance(value, dict) and len(value) == 1 and next(iter(value)) in TAGS):
        return False
    try:
        decode_tree(value)
    except ItemInvalid:
        return False
    return True


def checked(value: dict[str, Any]) -> dict[str, Any]:
    """The same mapping where DynamoDB can hold each value; floats, which YAML gives, become exact decimals."""
    try:
        clean = {name: _exact(inner) for name, inner in value.items()}
    except RecursionError as cause:
        raise malformed(b"", cause) from cause
    encode_item_tree(clean)
    return clean


def _exact(value: Any) -> Any:
    """A YAML or TOML reader gives floats; their shortest text is what the author wrote."""
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, dict):
        return {name: _exact(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_exact(inner) for inner in value]
    return value


def _object(text: bytes | str) -> dict[str, Any]:
    try:
        document = _decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as cause:
        raise ItemInvalid(f"This is not JSON: {cause}.", hint='an item looks like {"pk": "user#1"}') from cause
    if not isinstance(document, dict):
        raise ItemInvalid("An item is a JSON object, and this is not one.", hint='an item looks like {"pk": "user#1"}')
    return document


def _plain(value: Any) -> Any:
    match kind_of(value):
        case "M":
            return {name: _plain(inner) for name, inner in value.items()}
        case "L":
            return [_plain(inner) for inner in value]
        case "B":
            return bytes(value)
        case "SS" | "NS" | "BS":
            return sorted(value)
        case _:
            return value
