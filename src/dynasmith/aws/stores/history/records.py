"""Records of the history as items: readable attributes, numbers as numbers; the result of a step is JSON text."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from dynasmith.items.value import decode_tree, encode_tree
from dynasmith.migrations.event import LockRecord, MigrationEvent, StepRecord, decode_event, decode_lock, decode_step

Item = dict[str, Any]
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def item_of(key: Mapping[str, str], record: MigrationEvent | LockRecord | StepRecord) -> Item:
    """The item of a record. What is empty is left out."""
    plain = {
        name: value for name, value in _plain(record).items() if value is not None and value not in ("", [], {}, ())
    }
    return {name: encode_tree(value) for name, value in {**key, **plain}.items()}


def event_of(item: Item) -> MigrationEvent:
    """The event in an item. Raises CheckpointError."""
    return decode_event(_json(item))


def lock_of(item: Item) -> LockRecord:
    """The lock in an item. Raises CheckpointError."""
    return decode_lock(_json(item))


def step_of(item: Item) -> StepRecord:
    """The step in an item. Raises CheckpointError."""
    return decode_step(_json(item))


def _plain(record: MigrationEvent | LockRecord | StepRecord) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(record)
    if isinstance(record, StepRecord):
        plain["result"] = msgspec.json.encode(record.result).decode()
    return {name: _numbers(value) for name, value in plain.items()}


def _numbers(value: Any) -> Any:
    """Floats as text of a Decimal: the wire has no floats."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else Decimal(repr(value))
    if isinstance(value, dict):
        return {name: _numbers(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_numbers(member) for member in value]
    return value


def _json(item: Item) -> bytes:
    plain = {name: decode_tree(tree) for name, tree in item.items() if name not in ("pk", "sk")}
    result = plain.pop("result", None)
    content = _ENCODER.encode(plain)
    if result is None:
        return content
    return content[:-1] + (b"," if plain else b"") + b'"result":' + str(result).encode() + b"}"
