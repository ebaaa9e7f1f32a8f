"""Records of the history as items: readable attributes, numbers as numbers; results and answers are JSON text."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from dynasmith.items.value import decode_tree, encode_tree
from dynasmith.migrations.event import (
    LockRecord,
    MigrationEvent,
    Record,
    RequestRecord,
    StepRecord,
    decode_event,
    decode_lock,
    decode_request,
    decode_step,
)

Item = dict[str, Any]
_JSON_TEXTS = {"result", "answer"}
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def item_of(key: Mapping[str, str], record: Record) -> Item:
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


def request_of(item: Item) -> RequestRecord:
    """The answer to a request in an item. Raises CheckpointError."""
    return decode_request(_json(item))


def _plain(record: Record) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(record)
    for name in _JSON_TEXTS & plain.keys():
        plain[name] = msgspec.json.encode(plain[name]).decode()
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
    return _ENCODER.encode(
        {name: msgspec.Raw(str(v).encode()) if name in _JSON_TEXTS else v for name, v in plain.items()}
    )
