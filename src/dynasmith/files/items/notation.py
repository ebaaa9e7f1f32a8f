"""One piece of a file, as the wire bytes of an item: DynamoDB JSON, plain JSON, or a line of CSV."""

import binascii
import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, TypeAlias

import msgspec

from dynasmith.errors import FileFormatError, ItemInvalid
from dynasmith.files.items.foreign import Renaming
from dynasmith.files.items.mongo import is_extended, read_extended
from dynasmith.items.key import KeySchema, sure_key
from dynasmith.items.number import number_fault
from dynasmith.items.plain import item_from_plain, looks_like_wire, raw_from_plain
from dynasmith.items.size import ITEM_BYTES_MAX, check_item
from dynasmith.items.wire import encode_item

Notation: TypeAlias = Literal["wire", "enveloped", "plain", "mongo", "dead"]
"""``wire``: ``{"pk":{"S":"a"}}``. ``enveloped``: ``{"Item":{"pk":{"S":"a"}}}``, the service's exports and ours.
``plain``: ``{"pk":"a"}``. ``mongo``: ``{"_id":{"$oid":"..."}}``, what ``mongoexport`` writes. ``dead``: a dead-letter
file of ours, where what was rejected before it became an item stands as it was written, under ``Item`` or ``line``."""

Read: TypeAlias = Callable[[bytes], bytes]
"""From a piece to an item on the wire. Raises ItemInvalid for a piece that is none."""

CSV_TYPES = ("S", "N", "BOOL", "B", "NULL", "JSON")
"""What a CSV field may be declared as, ``name:TYPE``; JSON is DynamoDB JSON in the cell, for everything else."""


_ENVELOPE = {"Item", "code", "reason", "line", "place", "segment", "page"}
"""What may stand beside an item in its envelope: a dead-letter file says why it is there."""


_DEAD = {"code", "reason", "segment"}
"""What each line of a dead-letter file has."""


class _Enveloped(msgspec.Struct):
    item: msgspec.Raw = msgspec.field(name="Item")


class _DeadLine(msgspec.Struct):
    item: msgspec.Raw = msgspec.field(name="Item", default=msgspec.Raw(b""))
    line: str = ""


_dead_line = msgspec.json.Decoder(_DeadLine).decode
_envelope = msgspec.json.Decoder(_Enveloped).decode
_document = msgspec.json.Decoder(float_hook=Decimal).decode
_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def notation_of(piece: bytes, place: str) -> Notation:
    """The notation of a file, judged by its first piece. Raises FileFormatError where it is no JSON object."""
    try:
        document = _document(piece)
    except UnicodeDecodeError as error:
        raise FileFormatError(
            f"{place}: this is not UTF-8.", hint="iconv -f LATIN1 -t UTF-8, if it is Latin-1"
        ) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise FileFormatError(
            f"{place}: this is not JSON ({_why(error, piece)}).",
            hint='one item a line, an array of items, or {"Items": [...]}',
        ) from error
    if not isinstance(document, dict):
        raise FileFormatError(f"{place}: this is JSON, but not an item.", hint='an item looks like {"pk": "a"}')
    if set(document) >= _DEAD and set(document) <= _ENVELOPE and ("Item" in document or "line" in document):
        return "dead"
    if set(document) <= _ENVELOPE and looks_like_wire(document.get("Item")):
        return "enveloped"
    if "NewImage" in document or "Keys" in document:
        raise FileFormatError(
            f"{place}: this is an incremental export (it has Keys and NewImage), which holds changes, not items.",
            hint="export the whole table, or populate from a full export first",
        )
    if is_extended(document):
        return "mongo"
    return "wire" if looks_like_wire(document) else "plain"


_TRUNCATED = "Input data was truncated"
_HALF_A_PAIR = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])")


def _why(error: Exception, piece: bytes) -> str:
    """What the decoder says, and where it only says that something is missing, what that is."""
    if _TRUNCATED not in str(error):
        return str(error)
    if _HALF_A_PAIR.search(piece):
        return "it holds half a surrogate pair, which is no character"
    return "it ends inside the item: an item stands on one line, as jq -c writes it"


def reader_of(notation: Notation, renaming: Renaming) -> Read:
    """The function that reads pieces of this notation; ``renaming`` is for plain JSON and MongoDB's."""
    match notation:
        case "mongo":
            return lambda piece: read_extended(piece, renaming)
        case "plain":
            if renaming.templates:
                return lambda piece: plain_item(renaming(item_from_plain(piece)))
            return _read_plain
        case "enveloped":
            return _read_enveloped
        case "wire":
            return _read_wire
        case "dead":
            return lambda piece: _read_dead(piece, renaming)


_HEAD, _TAIL = b'{"Item":', b"}"


def sure_reader_of(notation: Notation, key: KeySchema) -> Callable[[bytes], bytes | None] | None:
    """A function that gives the item of a piece where one look says that it is one, with its key; else None.

    Where it gives None, the reader of the notation and ``check_key`` decide; where it gives an item, they would have
    given the same one. None instead of the function where the notation has no such way.
    """

    def wire(piece: bytes) -> bytes | None:
        if len(piece) > ITEM_BYTES_MAX or not is_utf8(piece):
            return None
        return None if sure_key(piece, key) is None else piece

    def enveloped(piece: bytes) -> bytes | None:
        if not (piece.startswith(_HEAD) and piece.endswith(_TAIL)):
            return None
        # What stands between is one JSON object, or nothing is given: so it is all that the envelope holds.
        return wire(piece[len(_HEAD) : -len(_TAIL)].strip(b" \t\r\n"))

    return {"wire": wire, "enveloped": enveloped}.get(notation)


def is_utf8(piece: bytes) -> bool:
    """Whether it is text. A decoder of JSON looks at no string that it passes over."""
    if piece.isascii():
        return True
    try:
        piece.decode()
    except UnicodeDecodeError:
        return False
    return True


def _read_dead(piece: bytes, renaming: Renaming) -> bytes:
    """The item of a dead letter, in whichever notation it was when it was rejected."""
    try:
        found = _dead_line(piece)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ItemInvalid(f"This is no dead letter ({error}).", hint="one line each, as it was written") from error
    inner = bytes(found.item) or found.line.encode()
    try:
        notation = notation_of(inner, "line")
    except FileFormatError as error:
        raise ItemInvalid(
            "What stands under line is no item in JSON.", hint="mend it there, or put the item under Item"
        ) from error
    return reader_of("plain" if notation in ("dead", "enveloped") else notation, renaming)(inner)


def _read_plain(piece: bytes) -> bytes:
    try:
        wire = bytes(raw_from_plain(piece))
    except ItemInvalid as error:
        if _TRUNCATED not in error.message:
            raise
        raise ItemInvalid(f"This is not JSON ({_why(error, piece)}).", hint=error.hint) from error
    if len(wire) > ITEM_BYTES_MAX:
        check_item(wire)
    return wire


def _read_enveloped(piece: bytes) -> bytes:
    try:
        inner = _envelope(piece).item
    except (msgspec.DecodeError, RecursionError) as error:
        raise ItemInvalid(
            f"This is not an item in an envelope ({_why(error, piece)}).", hint='{"Item": {...}}'
        ) from error
    return _checked(bytes(inner))


def _read_wire(piece: bytes) -> bytes:
    return _checked(piece)


def _checked(wire: bytes) -> bytes:
    """The item, if it is a JSON object and no larger than DynamoDB holds.

    The wire is never shorter than the item's size, so only a long one is measured. What else may be wrong with it
    (a number, a set) the service says.
    """
    try:
        _object(wire)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ItemInvalid(f"This is not an item in DynamoDB JSON ({_why(error, wire)}).") from error
    if len(wire) > ITEM_BYTES_MAX:
        check_item(wire)
    return wire


# --- CSV --------------------------------------------------------------------------------------------------------------


class Field(msgspec.Struct, frozen=True):
    """One field: the attribute, its type, and where the type is from."""

    name: str
    type: str
    how: Literal["key", "declared", "inferred"] = "declared"


def cells(piece: bytes, path: str, line: int) -> list[str]:
    """The cells of one piece. Raises FileFormatError where it is not UTF-8 or no CSV."""
    limit = csv.field_size_limit()
    try:
        if len(piece) > limit:
            csv.field_size_limit(len(piece))
        # Not splitlines(): it would end a line at a vertical tab or a Unicode separator inside a value.
        return next(iter(csv.reader(io.StringIO(piece.decode("utf-8"), newline=""), strict=True)))
    except UnicodeDecodeError as error:
        raise FileFormatError(
            f"{path}:{line}: this is no line of CSV in UTF-8.", hint="iconv -f LATIN1 -t UTF-8, if it is Latin-1"
        ) from error
    except csv.Error as error:
        raise FileFormatError(f"{path}:{line}: this is no line of CSV ({error}).") from error
    finally:
        csv.field_size_limit(limit)


def fields_of(
    header: Sequence[str],
    sample: Sequence[Sequence[str]],
    types: Mapping[str, str],
    key: Mapping[str, str],
    path: str,
) -> tuple[Field, ...]:
    """The fields of a CSV file: those of the ``key``, declared in ``types`` or its header (``age:N``), else inferred.

    Inferred are N (every value a number without leading zeros), BOOL (true, false) and S. Raises FileFormatError.
    """
    fields = []
    for number, title in enumerate(header):
        name, _, declared = title.strip().rpartition(":")
        if not name or declared not in CSV_TYPES:
            name, declared = title.strip(), ""
        declared = key.get(name) or types.get(name, declared)
        if not name:
            raise FileFormatError(f"{path}:1: field {number + 1} has no name.", hint="the first line names attributes")
        values = [line[number] for line in sample if number < len(line) and line[number] != ""]
        how: Literal["key", "declared", "inferred"] = "key" if name in key else "declared" if declared else "inferred"
        fields.append(Field(name, declared or _inferred(values), how))
    names = [field.name for field in fields]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise FileFormatError(f"{path}:1: two fields are named {', '.join(twice)}.")
    return tuple(fields)


_PLAIN_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)


def _inferred(values: Sequence[str]) -> str:
    if values and all(_PLAIN_NUMBER.fullmatch(value) and not number_fault(value) for value in values):
        return "N"
    if values and all(value in ("true", "false") for value in values):
        return "BOOL"
    return "S"


def item_of(line: Sequence[str], fields: Sequence[Field]) -> bytes:
    """The item of one line; an empty cell is an attribute that is absent. Raises ItemInvalid, naming the field."""
    if len(line) != len(fields):
        raise ItemInvalid(f"The line has {len(line)} values, and the header names {len(fields)}.")
    parts = []
    for field, cell in zip(fields, line, strict=True):
        if cell == "":
            continue
        parts.append(msgspec.json.encode(field.name) + b":" + _cell(field, cell))
    return _checked(b"{" + b",".join(parts) + b"}")


def _cell(field: Field, cell: str) -> bytes:
    match field.type:
        case "N":
            fault = number_fault(cell.strip())
            if fault:
                raise ItemInvalid(f"Field {field.name} is N, but {cell[:40]!r} is no number: {fault}.")
            return b'{"N":%b}' % msgspec.json.encode(cell.strip())
        case "BOOL":
            if cell.lower() not in ("true", "false"):
                raise ItemInvalid(f"Field {field.name} is BOOL, but {cell[:40]!r} is neither true nor false.")
            return b'{"BOOL":%b}' % cell.lower().encode()
        case "NULL":
            if cell.lower() not in ("null", "true"):
                raise ItemInvalid(f"Field {field.name} is NULL, but {cell[:40]!r} is a value.")
            return b'{"NULL":true}'
        case "B":
            return b'{"B":"%b"}' % _base64(field, cell)
        case "JSON":
            return _json_cell(field, cell)
        case kind:
            return b'{"%b":%b}' % (kind.encode(), msgspec.json.encode(cell))


def _base64(field: Field, cell: str) -> bytes:
    try:
        binascii.a2b_base64(cell, strict_mode=True)
        return cell.encode("ascii")
    except ValueError as error:
        raise ItemInvalid(f"Field {field.name} is B (base64), but {cell[:40]!r} is not: {error}.") from error


def _json_cell(field: Field, cell: str) -> bytes:
    try:
        value: Any = msgspec.json.decode(cell)
    except msgspec.DecodeError as error:
        raise ItemInvalid(f"Field {field.name} is JSON (DynamoDB JSON), but {cell[:40]!r} is not JSON.") from error
    if not looks_like_wire({"value": value}):
        raise ItemInvalid(f"Field {field.name} is JSON (DynamoDB JSON), but {cell[:40]!r} has no type tag.")
    return cell.encode()


def plain_item(item: Mapping[str, Any]) -> bytes:
    """The wire bytes of an item in plain Python, checked like a piece of a file. Raises ItemInvalid."""
    return _checked(encode_item(item))
