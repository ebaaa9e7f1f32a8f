"""Records of an export by the service that are not plain items: Ion, and the changes of an incremental export.

A change stays as it is read: ``{"Keys": {...}, "NewImage": {...}}``, without ``NewImage`` where the item was deleted.
"""

from collections.abc import Callable

import msgspec

from dynasmith.errors import ItemInvalid
from dynasmith.files.items.ion_text import read_ion
from dynasmith.items.key import KeySchema, check_key, key_of
from dynasmith.items.repeated_members import check_members
from dynasmith.items.value import NOT_JSON

_NOTHING = msgspec.Raw(b"")


class _Change(msgspec.Struct, frozen=True):
    keys: msgspec.Raw = msgspec.field(name="Keys")
    new: msgspec.Raw = msgspec.field(name="NewImage", default=_NOTHING)


SERVICE_NOTATIONS = ("ion", "ion-changes", "changes")
"""Notations of data files of the service alone."""

Read = Callable[[bytes], bytes]


def reader_of_service(notation: str, key: KeySchema) -> Read:
    """The function that reads a line of a data file: an item, or a change, checked. Raises ItemInvalid."""
    match notation:
        case "ion":
            return lambda line: _checked(_ion_item(line), key)
        case "ion-changes":
            return lambda line: _change(msgspec.json.encode(_ion_members(line, "Record")), key)
        case "changes":
            return lambda line: _change(line, key)
    raise ValueError(notation)


def _checked(item: bytes, key: KeySchema) -> bytes:
    check_key(item, key)
    return item


def _ion_members(line: bytes, around: str) -> dict[str, object]:
    """The members of a record, with maps in the place of their values; ``around`` is a struct that may be around."""
    try:
        members = read_ion(line.decode())
    except UnicodeDecodeError as error:
        raise ItemInvalid("This is not UTF-8.") from error
    if set(members) == {around} and "M" in members[around]:
        members = members[around]["M"]
    return {name: value.get("M", value) for name, value in members.items()}


def _ion_item(line: bytes) -> bytes:
    members = _ion_members(line, "Record")
    if set(members) != {"Item"}:
        raise ItemInvalid("The record has no member Item alone.")
    return msgspec.json.encode(members["Item"])


def _change(line: bytes, key: KeySchema) -> bytes:
    """A change as it goes to the table. Raises ItemInvalid where its image has another key than it says."""
    try:
        check_members(line)
        change = msgspec.json.decode(line, type=_Change)
        names = set(msgspec.json.decode(change.keys, type=dict[str, msgspec.Raw]))
    except NOT_JSON as error:
        raise ItemInvalid(f"This is not a change of an incremental export: {error}.") from error
    if names != set(key.names):
        raise ItemInvalid(f"Its Keys are {', '.join(sorted(names))}, and the table has the key {', '.join(key.names)}.")
    found = check_key(bytes(change.keys), key)
    if not bytes(change.new):
        return b'{"Keys":%b}' % bytes(change.keys)
    check_key(bytes(change.new), key)
    if key_of(bytes(change.new), key) != found:
        raise ItemInvalid("Its NewImage has another key than its Keys.")
    return b'{"Keys":%b,"NewImage":%b}' % (bytes(change.keys), bytes(change.new))
