"""One record of a file of JSON as the wire bytes of an item: DynamoDB JSON, plain JSON, or MongoDB's."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal, TypeAlias

import msgspec

from dynasmith.errors import FileFormatError, ItemInvalid
from dynasmith.files.items.foreign import FieldTemplates
from dynasmith.files.items.mongo import extended_names, read_extended
from dynasmith.items.key import KeySchema, sure_key
from dynasmith.items.number import exact_number
from dynasmith.items.plain import item_from_plain, looks_like_wire, raw_from_plain
from dynasmith.items.repeated_members import check_members
from dynasmith.items.size import ITEM_BYTES_MAX, check_item, may_be_deep
from dynasmith.items.value import NOT_JSON, TAGS
from dynasmith.items.wire import decode_item, encode_item
from dynasmith.jobs.file_facts import Notation

Read: TypeAlias = Callable[[bytes], bytes]
"""From a piece to an item on the wire. Raises ItemInvalid for a piece that is none."""

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
_document = msgspec.json.Decoder(float_hook=exact_number).decode
_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


Vote: TypeAlias = Literal["wire", "enveloped", "plain", "mongo", "dead", "changes", "unclear"]
"""What one record looks like. ``changes`` is a record of an incremental export; ``unclear`` is a JSON object that does
not have the table's key, so that it shows nothing about the others."""


def parsed_record(piece: bytes, place: str) -> dict[str, Any]:
    """The JSON object of a record. Raises FileFormatError where it is not one."""
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
    return document


def vote_of(document: Mapping[str, Any], key: KeySchema | None) -> Vote:
    """The notation that one record is in. Values of the ``key`` are scalars, so how they are written decides."""
    values = [document[name] for name in key.names if name in document] if key is not None else []
    keyed = key is not None and len(values) == len(key.names)
    tagged = sum(map(_is_tagged, values)) if keyed else 0
    if tagged:
        return "wire" if tagged == len(values) else "unclear"
    if not keyed:
        if set(document) >= _DEAD and set(document) <= _ENVELOPE and ("Item" in document or "line" in document):
            return "dead"
        if set(document) <= _ENVELOPE and _are_tagged(document.get("Item")):
            return "enveloped"
        if set(document) <= _CHANGES and _are_tagged(document.get("Keys")):
            return "changes"
    if extended_names(document)[0]:
        return "mongo"
    if not keyed and looks_like_wire(document):
        return "wire"
    return "plain" if keyed or key is None else "unclear"


_CHANGES = {"Keys", "NewImage", "OldImage", "Metadata"}
"""What a record of an incremental export has (Developer Guide, "DynamoDB table export output format")."""


def _is_tagged(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in TAGS


def _are_tagged(item: Any) -> bool:
    return isinstance(item, dict) and bool(item) and all(map(_is_tagged, item.values()))


_TRUNCATED = "Input data was truncated"
_HALF_A_PAIR = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])")


def _why(error: Exception, piece: bytes) -> str:
    """What the decoder says, and where it only says that something is missing, what that is."""
    if _TRUNCATED not in str(error):
        return str(error)
    if _HALF_A_PAIR.search(piece):
        return "it holds half a surrogate pair, which is not a character"
    return "it ends inside the item: an item stands on one line, as jq -c writes it"


def reader_of(notation: Notation, renaming: FieldTemplates, *, declared: bool = True) -> Read:
    """The function that reads pieces of this notation and rewrites names and ids as ``renaming`` says.

    Where the notation is not ``declared`` but was decided from a sample, a record that shows that it is another one
    raises ItemInvalid, instead of becoming another item.
    """
    match notation:
        case "mongo":
            return lambda piece: read_extended(piece, renaming)
        case "plain":
            read = _read_plain
            if renaming.templates:
                read = partial(_read_renamed, renaming)
            return read if declared else partial(_read_unless_extended, read)
        case "enveloped":
            return _renamed(_read_enveloped, renaming)
        case "wire":
            return _renamed(_read_wire, renaming)
        case "dynamodb":
            return _renamed(_read_dynamodb, renaming)
        case "dead":
            return lambda piece: _read_dead(piece, renaming)


def _renamed(read: Read, renaming: FieldTemplates) -> Read:
    return (lambda piece: renamed_wire(read(piece), renaming)) if renaming.templates else read


def renamed_wire(wire: bytes, renaming: FieldTemplates) -> bytes:
    """An item on the wire with its names and ids rewritten. Raises ItemInvalid."""
    return plain_item(renaming(decode_item(wire)))


def _read_renamed(renaming: FieldTemplates, piece: bytes) -> bytes:
    return plain_item(renaming(item_from_plain(piece)))


def _read_unless_extended(read: Read, piece: bytes) -> bytes:
    """A plain item, unless it has a type that only MongoDB writes."""
    if b'"$' in piece or b'"\\u' in piece:
        sure, _ = extended_names(_decoded(piece))
        if sure:
            raise ItemInvalid(
                f"The record has MongoDB's {', '.join(sorted(sure))}, and the file began with plain JSON.",
                hint="--format mongo, or --format plain to keep it as a map",
            )
    return read(piece)


def _decoded(piece: bytes) -> Any:
    try:
        return _document(piece)
    except NOT_JSON:
        return None  # the reader says what it is


def _read_dynamodb(piece: bytes) -> bytes:
    try:
        enveloped = (
            "Item" in (members := _object(piece))
            and set(members) <= _ENVELOPE
            and _are_tagged(_decoded(bytes(members["Item"])))
        )
    except NOT_JSON:
        enveloped = False
    return _read_enveloped(piece) if enveloped else _read_wire(piece)


_HEAD, _TAIL = b'{"Item":', b"}"


def sure_reader_of(notation: Notation, key: KeySchema) -> Callable[[bytes], bytes | None] | None:
    """A function that gives the item of a piece where one look says that it is one, with its key; else None.

    Where it gives None, the reader of the notation and ``check_key`` decide; where it gives an item, they would have
    given the same one. None instead of the function where the notation has no such way.
    """

    def wire(piece: bytes) -> bytes | None:
        if len(piece) > ITEM_BYTES_MAX or may_be_deep(piece) or not is_utf8(piece):
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


def _read_dead(piece: bytes, renaming: FieldTemplates) -> bytes:
    """The item of a dead letter, in whichever notation it was when it was rejected."""
    try:
        found = _dead_line(piece)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ItemInvalid(f"This is not a dead letter ({error}).", hint="one line each, as it was written") from error
    inner = bytes(found.item) or found.line.encode()
    check_members(inner)
    try:
        vote = vote_of(parsed_record(inner, "line"), None)
    except FileFormatError as error:
        raise ItemInvalid(
            "The member line is not an item in JSON.", hint="correct it there, or put the item under Item"
        ) from error
    if vote == "wire":  # it was an item already, with its names rewritten
        return _read_wire(inner)
    return reader_of("mongo" if vote == "mongo" else "plain", renaming)(inner)


def _read_plain(piece: bytes) -> bytes:
    try:
        wire = bytes(raw_from_plain(piece))
    except ItemInvalid as error:
        if _TRUNCATED not in error.message:
            raise
        raise ItemInvalid(f"This is not JSON ({_why(error, piece)}).", hint=error.hint) from error
    if len(wire) > ITEM_BYTES_MAX or may_be_deep(wire):
        check_item(wire)
    return wire


def _read_enveloped(piece: bytes) -> bytes:
    try:
        inner = _envelope(piece).item
    except (msgspec.DecodeError, RecursionError) as error:
        raise ItemInvalid(
            f"This is not an item in an envelope ({_why(error, piece)}).", hint='{"Item": {...}}'
        ) from error
    return checked_wire(bytes(inner))


def _read_wire(piece: bytes) -> bytes:
    return checked_wire(piece)


def checked_wire(wire: bytes) -> bytes:
    """The item, if it is a JSON object and no larger than DynamoDB holds.

    The wire is never shorter than the item's size, so only a long or deep one is measured. What else may be wrong with
    it (a number, a set) the service says.
    """
    try:
        _object(wire)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ItemInvalid(f"This is not an item in DynamoDB JSON ({_why(error, wire)}).") from error
    if len(wire) > ITEM_BYTES_MAX or may_be_deep(wire):
        check_item(wire)
    return wire


def plain_item(item: Mapping[str, Any]) -> bytes:
    """The wire bytes of an item in plain Python, checked like a piece of a file. Raises ItemInvalid."""
    return checked_wire(encode_item(item))
