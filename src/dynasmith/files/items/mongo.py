"""Documents of MongoDB as items: Extended JSON, as ``mongoexport`` and the driver write it."""

import base64
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from dynasmith.errors import ItemInvalid
from dynasmith.files.items.foreign import FieldTemplates, value_of
from dynasmith.items.number import exact_number
from dynasmith.items.size import check_item
from dynasmith.items.wire import encode_item

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def from_extended(value: Any) -> Any:
    """A value of MongoDB's Extended JSON (canonical, relaxed or as ``mongoexport`` writes it), as plain Python.

    Source: MongoDB manual, "MongoDB Extended JSON (v2)".
    """
    if isinstance(value, list):
        return [from_extended(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if len(value) <= 2 and any(name.startswith("$") for name in value):
        return _typed(value)
    return {name: from_extended(inner) for name, inner in value.items()}


def _typed(value: Mapping[str, Any]) -> Any:
    """The value of one type. A form is taken whole or not at all, so that no member of it is lost."""
    try:
        found = _scalar(value) if len(value) == 1 else _pair(value)
    except (ValueError, ArithmeticError) as error:
        raise ItemInvalid(f"{', '.join(value)} has a value that MongoDB does not write ({error}).") from error
    if found is _NO_FORM:
        raise ItemInvalid(f"{', '.join(value)} is a type of MongoDB that has no form in DynamoDB.")
    return found


_NO_FORM: Final = object()


def _scalar(value: Mapping[str, Any]) -> Any:
    match value:
        case {"$oid": str(text)} | {"$uuid": str(text)} | {"$symbol": str(text)} | {"$code": str(text)}:
            return text
        case {"$date": {"$numberLong": str(text), **rest}} if not rest:
            return EPOCH + timedelta(milliseconds=_whole(text))
        case {"$date": int(number)} if not isinstance(number, bool):
            return EPOCH + timedelta(milliseconds=number)
        case {"$date": str(text)}:
            return _moment(text)
        case {"$numberInt": str(text)} | {"$numberLong": str(text)}:
            return _whole(text)
        case {"$numberDecimal": str(text)} | {"$numberDouble": str(text)}:
            return _decimal(text)
        case {"$binary": {"base64": str(text), **rest}} if rest.keys() <= {"subType"}:
            return base64.b64decode(text, validate=True)
        case {"$binary": str(text)}:
            return base64.b64decode(text, validate=True)
        case {"$timestamp": {"t": int(seconds), "i": int(place), **rest}} if not rest:
            # Both members unless it is the first of its second: two of one second are two values.
            return EPOCH + timedelta(seconds=seconds) if place == 1 else {"t": seconds, "i": place}
        case {"$undefined": True}:
            return None
        case {"$regularExpression": {"pattern": str(text), "options": "", **rest}} if not rest:
            return text
        case {"$regex": str(text)}:
            return text
    return _NO_FORM


def _pair(value: Mapping[str, Any]) -> Any:
    match value:
        case {"$binary": str(text), "$type": str()}:
            return base64.b64decode(text, validate=True)
        case {"$regex": str(text), "$options": ""}:
            return text
    return _NO_FORM


_WHOLE: Final = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_MORE_THAN_MICROSECONDS: Final = re.compile(r"\.[0-9]{6}[0-9]*[1-9]")


def _whole(text: str) -> int:
    if _WHOLE.fullmatch(text) is None:
        raise ValueError(f"{text[:40]!r} is not a whole number")
    return int(text)


def _decimal(text: str) -> Decimal:
    if "_" in text or text.strip() != text:
        raise ValueError(f"{text[:40]!r} is not a number")
    return Decimal(text)


def _moment(text: str) -> datetime:
    if _MORE_THAN_MICROSECONDS.search(text):
        raise ValueError(f"{text[:40]!r} is more precise than a microsecond")
    return datetime.fromisoformat(text)


_SURE_FORMS: Final = frozenset(
    map(frozenset, (["$oid"], ["$uuid"], ["$date"], ["$numberInt"], ["$numberLong"], ["$numberDouble"],
                    ["$numberDecimal"], ["$binary"], ["$binary", "$type"], ["$timestamp"]))
)  # fmt: skip
_OTHER_FORMS: Final = frozenset(
    map(frozenset, (["$symbol"], ["$code"], ["$code", "$scope"], ["$undefined"], ["$regularExpression"], ["$regex"],
                    ["$regex", "$options"], ["$minKey"], ["$maxKey"], ["$dbPointer"], ["$ref", "$id"],
                    ["$ref", "$id", "$db"]))
)  # fmt: skip
"""Forms of Extended JSON that other documents have too (a regular expression, a reference): they decide nothing."""


def extended_names(document: Any) -> tuple[set[str], set[str]]:
    """The names that begin with ``$`` in the values of a parsed document: those of MongoDB's types, and others.

    A document with one of the first is what MongoDB wrote; one with one of the others only is not.
    """
    sure: set[str] = set()
    other: set[str] = set()
    waiting = list(document.values()) if isinstance(document, dict) else []
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            if any(name.startswith("$") for name in one):
                names = frozenset(one)
                if names in _SURE_FORMS:
                    sure |= names
                elif names not in _OTHER_FORMS:
                    other |= {name for name in one if name.startswith("$")}
            waiting += one.values()
    return sure, other


_document = msgspec.json.Decoder(float_hook=exact_number).decode


def read_extended(piece: bytes, renaming: FieldTemplates) -> bytes:
    """One document of a ``mongoexport`` file as an item on the wire. Raises ItemInvalid."""
    try:
        document = _document(piece)
        if not isinstance(document, dict):
            raise ItemInvalid("This is JSON, but not a document.")
        return item_from({name: from_extended(value) for name, value in document.items()}, renaming)
    except RecursionError as error:
        raise ItemInvalid("The document is nested too deeply: DynamoDB holds at most 32 levels.") from error
    except (msgspec.DecodeError, ValueError, ArithmeticError) as error:
        raise ItemInvalid(f"This is not a document of MongoDB ({error}).") from error


def item_from(document: Mapping[str, Any], renaming: FieldTemplates) -> bytes:
    """A document as an item on the wire, checked. Raises ItemInvalid."""
    wire = encode_item(renaming({name: value_of(value) for name, value in document.items()}))
    check_item(wire)
    return wire
