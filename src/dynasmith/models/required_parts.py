"""Actions that would leave an item that its class cannot read: what is required is not removed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dynasmith.errors import UsageError
from dynasmith.models.action import Assignment, ModelAction
from dynasmith.models.collection_codec import OptionalCodec
from dynasmith.models.fields import FieldCodec
from dynasmith.models.nested_codec import NestedCodec
from dynasmith.models.schema import ModelSchema
from dynasmith.models.value_codec import ValueCodec


def refuse_removals(schema: ModelSchema, actions: Iterable[ModelAction]) -> None:
    """Raise UsageError where an action removes an attribute, or a part of a map, that the class needs."""
    for action in actions:
        if not isinstance(action, Assignment) or action.kind != "remove":
            continue
        field = _field_at(schema, action.path.parts)
        if field is not None and field.is_needed:
            raise UsageError(
                f"{action.path} cannot be removed or set to None: {schema.name} has no default for it, and could not "
                "read the item.",
                hint="set it to a value, or make the field T | None or give it a default",
            )


def _field_at(schema: ModelSchema, parts: Sequence[str | int]) -> FieldCodec | None:
    """The field that a path ends at; None for a key of a map, a member of a list and what no class knows."""
    field = _named(schema.fields.values(), parts[0])
    value = None if field is None else field.codec
    for part in parts[1:]:
        field = None
        if isinstance(value, OptionalCodec):
            value = value.inner
        if isinstance(value, NestedCodec):
            field = _named(value.fields.values(), part)
            value = None if field is None else field.codec
        else:
            value = _member(value, part)
    return field


def _named(fields: Iterable[FieldCodec], attribute: str | int) -> FieldCodec | None:
    return next((field for field in fields if field.attribute == attribute), None)


def _member(value: ValueCodec | None, part: str | int) -> ValueCodec | None:
    if value is None:
        return None
    if isinstance(part, int):
        return value.element()
    found = value.member(part)
    return None if found is None else found[1]
