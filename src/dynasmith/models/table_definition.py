"""Classes -> `Table`: a class says what a definition file would, and the same parser reads it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from dynasmith.errors import DefinitionError
from dynasmith.models.definition_problem import problem
from dynasmith.models.metaclass import schema_of
from dynasmith.models.model import Model
from dynasmith.models.model_index import ModelIndex
from dynasmith.models.relation_resolution import link_of
from dynasmith.models.schema import KeyPlace, ModelSchema
from dynasmith.tables.attribute_path import quoted_name
from dynasmith.tables.definition_keys import TABLE
from dynasmith.tables.document import Node, node_of
from dynasmith.tables.overlay import overlay
from dynasmith.tables.parse import ParseOptions, parse
from dynasmith.tables.rules.names import index_name_fault
from dynasmith.tables.table import Table

Document = dict[str, Any]
_OF_THE_CLASS: Final = ("name", "attributes", "key_schema")
"""What the class itself says; settings= may not."""


def tables_of(*models: type[Model]) -> tuple[Table, ...]:
    """The tables of these classes, in the order in which they first appear. Costs no call.

    Classes of one table are merged: their indexes are all of it. Raises DefinitionError where a class cannot be a
    table, a relation of it leads nowhere, or where two of one table contradict each other; it names both.
    """
    tables: list[Table] = []
    for document in documents_of(*models):
        parsed = parse([document], ParseOptions())
        if parsed.errors:
            raise DefinitionError(parsed.errors)
        tables += parsed.tables
    return tuple(tables)


def documents_of(*models: type[Model]) -> tuple[Node, ...]:
    """What these classes say of their tables, as the definition of each, whose file is the class. Raises as
    `tables_of` does, but for what only the parser finds."""
    merged: dict[str, tuple[str, Document]] = {}
    entities: dict[tuple[str, str | None], str] = {}
    schemas = [schema_of(model) for model in dict.fromkeys(models)]
    held: dict[str | None, dict[str, None]] = {}
    for schema in schemas:
        held.setdefault(schema.table, {}).update(dict.fromkeys(schema.held_attributes))
    for schema in schemas:
        assert schema.table is not None
        for name in schema.relations:
            link_of(getattr(schema.model, name))
        same = entities.setdefault((schema.table, schema.entity), schema.place)
        if same != schema.place and schema.entity:
            raise problem(schema.place, "", f"is the entity {schema.entity} of {schema.table}, as is {same}")
        document = _document(schema, tuple(held[schema.table]))
        if schema.table in merged:
            place, first = merged[schema.table]
            document = _merged(first, document, place, schema)
        merged[schema.table] = (merged.get(schema.table, (schema.place,))[0], document)
    return tuple(_definition(place, document) for place, document in merged.values())


def _definition(place: str, document: Document) -> Node:
    settings = document.pop("settings")
    node = node_of(document, place)
    if settings:
        node = overlay(node, node_of(settings, place), TABLE)
    return Node({"tables": Node((node,), place, 0, path="")}, place, 0)


def _document(schema: ModelSchema, held: Sequence[str]) -> Document:
    """The document of one class; ``held`` are the attributes that every index of the table holds."""
    for name in _OF_THE_CLASS:
        if name in schema.settings:
            raise schema.problem("settings", f"has {name}, which the class says itself")
    places = list(schema.key)
    document: Document = {
        "name": schema.table,
        "key_schema": _key_schema([schema.partition], [schema.sort] if schema.sort else []),
    }
    indexes: list[Document] = []
    local: list[Document] = []
    for path, index in schema.indexes.items():
        if fault := index_name_fault(index.name):  # here, since the table may be of several classes
            hint = 'give it name="...", with 3 to 255 of a-z, A-Z, 0-9, _, . and -'
            raise schema.problem(path, f"has the name {index.name!r}, which {fault}", hint)
        partition = [schema.place_of(name, path) for name in index.partition] or [schema.partition]
        sort = [schema.place_of(name, path) for name in index.sort]
        places += [*partition, *sort]
        entry: Document = {"name": index.name, "key_schema": _key_schema(partition, sort)}
        keys = {place.attribute for place in (*schema.key, *partition, *sort)}
        entry["projection"] = _projection(schema, path, index, [name for name in held if name not in keys])
        (local if index.is_local else indexes).append(entry)
    document["attributes"] = [{"name": name, "type": kind} for name, kind in _types(schema, places).items()]
    if indexes:
        document["global_secondary_indexes"] = indexes
    if local:
        document["local_secondary_indexes"] = local
    if schema.time_to_live:
        document["time_to_live"] = {"attribute": schema.time_to_live.attribute}
    personal = [f.attribute for f in schema.fields.values() if f.options.personal]
    if personal:
        document["personal"] = [quoted_name(name) for name in personal]
    document["settings"] = dict(schema.settings)
    return document


def _types(schema: ModelSchema, places: list[KeyPlace]) -> dict[str, str]:
    types: dict[str, str] = {}
    for place in places:
        if types.setdefault(place.attribute, place.type) != place.type:
            raise schema.problem(place.attribute, f"is {place.type} in one key and {types[place.attribute]} in another")
    return types


def _key_schema(partition: list[KeyPlace], sort: list[KeyPlace]) -> list[Document]:
    return [
        *({"attribute_name": place.attribute, "key_type": "HASH"} for place in partition),
        *({"attribute_name": place.attribute, "key_type": "RANGE"} for place in sort),
    ]


def _projection(schema: ModelSchema, path: str, index: ModelIndex, held: list[str]) -> Document:
    projection = index.projection
    if projection == "all":
        return {"type": "ALL"}
    if projection == "keys":
        return {"type": "INCLUDE", "attributes": held} if held else {"type": "KEYS_ONLY"}
    if isinstance(projection, str):
        raise schema.problem(path, f"has the projection {projection!r}", 'it is "all", "keys" or a list of fields')
    # A name that no field has is an attribute: another class of the table, or another program, may have it.
    names = [schema.fields[name].attribute if name in schema.fields else name for name in projection]
    return {"type": "INCLUDE", "attributes": list(dict.fromkeys([*names, *held]))}


def _merged(first: Document, second: Document, place: str, schema: ModelSchema) -> Document:
    """Two documents of one table as one. Raises DefinitionError where they say different things."""

    def refuse(what: str) -> Exception:
        return schema.problem("", f"and {place} say different things about {what} of table {schema.table}")

    if first["key_schema"] != second["key_schema"]:
        raise refuse("the key")
    merged = dict(first)
    merged["attributes"] = _by_name(first, second, "attributes", refuse)
    for kind in ("global_secondary_indexes", "local_secondary_indexes"):
        if kind in first or kind in second:
            merged[kind] = _by_name(first, second, kind, refuse)
    lives = [document["time_to_live"] for document in (first, second) if "time_to_live" in document]
    if lives:
        if lives[0] != lives[-1]:
            raise refuse("the time to live")
        merged["time_to_live"] = lives[0]
    if "personal" in first or "personal" in second:
        merged["personal"] = list(dict.fromkeys([*first.get("personal", ()), *second.get("personal", ())]))
    settings = dict(first["settings"])
    for name, value in second["settings"].items():
        if settings.setdefault(name, value) != value:
            raise refuse(name)
    merged["settings"] = settings
    return merged


def _by_name(first: Document, second: Document, kind: str, refuse: Callable[[str], Exception]) -> list[Document]:
    """The entries of both lists by name."""
    entries = {entry["name"]: entry for entry in first.get(kind, ())}
    for entry in second.get(kind, ()):
        if entries.setdefault(entry["name"], entry) != entry:
            raise refuse(f"{kind}: {entry['name']}")
    return list(entries.values())
