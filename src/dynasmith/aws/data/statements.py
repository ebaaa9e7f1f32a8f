"""A change as a PartiQL UPDATE, as an UpdateItem or a DeleteItem, an item as a PartiQL INSERT: request JSON made from
wire values, nothing decoded.

``MISSING``, ``UPDATE`` and ``INSERT``: the Developer Guide's PartiQL reference.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from msgspec import Raw

from dynasmith.aws.data.partiql_batch import STATEMENT_CHARACTERS_MAX
from dynasmith.aws.data.request_bodies import text
from dynasmith.items.wire import attributes
from dynasmith.ports.items import Item
from dynasmith.ports.updates import ItemChange

PROBE: Final = "dynasmith probe"
"""An attribute that no item has: a statement that asks for its value never holds."""

CONDITION_BYTES_MAX: Final = 8192
"""Wire bytes of a value that a statement's condition is held against: the service refuses larger ones."""

_SAYABLE = re.compile(r'[^"\x00-\x1f\x7f]+')
_CAPACITY = b',"ReturnConsumedCapacity":"INDEXES"}'
_ALL_OLD = b',"ReturnValuesOnConditionCheckFailure":"ALL_OLD"'


def statement_of(change: ItemChange, table: str, key: tuple[str, ...]) -> bytes | None:
    """The change as one entry of a BatchExecuteStatement; None where a statement cannot say it.

    Not sayable: a quote in a name, a condition on a value that is or holds NULL (PartiQL's NULL is not equal to
    itself everywhere) or that is long, a statement that would be too long, a whole item.
    """
    if change.kind != "update":
        return None
    parts = attributes(change.before)
    present = tuple([name for name in change.expected if name in parts])
    absent = tuple([name for name in change.expected if name not in parts])
    statement = _statement(table, tuple(change.assigned), change.removed, key, present, absent)
    wanted = [parts[name] for name in present]
    if statement is None or not all(map(_comparable, wanted)):
        return None
    values = b",".join([*change.assigned.values(), *[parts[name] for name in key], *wanted])
    return b"%b[%b]%b}" % (statement, values, _ALL_OLD)


def _comparable(value: Raw) -> bool:
    wire = bytes(value)
    return len(wire) <= CONDITION_BYTES_MAX and b'"NULL"' not in wire


@lru_cache(maxsize=1024)
def _statement(
    table: str,
    assigned: tuple[str, ...],
    removed: tuple[str, ...],
    key: tuple[str, ...],
    present: tuple[str, ...],
    absent: tuple[str, ...],
) -> bytes | None:
    names = (*assigned, *removed, *key, *present, *absent)
    if not all(_SAYABLE.fullmatch(name) for name in names):
        return None
    changes = [f'SET "{name}"=?' for name in assigned] + [f'REMOVE "{name}"' for name in removed]
    terms = [f'"{name}"=?' for name in (*key, *present)] + [f'"{name}" IS MISSING' for name in absent]
    words = f'UPDATE "{table}" {" ".join(changes)} WHERE {" AND ".join(terms)}'
    if len(words) > STATEMENT_CHARACTERS_MAX:
        return None
    return b'{"Statement":%b,"Parameters":' % text(words)


def probe_of(change: ItemChange, table: str, key: tuple[str, ...]) -> bytes:
    """A statement on the item of ``change`` whose condition never holds, and which would change nothing if it did."""
    parts = attributes(change.before)
    terms = " AND ".join([f'"{name}"=?' for name in (*key, PROBE)])
    words = f'UPDATE "{table}" REMOVE "{PROBE}" WHERE {terms}'
    values = b",".join([*[bytes(parts[name]) for name in key], b'{"S":"never"}'])
    return b'{"Statement":%b,"Parameters":[%b]}' % (text(words), values)


def update_of(change: ItemChange, table: str, key: tuple[str, ...]) -> bytes:
    """The change as the body of an UpdateItem, under the same conditions."""
    parts = attributes(change.before)
    present = tuple([name for name in change.expected if name in parts])
    absent = tuple([name for name in change.expected if name not in parts])
    fixed = _update(tuple(change.assigned), change.removed, key[0], present, absent)
    values = [b'":a%d":%b' % (number, value) for number, value in enumerate(change.assigned.values())]
    values += [b'":e%d":%b' % (number, parts[name]) for number, name in enumerate(present)]
    said = b',"ExpressionAttributeValues":{%b}' % b",".join(values) if values else b""
    return b'{"TableName":%b,"Key":{%b}%b%b%b%b' % (
        text(table),
        b",".join([_field(name, parts) for name in key]),
        fixed,
        said,
        _ALL_OLD,
        _CAPACITY,
    )


def delete_of(change: ItemChange, table: str, key: tuple[str, ...]) -> bytes:
    """The deletion of an item as the body of a DeleteItem, which gives the item that it deleted."""
    parts = attributes(change.before)
    present = tuple([name for name in change.expected if name in parts])
    absent = tuple([name for name in change.expected if name not in parts])
    values = [b'":e%d":%b' % (number, parts[name]) for number, name in enumerate(present)]
    said = b',"ExpressionAttributeValues":{%b}' % b",".join(values) if values else b""
    return b'{"TableName":%b,"Key":{%b}%b%b,"ReturnValues":"ALL_OLD"%b%b' % (
        text(table),
        b",".join([_field(name, parts) for name in key]),
        _update((), (), key[0], present, absent),
        said,
        _ALL_OLD,
        _CAPACITY,
    )


def create_condition(key: tuple[str, ...]) -> bytes:
    """The condition of a put that writes only where no item has its key, as a fragment of its body."""
    said = {
        "ConditionExpression": "attribute_not_exists(#0)",
        "ExpressionAttributeNames": {"#0": key[0]},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    return b"," + text(said)[1:-1]


def _field(name: str, parts: Mapping[str, Raw]) -> bytes:
    return b"%b:%b" % (text(name), parts[name])


@lru_cache(maxsize=1024)
def _update(
    assigned: tuple[str, ...], removed: tuple[str, ...], key: str, present: tuple[str, ...], absent: tuple[str, ...]
) -> bytes:
    names: dict[str, str] = {}

    def of(name: str) -> str:
        return names.setdefault(name, f"#{len(names)}")

    sets = ",".join([f"{of(name)}=:a{number}" for number, name in enumerate(assigned)])
    removes = ",".join([of(name) for name in removed])
    update = " ".join([part for part in (sets and f"SET {sets}", removes and f"REMOVE {removes}") if part])
    terms = [f"attribute_exists({of(key)})"]
    terms += [f"{of(name)}=:e{number}" for number, name in enumerate(present)]
    terms += [f"attribute_not_exists({of(name)})" for name in absent]
    said = {"ConditionExpression": " AND ".join(terms)}
    if update:
        said = {"UpdateExpression": update, **said}
    return b"," + text({**said, "ExpressionAttributeNames": {v: k for k, v in names.items()}})[1:-1]


def insert_of(item: Item, table: str) -> bytes | None:
    """The item as an INSERT, which writes only where no item has its key; None where a statement cannot say it.

    Not sayable: a quote in a name, so many names that the statement would be too long.
    """
    parts = attributes(item)
    statement = _insert(table, tuple(parts))
    return None if statement is None else b"%b[%b]}" % (statement, b",".join(parts.values()))


@lru_cache(maxsize=1024)
def _insert(table: str, names: tuple[str, ...]) -> bytes | None:
    if not all(_SAYABLE.fullmatch(name) and "'" not in name for name in (table, *names)):
        return None
    members = ",".join([f"'{name}':?" for name in names])
    words = f'INSERT INTO "{table}" VALUE {{{members}}}'
    if len(words) > STATEMENT_CHARACTERS_MAX:
        return None
    return b'{"Statement":%b,"Parameters":' % text(words)
