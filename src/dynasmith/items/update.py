"""A ``Rewrite`` as the service writes it: an UpdateItem, or a PartiQL statement of which 25 fit one call.

Both write only what changed, only while everything that the transform read is unchanged, and never bring a deleted item
back. Values stay wire bytes: what was read is compared as it was read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from dynasmith.items.key import KeySchema
from dynasmith.items.transform import Rewrite
from dynasmith.items.wire import attributes

#: API Reference, BatchExecuteStatement, Statement: at most 8,192 characters.
STATEMENT_MAX_CHARACTERS: Final = 8192
#: Conditions on larger values go by UpdateItem: the statement's road refuses them.
CONDITION_MAX_BYTES: Final = 8192
_NULL: Final = {"NULL": True}
_decode: Final = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class Update:
    """The parts of an UpdateItem: its key and its values are wire bytes."""

    key: bytes
    expression: str
    condition: str
    names: Mapping[str, str]
    values: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Statement:
    """A PartiQL statement and its parameters as wire bytes, in the order of its question marks."""

    text: str
    parameters: tuple[bytes, ...]


def update_of(rewrite: Rewrite, schema: KeySchema) -> Update:
    """The UpdateItem of a rewrite. It can say every rewrite."""
    placeholders: dict[str, str] = {}
    values: dict[str, bytes] = {}

    def name(attribute: str) -> str:
        return placeholders.setdefault(attribute, f"#n{len(placeholders)}")

    def value(wire: bytes) -> str:
        placeholder = f":v{len(values)}"
        values[placeholder] = wire
        return placeholder

    sets = [f"{name(attribute)} = {value(wire)}" for attribute, wire in rewrite.assigned.items()]
    removes = [name(attribute) for attribute in rewrite.removed]
    clauses = [f"SET {', '.join(sets)}"] if sets else []
    clauses += [f"REMOVE {', '.join(removes)}"] if removes else []
    conditions = [f"attribute_exists({name(schema.names[0])})"]
    conditions += [
        f"attribute_not_exists({name(attribute)})" if wire is None else f"{name(attribute)} = {value(wire)}"
        for attribute, wire in sorted(rewrite.expected.items())
    ]
    names = {placeholder: attribute for attribute, placeholder in placeholders.items()}
    return Update(_key(rewrite, schema), " ".join(clauses), " AND ".join(conditions), names, values)


def statement_of(rewrite: Rewrite, table: str, schema: KeySchema) -> Statement | None:
    """The PartiQL statement of a rewrite; None where a statement cannot say it and UpdateItem must.

    That is: a condition on NULL or on a value of more than 8 KB, or a text of more than 8,192 characters. An UPDATE in
    PartiQL never inserts.
    """
    if any(wire is not None and not _comparable(wire) for wire in rewrite.expected.values()):
        return None
    parts = attributes(rewrite.before)
    changes = [f"SET {_quoted(attribute)}=?" for attribute in rewrite.assigned]
    changes += [f"REMOVE {_quoted(attribute)}" for attribute in rewrite.removed]
    conditions = [f"{_quoted(attribute)}=?" for attribute in schema.names]
    parameters = [*rewrite.assigned.values(), *(bytes(parts[attribute]) for attribute in schema.names)]
    for attribute, wire in sorted(rewrite.expected.items()):
        if wire is None:
            conditions.append(f"{_quoted(attribute)} IS MISSING")
        else:
            conditions.append(f"{_quoted(attribute)}=?")
            parameters.append(wire)
    text = f"UPDATE {_quoted(table)} {' '.join(changes)} WHERE {' AND '.join(conditions)}"
    return Statement(text, tuple(parameters)) if len(text) <= STATEMENT_MAX_CHARACTERS else None


def _comparable(wire: bytes) -> bool:
    return len(wire) <= CONDITION_MAX_BYTES and _decode(wire) != _NULL


def _key(rewrite: Rewrite, schema: KeySchema) -> bytes:
    parts = attributes(rewrite.before)
    return msgspec.json.encode({name: parts[name] for name in schema.names})


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
