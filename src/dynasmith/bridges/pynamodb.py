"""PynamoDB models -> definitions and model classes. PynamoDB is the user's: its classes are known by their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from dynasmith.bridges.default_source import default_arguments
from dynasmith.bridges.helpers import HELPERS
from dynasmith.bridges.pynamodb_attributes import PynamodbAttributes, base_name
from dynasmith.bridges.python_names import unique_class_name
from dynasmith.bridges.source import AttributeSource, ClassSource, Document, EntitySource, ModelModule
from dynasmith.bridges.table_class import GLOBAL, LOCAL, classes_of_table, projection_notes, with_entity

_PACKAGE: Final = "pynamodb"
_NOT_A_TABLE: Final = ("host", "region")


def is_pynamodb_model(value: object) -> bool:
    """Whether it is a class of PynamoDB's Model that has a table."""
    return (
        isinstance(value, type)
        and base_name(value, _PACKAGE) == "Model"
        and not value.__module__.startswith(f"{_PACKAGE}.")
        and bool(getattr(getattr(value, "Meta", None), "table_name", None))
    )


def with_subclasses(models: Sequence[Any]) -> list[Any]:
    """The classes, and those that their discriminators know, each once: an item of the table may be any of them."""
    found: dict[Any, None] = {}
    for model in models:
        found.setdefault(model)
        discriminator = _discriminator(model)
        if discriminator is not None:
            for each in discriminator.get_registered_subclasses(model):
                found.setdefault(each)
    return list(found)


def pynamodb_documents(models: Sequence[Any]) -> list[Document]:
    """The definition of each table of these classes, as PynamoDB's `create_table` makes it."""
    tables: dict[str, list[Any]] = {}
    for model in with_subclasses(models):
        tables.setdefault(str(model.Meta.table_name), []).append(model)
    return [_document(name, members) for name, members in tables.items()]


def _document(name: str, models: Sequence[Any]) -> Document:
    meta = models[0].Meta
    types: dict[str, str] = {}
    document: Document = {
        "name": name,
        "attributes": [],
        "key_schema": _key(models[0].get_attributes().values(), types),
    }
    # Where Meta does not say it, it was given to create_table(), or the table was made elsewhere: it is not managed.
    capacity = _capacity(meta)
    billing = str(getattr(meta, "billing_mode", None) or ("PROVISIONED" if capacity else ""))
    if billing == "PAY_PER_REQUEST" or capacity:
        document["billing_mode"] = billing
    if billing == "PROVISIONED" and capacity:
        document["provisioned_throughput"] = capacity
    lists: dict[str, list[Document]] = {GLOBAL: [], LOCAL: []}
    indexes = {index.Meta.index_name: index for model in models for index in _indexes(model)}
    for index_name, index in sorted(indexes.items()):
        kind = GLOBAL if base_name(type(index), _PACKAGE) == "GlobalSecondaryIndex" else LOCAL
        entry: Document = {"name": index_name, "key_schema": _key(index.Meta.attributes.values(), types)}
        entry["projection"] = _projection(index.Meta.projection)
        if kind == GLOBAL and billing == "PROVISIONED" and capacity:
            entry["provisioned_throughput"] = _capacity(index.Meta) or capacity
        lists[kind].append(entry)
    document |= {kind: entries for kind, entries in lists.items() if entries}
    document["attributes"] = [{"name": each, "type": kind} for each, kind in types.items()]
    if view := getattr(meta, "stream_view_type", None):
        document["stream"] = {"view_type": str(view)}
    expiry = [each.attr_name for model in models for each in _of_kind(model, "TTLAttribute")]
    if expiry:
        document["time_to_live"] = {"attribute": expiry[0]}
    if tags := getattr(meta, "tags", None):
        document["tags"] = {str(tag): str(value) for tag, value in tags.items()}
    return document


def _key(attributes: Iterable[Any], types: dict[str, str]) -> list[Document]:
    parts: list[tuple[str, str]] = []
    for each in attributes:
        if each.is_hash_key or each.is_range_key:
            types.setdefault(each.attr_name, each.attr_type)
            parts.append((each.attr_name, "HASH" if each.is_hash_key else "RANGE"))
    return [{"attribute_name": name, "key_type": part} for name, part in sorted(parts, key=lambda part: part[1])]


def _projection(projection: Any) -> Document:
    kind = str(projection.projection_type)
    if kind == "INCLUDE":
        return {"type": kind, "attributes": [str(name) for name in projection.non_key_attributes]}
    return {"type": kind}


def _capacity(meta: Any) -> Document | None:
    """The capacity that Meta says; None where it does not say both."""
    read, write = getattr(meta, "read_capacity_units", None), getattr(meta, "write_capacity_units", None)
    return {"read": int(read), "write": int(write)} if read and write else None


def _indexes(model: Any) -> list[Any]:
    found: Mapping[str, Any] = getattr(model, "_indexes", {})
    return list(found.values())


def _of_kind(model: Any, kind: str) -> list[Any]:
    return [each for each in model.get_attributes().values() if base_name(type(each), _PACKAGE) == kind]


def _discriminator(model: Any) -> Any:
    found = _of_kind(model, "DiscriminatorAttribute")
    return found[0] if found else None


class PynamodbModule:
    """Makes the module of the classes of some PynamoDB models."""

    def __init__(self, models: Sequence[Any], source: str) -> None:
        self._models = with_subclasses(models)
        self.module = ModelModule(f"Model classes of {source}, which were PynamoDB models.")
        attributes = {each.attr_name for model in self._models for each in model.get_attributes().values()}
        self._taken = attributes | set(HELPERS)
        self._names = {model: unique_class_name(model.__name__, self._taken) for model in self._models}
        self._nested: list[ClassSource] = []
        self._attributes = PynamodbAttributes(self.module, self._taken, self._nested)

    def write(self) -> ModelModule:
        """The module, with a note for each thing that the classes do differently or lack."""
        classes: list[ClassSource] = []
        for document in pynamodb_documents(self._models):
            members = [model for model in self._models if str(model.Meta.table_name) == document["name"]]
            entities = [self._entity(model) for model in members if self._is_stored(model, len(members))]
            entity = next((each.entity_attribute for each in entities if each.entity), "")
            self.module.notes += projection_notes(document, entity) if entity else []
            self.module.documents.append(with_entity(document, entity) if entity else document)
            classes += classes_of_table(document, entities, {*self._names.values(), *HELPERS, *self._nested_names()})
            self._note_meta(members[0])
        self.module.classes = [*self._nested, *classes]
        return self.module

    def _nested_names(self) -> set[str]:
        return {each.name for each in self._nested}

    def _is_stored(self, model: Any, count: int) -> bool:
        """Whether items of this very class can be stored: PynamoDB refuses one whose discriminator has no value."""
        discriminator = _discriminator(model)
        if discriminator is None or discriminator.get_discriminator(model) is not None or count == 1:
            return True
        self.module.notes.append(f"{model.__name__} has no discriminator value of its own, so no class stands for it.")
        return False

    def _entity(self, model: Any) -> EntitySource:
        name = self._names[model]
        discriminator = _discriminator(model)
        value = discriminator.get_discriminator(model) if discriminator is not None else None
        attributes = [
            self._attribute(model, python_name, each)
            for python_name, each in sorted(model.get_attributes().items(), key=lambda pair: _place(model, pair[1]))
            if base_name(type(each), _PACKAGE) != "DiscriminatorAttribute"
        ]
        if value is not None and not isinstance(value, str):
            self.module.notes.append(f"{model.__name__}: the discriminator value {value!r} is not text.")
        return EntitySource(
            name,
            tuple(attributes),
            entity=str(value) if value is not None else "",
            entity_attribute=discriminator.attr_name if value is not None else "_type",
            summary=f"Items of {model.__name__}.",
        )

    def _attribute(self, model: Any, python_name: str, each: Any) -> AttributeSource:
        found = self._attributes.source(f"{model.__name__}.{python_name}", python_name, each)
        return default_arguments(found, each, f"{model.__name__}.{python_name}", self.module)

    def _note_meta(self, model: Any) -> None:
        said = [name for name in _NOT_A_TABLE if getattr(model.Meta, name, None)]
        if said:
            self.module.notes.append(
                f"{model.__name__}: Meta says {' and '.join(said)}; in dynasmith the project file says it."
            )


def _place(model: Any, each: Any) -> int:
    """The order in which the class has its attributes: PynamoDB's own is by name."""
    for base in reversed(model.__mro__):
        names = list(vars(base))
        for place, name in enumerate(names):
            if vars(base)[name] is each:
                return place
    return 0
