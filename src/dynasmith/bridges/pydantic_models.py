"""Plain pydantic models -> definitions and model classes. Which fields are the key, the caller says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dynasmith.bridges.annotation_source import AnnotationSource, key_type
from dynasmith.bridges.default_source import with_default
from dynasmith.bridges.helpers import HELPERS
from dynasmith.bridges.source import AttributeSource, Document, EntitySource, ModelModule
from dynasmith.bridges.table_class import classes_of_table
from dynasmith.bridges.writer import literal
from dynasmith.errors import UsageError
from dynasmith.tables.findings import did_you_mean

_CONSTRAINTS: Final = ("gt", "ge", "lt", "le", "min_length", "max_length", "pattern")
_DECORATORS: Final = (
    "validators", "field_validators", "root_validators", "field_serializers", "model_serializers", "model_validators",
    "computed_fields",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PydanticTable:
    """One plain model with what makes it a table: the table's name, and the fields of the key."""

    model: Any
    table: str
    key: tuple[str, ...]


def is_pydantic_model(value: object) -> bool:
    """Whether it is a class of pydantic's BaseModel that is not one of dynasmith's."""
    return (
        isinstance(value, type)
        and any(f"{base.__module__}.{base.__qualname__}" == "pydantic.main.BaseModel" for base in value.__mro__[1:])
        and not hasattr(value, "__dynasmith_expression__")
        and not value.__module__.startswith("pydantic.")
    )


def table_name(model: type) -> str:
    """The name that the table of a class has where none is given: ``OrderLine`` is ``order_line``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", model.__name__).lower()


def pydantic_tables(
    models: Sequence[Any], keys: Mapping[str, str], tables: Mapping[str, str], *, is_module: bool
) -> list[PydanticTable]:
    """The models that are tables. ``keys`` are the fields of their keys by the name of the class, `"id"` or
    `"customer,number"`; the name may be "" where there is one class. ``tables`` are the names of the tables, likewise.

    Raises UsageError where a class has no key, or what is named is not there.
    """
    names = [model.__name__ for model in models]
    for said in (*keys, *tables):
        if said and said not in names:
            raise UsageError(f"There is no pydantic model {said}.", hint=did_you_mean(said, names) or _there(names))
        if not said and len(models) > 1:
            raise UsageError(f"There are {len(models)} pydantic models.", hint=f"say whose it is: {names[0]}=...")
    if not keys and is_module:
        raise UsageError(
            f"The plain pydantic models do not say what their keys are: {', '.join(names)}.",
            hint=f"--key {names[-1]}=FIELD, or --key {names[-1]}=PARTITION,SORT, for each that is a table",
        )
    found = []
    for model in models:
        key = keys.get(model.__name__, keys.get("", ""))
        if not key and is_module:
            continue  # a part of another one, as those of a module are
        if not key:
            raise UsageError(
                f"{model.__name__} is a plain pydantic model, which does not say what its key is.",
                hint=f"--key {model.__name__}=FIELD, or --key {model.__name__}=PARTITION,SORT; "
                f"its fields are {', '.join(model.model_fields)}",
            )
        parts = tuple(part.strip() for part in key.split(","))
        _check_key(model, parts)
        found.append(PydanticTable(model, tables.get(model.__name__) or tables.get("") or table_name(model), parts))
    return found


def _there(names: Sequence[str]) -> str:
    return f"there are {', '.join(names)}"


def _check_key(model: Any, parts: Sequence[str]) -> None:
    if not 0 < len(parts) < 3 or len(set(parts)) < len(parts):
        raise UsageError(
            f"The key of {model.__name__} has {len(parts)} fields: {', '.join(parts)}.",
            hint="a key is a partition key, and a sort key where there is one: --key PARTITION,SORT",
        )
    for part in parts:
        if part not in model.model_fields:
            near = did_you_mean(part, model.model_fields)
            hint = near or f"its fields are {', '.join(model.model_fields)}"
            raise UsageError(f"{model.__name__} has no field {part}.", hint=hint)
        if not key_type(model.model_fields[part].annotation):
            raise UsageError(
                f"{model.__name__}.{part} cannot be a key: a value of {model.model_fields[part].annotation!r} is not "
                "stored as text, a number or bytes.",
                hint="name another field",
            )


def pydantic_document(table: PydanticTable) -> Document:
    """The definition of the table of a model: its name and key."""
    fields = table.model.model_fields
    return {
        "name": table.table,
        "attributes": [{"name": part, "type": key_type(fields[part].annotation)} for part in table.key],
        "key_schema": [
            {"attribute_name": part, "key_type": kind} for part, kind in zip(table.key, ("HASH", "RANGE"), strict=False)
        ],
    }


def pydantic_module(tables: Sequence[PydanticTable], source: str) -> ModelModule:
    """The module of the classes of these models; types of their own module are imported from there."""
    module = ModelModule(f"Model classes of {source}, which were plain pydantic models.")
    taken = {each.model.__name__ for each in tables} | set(HELPERS)
    for table in tables:
        entity = _entity(table.model, module)
        module.documents.append(pydantic_document(table))
        module.classes += classes_of_table(module.documents[-1], [entity], taken)
    module.imports = [line for line in module.imports if line.rpartition(" ")[2] not in taken]
    return module


def _entity(model: Any, module: ModelModule) -> EntitySource:
    annotations = AnnotationSource(module.imports, module.notes.append)
    attributes = [_attribute(model, name, info, annotations, module) for name, info in model.model_fields.items()]
    decorators = getattr(model, "__pydantic_decorators__", None)
    lost = [name for kind in _DECORATORS for name in getattr(decorators, kind, ())]
    lost += list(getattr(model, "__private_attributes__", {}))
    if lost:
        module.notes.append(
            f"{model.__name__}: validators, serializers, computed fields and private attributes are not taken over: "
            f"{', '.join(lost)}."
        )
    return EntitySource(model.__name__, tuple(attributes), summary=f"Items of {model.__name__}.")


def _attribute(model: Any, name: str, info: Any, annotations: AnnotationSource, module: ModelModule) -> AttributeSource:
    where = f"{model.__name__}.{name}"
    type_, nullable = annotations.write(info.annotation, where)
    arguments = [
        (option, literal(value))
        for each in info.metadata
        for option in _CONSTRAINTS
        if isinstance(value := getattr(each, option, None), str | int | float) and not isinstance(value, bool)
    ]
    if info.alias:
        arguments.append(("alias", literal(info.alias)))
    if info.description:
        arguments.append(("description", literal(info.description)))
    source = AttributeSource(name, type_, nullable=nullable, arguments=tuple(dict(arguments).items()))
    if info.is_required():
        # None has to be given, as in pydantic; the class takes an absent attribute for None all the same.
        return source
    default = info.default if info.default_factory is None else info.default_factory
    return with_default(source, default, where, module)
