"""What a transform means where a verb is given classes: a function takes instances, items of others are left alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from msgspec.structs import replace

from dynasmith.errors import ItemInvalid, UsageError
from dynasmith.items.user_function import ComposedTransform
from dynasmith.items.wire import encode_item
from dynasmith.jobs.options import TransferOptions
from dynasmith.operations import Operation, Operations
from dynasmith.project.model_classes import is_model
from dynasmith.project.verbs.transforms import (
    COMPOSED,
    UNNAMED,
    AnyTransform,
    check_transform_kind,
    importable_name,
    is_file,
    is_unnamed,
    named_function,
)

if TYPE_CHECKING:
    from dynasmith.models import Model


def copy_transform(transform: AnyTransform | None, source: object, target: object, folder: str) -> AnyTransform | None:
    """The transform of a copy or a comparison. With two classes a function takes an instance of the first and returns
    instances of the second; operations are of items. Raises UsageError."""
    if not is_model(source):
        return transform
    if is_model(target) and (function := _function(transform)) is not None:
        return _of_classes(function, (source, target), folder)
    return _of_items(transform, source, takes_instances=is_model(target))


def change_transform(transform: AnyTransform, table: object, folder: str) -> AnyTransform:
    """The transform of a backfill. With a class a function takes an instance and returns it, or None. Raises
    UsageError."""
    if not is_model(table) or transform is None:
        return transform
    if (function := _function(transform)) is not None:
        return _of_classes(function, (table,), folder)
    found = _of_items(transform, table, takes_instances=True)
    assert found is not None
    return found


def new_items_transform(transform: AnyTransform | None, table: object) -> AnyTransform | None:
    """The transform of a populate: with a class, what comes out of ``transform`` is checked by it. Raises
    UsageError."""
    if not is_model(table):
        return transform
    from dynasmith.models.model_transform import ModelCheck, checked_class

    check = ModelCheck(checked_class(table))
    return check if transform is None else [*_several(transform), check]


def _several(transform: AnyTransform) -> list[Any]:
    return [*transform] if isinstance(transform, list | tuple) else [transform]


def _of_items(transform: AnyTransform | None, source: type[Model], *, takes_instances: bool) -> AnyTransform | None:
    """A transform of items, for those of the class only where it shares its table."""
    from dynasmith.models.metaclass import schema_of
    from dynasmith.models.model_transform import ModelFilter

    parts = [] if transform is None else _several(transform)
    if takes_instances and len(parts) > 1 and any(_function(each) is not None for each in parts):
        raise UsageError(
            "With classes, a list of transforms has operations only.",
            hint="give one function of instances, or model_transform(FUNCTION, ...) in the list",
        )
    if schema_of(source).entity is not None and not any(isinstance(each, ComposedTransform) for each in parts):
        parts.insert(0, ModelFilter(source))
    return parts[0] if len(parts) == 1 else parts or None


def _function(transform: object) -> str | Callable[..., Any] | None:
    """A function of the user's or its name; None for operations, and for what says itself what it takes."""
    if isinstance(transform, str):
        is_item_transform = transform.startswith(("{", "[")) or is_file(transform) or is_unnamed(transform)
        return None if is_item_transform or COMPOSED.fullmatch(transform) else transform
    if callable(transform) and not isinstance(transform, Operation | Operations | ComposedTransform | type):
        return None if getattr(transform, "takes_items", False) else transform
    return None


def _of_classes(function: str | Callable[..., Any], classes: tuple[type[Model], ...], folder: str) -> AnyTransform:
    from dynasmith.models.model_transform import model_transform

    check_transform_kind(function)
    if isinstance(function, str):
        names = [importable_name(each) for each in classes]
        if UNNAMED not in names:  # loaded where it runs: in a dry run that is a guarded process
            return f"{function}({' -> '.join(names)})"
        function = named_function(function, folder)
    made: AnyTransform = model_transform(function, *classes)
    return made


def own_items(options: TransferOptions | None, table: object) -> TransferOptions | None:
    """The options of an export, for the items of a class only where it shares its table."""
    if not is_model(table):
        return options
    from dynasmith.models.metaclass import schema_of

    schema, options = schema_of(table), options or TransferOptions()
    if schema.entity is None:
        return options
    name, value = schema.entity_attribute.replace('"', '""'), schema.entity.replace("'", "''")
    own = f"\"{name}\" = '{value}'"
    return replace(options, condition=f"({options.condition}) AND {own}" if options.condition else own)


def encoder_of(table: object) -> Callable[[Any], bytes]:
    """What makes wire bytes of an item of an iterable: of a mapping, and of an instance where a class was given."""
    if not is_model(table):
        return _item_bytes
    from dynasmith.models.model_transform import instance_encoder

    return instance_encoder(table)


def _item_bytes(one: object) -> bytes:
    if is_model(type(one)):
        raise ItemInvalid(f"It is an instance of {type(one).__name__}.", hint=f"populate({type(one).__name__}, ...)")
    return encode_item(cast("Mapping[str, Any]", one))
