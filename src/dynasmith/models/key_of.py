"""`KeyOf`: the key of an item of a class, by the values of the fields that make it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar
from uuid import UUID

from dynasmith.errors import UsageError
from dynasmith.models.metaclass import codec_of, schema_of
from dynasmith.models.model import Model
from dynasmith.models.value_codec import Tree
from dynasmith.tables.findings import did_you_mean

M = TypeVar("M", bound=Model)
KeyValue = str | int | bytes | Decimal | datetime | UUID | tuple[Any, ...] | Mapping[str, Any]
"""What a key may be said by: its only value, its values in their order, or its fields by name."""


@dataclass(frozen=True, slots=True)
class KeyOf(Generic[M]):
    """The key of one item: ``values`` by field, ``tree`` as it is stored."""

    model: type[M]
    values: Mapping[str, Any]
    tree: Tree


def key(model: type[M], *values: Any, **named: Any) -> KeyOf[M]:
    """The key of an item of ``model``: partition and sort in their order, or the fields of its templates by name.

    Raises UsageError where a value is missing or too much, ItemInvalid for one of another type. Costs no call.
    """
    schema = schema_of(model)
    fields = schema.key_fields
    needed = ", ".join(fields)
    if len(values) > len(fields):
        raise UsageError(f"The key of {schema.name} is {needed}: {len(values)} values are too many.")
    given = dict(zip(fields, values, strict=False))
    for name, value in named.items():
        if name not in fields:
            near = did_you_mean(name, fields)
            raise UsageError(f"{name} is not part of the key of {schema.name}, which is {needed}.", hint=near)
        if name in given:
            raise UsageError(f"The key of {schema.name} has {name} twice.")
        given[name] = value
    missing = [name for name in fields if given.get(name) is None]
    if missing:
        raise UsageError(f"The key of {schema.name} needs {', '.join(missing)}.", hint=f"it is made of {needed}")
    return KeyOf(model, given, codec_of(model).key_of(given))


def key_for(model: type[M], given: Any) -> KeyOf[M]:
    """The key that a value, a tuple of values, a mapping by field or a key is. Raises UsageError."""
    if isinstance(given, KeyOf):
        if given.model is not model:
            raise UsageError(f"This is a key of {given.model.__name__}, and {model.__name__} is read.")
        return given
    if isinstance(given, Mapping):
        return key(model, **given)
    return key(model, *given) if isinstance(given, tuple) else key(model, given)
