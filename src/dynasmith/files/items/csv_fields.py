"""What the fields of a CSV file are, and an item from the cells of one record.

A title is the attribute's name, or ``name:TYPE``. Nothing is trimmed: a space belongs to the name or the value.
"""

import binascii
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from dynasmith.errors import FileFormatError, ItemInvalid
from dynasmith.files.items.notation import checked_wire
from dynasmith.items.number import number_fault
from dynasmith.items.plain import looks_like_wire
from dynasmith.items.repeated_members import check_members
from dynasmith.items.value import NOT_JSON
from dynasmith.jobs.file_facts import Field

CSV_TYPES = ("S", "N", "BOOL", "B", "NULL", "JSON")
"""What a CSV field may be declared as, ``name:TYPE``; JSON is DynamoDB JSON in the cell, for everything else."""


def fields_of(
    header: Sequence[str],
    sample: Sequence[Sequence[str]],
    types: Mapping[str, str],
    key: Mapping[str, str],
    path: str,
) -> tuple[Field, ...]:
    """The fields of a CSV file: those of the ``key``, declared in ``types`` or its header (``age:N``), else inferred.

    Inferred are N (every value a number without leading zeros), BOOL (true, false) and S. A key attribute has the type
    of the table's key, except where the header declares JSON. Raises FileFormatError.
    """
    fields = []
    for number, title in enumerate(header):
        name, declared = _title(title, key)
        if not name:
            raise FileFormatError(f"{path}:1: field {number + 1} has no name.", hint="the first line names attributes")
        values = [line[number] for line in sample if number < len(line) and line[number] != ""]
        if name in key and "JSON" not in (declared, types.get(name)):
            fields.append(Field(name, key[name], "key"))
        elif found := types.get(name) or declared:
            fields.append(Field(name, found, "declared"))
        else:
            fields.append(Field(name, _inferred(values), "inferred"))
    names = [field.name for field in fields]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise FileFormatError(
            f"{path}:1: two fields are named {', '.join(twice)}.", hint="give each field a name of its own"
        )
    return tuple(fields)


def _title(title: str, key: Mapping[str, str]) -> tuple[str, str]:
    """The name and the declared type of a title; a whole title that is a name of the key is that name."""
    name, _, declared = title.rpartition(":")
    if not name or declared not in CSV_TYPES or (title in key and name not in key):
        return title, ""
    return name, declared


_PLAIN_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)


def _inferred(values: Sequence[str]) -> str:
    if values and all(_PLAIN_NUMBER.fullmatch(value) and not number_fault(value) for value in values):
        return "N"
    if values and all(value in ("true", "false") for value in values):
        return "BOOL"
    return "S"


def item_of(cells: Sequence[str], fields: Sequence[Field]) -> bytes:
    """The item of one record; an empty cell is an attribute that is absent. Raises ItemInvalid, naming the field."""
    if len(cells) != len(fields):
        raise ItemInvalid(f"The record has {len(cells)} values, and the header names {len(fields)}.")
    parts = []
    for field, cell in zip(fields, cells, strict=True):
        if cell == "":
            continue
        parts.append(msgspec.json.encode(field.name) + b":" + _cell(field, cell))
    return checked_wire(b"{" + b",".join(parts) + b"}")


def _cell(field: Field, cell: str) -> bytes:
    match field.type:
        case "N":
            fault = number_fault(cell.strip())
            if fault:
                raise ItemInvalid(f"Field {field.name} is N, but {cell[:40]!r} is not a number: {fault}.")
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
        check_members(cell.encode())
    except NOT_JSON as error:
        raise ItemInvalid(f"Field {field.name} is JSON (DynamoDB JSON), but {cell[:40]!r} is not JSON.") from error
    if not looks_like_wire({"value": value}):
        raise ItemInvalid(f"Field {field.name} is JSON (DynamoDB JSON), but {cell[:40]!r} has no type tag.")
    return cell.encode()
