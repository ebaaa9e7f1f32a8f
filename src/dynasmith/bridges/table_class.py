"""Attributes and the definition of their table -> `ClassSource`: keys, templates, indexes and settings of a class."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from dynasmith.bridges.key_text import with_names
from dynasmith.bridges.python_names import FieldNames
from dynasmith.bridges.source import (
    Arguments,
    AssignmentLine,
    AttributeSource,
    ClassSource,
    Document,
    EntitySource,
    FieldLine,
    Role,
)
from dynasmith.bridges.writer import arguments_of, literal
from dynasmith.tables.render import escaped

_STORED_KEYS: Final = {"S": "str", "N": "Decimal", "B": "bytes"}
_CLASS_WORDS: Final = frozenset(("name", "attributes", "key_schema"))
_INDEX_WORDS: Final = frozenset(("name", "key_schema", "projection"))
GLOBAL: Final = "global_secondary_indexes"
LOCAL: Final = "local_secondary_indexes"


class EntityClass:
    """Makes the class of one entity of a table. ``document`` is the definition of the table, as `document_of` makes it.

    A class has the indexes whose key it has. The one that ``is_first`` has the settings too, and the indexes
    ``homeless``, whose key no class has.
    """

    def __init__(
        self, document: Document, entity: EntitySource, taken: set[str], *, is_first: bool, homeless: Collection[str]
    ) -> None:
        self._document, self._entity, self._is_first = document, entity, is_first
        self._homeless = homeless
        self._types = {each["name"]: each["type"] for each in document["attributes"]}
        self._templates = {each.attribute: each for each in entity.templates}
        self._indexes = {kind: self._own_indexes(kind) for kind in (GLOBAL, LOCAL)}
        self._fields = FieldNames(taken | set(self._templates) | self._other_projected())
        self._attributes = {each.attribute: each for each in (*entity.attributes, *self._missing())}
        self._settings = self._settings_of_class() if is_first else {}
        self._names = {name: self._fields.add(name, each.preferred) for name, each in self._attributes.items()}

    def source(self) -> ClassSource:
        """The class."""
        options: list[tuple[str, str]] = [("table", literal(self._document["name"]))]
        if self._entity.entity:
            options.append(("entity", literal(self._entity.entity)))
            if self._entity.entity_attribute != "_type":
                options.append(("entity_attribute", literal(self._entity.entity_attribute)))
        if self._settings:
            options.append(("settings", literal(escaped(self._settings))))  # the class reads ${...} as a variable
        keys = _keys_of(self._document)
        lines: list[FieldLine | AssignmentLine] = [self._template(each, keys) for each in self._entity.templates]
        order = [*keys, *(name for name in self._attributes if name not in keys)]
        lines += [
            field_line(self._attributes[name], self._names[name], keys.get(name, "Attr"))
            for name in order
            if name in self._attributes
        ]
        lines += [self._index(kind, index) for kind in (GLOBAL, LOCAL) for index in self._indexes[kind]]
        summary = self._entity.summary or f"Items of table {self._document['name']}."
        return ClassSource(self._entity.name, summary, tuple(options), tuple(lines), self._entity.comments)

    def _own_indexes(self, kind: str) -> list[Document]:
        has = _attributes_of(self._entity)
        return [
            index
            for index in self._document.get(kind, [])
            if has.issuperset(_keys_of(index)) or (self._is_first and index["name"] in self._homeless)
        ]

    def _other_projected(self) -> set[str]:
        """What indexes hold and the class does not know: a field of such a name would be taken for it."""
        held = {
            name
            for kind in (GLOBAL, LOCAL)
            for index in self._indexes[kind]
            for name in index.get("projection", {}).get("attributes", ())
        }
        return held - _attributes_of(self._entity)

    def _missing(self) -> list[AttributeSource]:
        """The attributes of keys that the entity does not say: those of the table, and of the indexes of the class."""
        has = _attributes_of(self._entity)
        needed = dict.fromkeys(_keys_of(self._document), False)
        for index in (*self._indexes[GLOBAL], *self._indexes[LOCAL]):
            for name in _keys_of(index):
                needed.setdefault(name, True)
        return [
            AttributeSource(
                name,
                _STORED_KEYS[self._types[name]],
                nullable=is_optional,
                arguments=(("default", "None"),) if is_optional else (),
            )
            for name, is_optional in needed.items()
            if name not in has
        ]

    def _settings_of_class(self) -> Document:
        """What the class line says by the words of a definition file: all that keys, indexes and ttl() do not."""
        settings = {name: value for name, value in self._document.items() if name not in {*_CLASS_WORDS, GLOBAL, LOCAL}}
        for kind in (GLOBAL, LOCAL):
            more = [
                {"name": index["name"], **{word: value for word, value in index.items() if word not in _INDEX_WORDS}}
                for index in self._document.get(kind, [])
            ]
            more = [each for each in more if len(each) > 1]
            if more:
                settings[kind] = more
            elif self._document.get(kind) == []:
                settings[kind] = []
        time_to_live = settings.get("time_to_live", {}).get("attribute")
        if time_to_live in self._attributes and self._attributes[time_to_live].call == "ttl":
            del settings["time_to_live"]
        return settings

    def _template(self, each: Any, keys: Mapping[str, Role]) -> AssignmentLine:
        call = {"Partition": "partition", "Sort": "sort"}.get(keys.get(each.attribute, "Attr"), "template")
        text = with_names(each.text, self._names)
        return AssignmentLine(each.attribute, call, literal(text), comments=each.comments)

    def _index(self, kind: str, index: Document) -> AssignmentLine:
        name = self._fields.add(index["name"])
        places: dict[str, list[str]] = {"Partition": [], "Sort": []}
        for attribute, part in _keys_of(index).items():
            places[part].append(self._names.get(attribute, attribute))
        sort = places["Sort"][0] if len(places["Sort"]) == 1 else tuple(places["Sort"])
        arguments: Arguments = arguments_of(name=index["name"] if name != index["name"] else "")
        arguments += self._projection(index)
        if kind == LOCAL:
            return AssignmentLine(name, "lsi", literal(sort), arguments)
        partition = places["Partition"][0] if len(places["Partition"]) == 1 else tuple(places["Partition"])
        return AssignmentLine(name, "gsi", literal(partition), (*arguments_of(sort=sort or None), *arguments))

    def _projection(self, index: Document) -> Arguments:
        projection = index.get("projection", {"type": "ALL"})
        if projection["type"] == "ALL":
            return ()
        if projection["type"] == "KEYS_ONLY":
            return arguments_of(projection="keys")
        entity = self._entity.entity_attribute if self._entity.entity else ""
        names = [self._names.get(name, name) for name in projection["attributes"] if name != entity]
        return arguments_of(projection=names) if names else arguments_of(projection="keys")


def classes_of_table(document: Document, entities: Sequence[EntitySource], taken: Collection[str]) -> list[ClassSource]:
    """The classes of the entities of one table, in their order; the first has the settings.

    No field has a name of ``taken``, the names of the module.
    """
    has = [_attributes_of(entity) for entity in entities]
    indexes = [index for kind in (GLOBAL, LOCAL) for index in document.get(kind, ())]
    homeless = {index["name"] for index in indexes if not any(each.issuperset(_keys_of(index)) for each in has)}
    return [
        EntityClass(document, entity, set(taken), is_first=place == 0, homeless=homeless).source()
        for place, entity in enumerate(entities)
    ]


def _attributes_of(entity: EntitySource) -> set[str]:
    return {each.attribute for each in entity.attributes} | {each.attribute for each in entity.templates}


def _keys_of(part: Mapping[str, Any]) -> dict[str, Role]:
    """The attributes of a key, with what they are in it."""
    return {
        each["attribute_name"]: "Partition" if each["key_type"] == "HASH" else "Sort" for each in part["key_schema"]
    }


def nested_class(name: str, summary: str, attributes: Sequence[AttributeSource], taken: Collection[str]) -> ClassSource:
    """The class of a map inside an item."""
    names = FieldNames(taken)
    lines = tuple(field_line(each, names.add(each.attribute, each.preferred), "Attr") for each in attributes)
    return ClassSource(name, summary, (), lines)


def field_line(each: AttributeSource, name: str, role: Role) -> FieldLine:
    """The line of one attribute. The key of a table is never None."""
    arguments = each.arguments
    nullable = each.nullable and role == "Attr"
    if each.nullable and not nullable:
        arguments = tuple(pair for pair in arguments if pair != ("default", "None"))
    if nullable and not each.has_default:
        arguments = (("default", "None"), *arguments)
    if name != each.attribute:
        arguments = (*arguments, ("name", literal(each.attribute)))
    annotation = f"{each.type} | None" if nullable and each.type != "Any" else each.type
    return FieldLine(name, role, annotation, each.call, arguments, each.comments)


def with_entity(document: Document, entity_attribute: str) -> Document:
    """The definition that the classes of a table say where they have entities: each index holds the entity."""
    changed = dict(document)
    for kind in (GLOBAL, LOCAL):
        if kind in document:
            changed[kind] = [
                {**index, "projection": _held(index["projection"], entity_attribute)} for index in document[kind]
            ]
    return changed


def _held(projection: Document, entity_attribute: str) -> Document:
    if projection["type"] == "ALL":
        return projection
    names = [name for name in projection.get("attributes", ()) if name != entity_attribute]
    return {"type": "INCLUDE", "attributes": [*names, entity_attribute]}


def projection_notes(document: Document, entity_attribute: str) -> list[str]:
    """A sentence for each index to which `with_entity` adds the attribute."""
    return [
        f"Index {index['name']} does not hold {entity_attribute}, and the classes add it: a query by the index could "
        "not tell them apart without it. A plan of the classes shows another projection."
        for kind in (GLOBAL, LOCAL)
        for index in document.get(kind, ())
        if index["projection"]["type"] != "ALL" and entity_attribute not in index["projection"].get("attributes", ())
    ]
