"""The definition of a live table and a sample of its items -> the class that says the table and reads the items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dynasmith.bridges.helpers import HELPERS
from dynasmith.bridges.python_names import unique_class_name
from dynasmith.bridges.sample_types import SampleTypes
from dynasmith.bridges.source import AttributeSource, ClassSource, Document, EntitySource, ModelModule
from dynasmith.bridges.table_class import classes_of_table, nested_class

Tree = dict[str, Any]
_KEY_TYPES: Final = {"S": "str", "B": "bytes"}
_EXPIRY_MAX: Final = 10**11
"""A time to live of more is not in seconds; the reader of ``ttl()`` refuses it."""


def live_module(tables: Sequence[tuple[Document, Sequence[Tree], str]]) -> ModelModule:
    """The module of the classes of these tables: definition, sample of items (DynamoDB JSON), and what the sample is,
    as the end of a sentence: "100 items of about 2,000"."""
    module = ModelModule("Model classes of live tables.")
    taken = set(HELPERS)
    for _, items, _ in tables:
        _add_names(items, taken)
    named = [(unique_class_name(document["name"], taken), document, items, said) for document, items, said in tables]
    for name, document, items, said in named:
        _LiveClass(module, name, taken).write(document, items, said)
        module.documents.append(document)
    return module


def _add_names(items: Sequence[Mapping[str, Any]], taken: set[str]) -> None:
    """The names of attributes, also inside maps: no class has the name of one, which would hide it."""
    for item in items:
        for name, value in item.items():
            taken.add(name)
            _add_inner(value, taken)


def _add_inner(value: Any, taken: set[str]) -> None:
    if "M" in value:
        _add_names([value["M"]], taken)
    for member in value.get("L", ()):
        _add_inner(member, taken)


class _LiveClass:
    def __init__(self, module: ModelModule, name: str, taken: set[str]) -> None:
        self._module, self._name, self._taken = module, name, taken
        self._nested: list[ClassSource] = []
        self._types = SampleTypes(self._map_class)

    def write(self, document: Document, items: Sequence[Tree], said: str) -> None:
        """Add the class of a table, and those of its maps before it."""
        summary = f"Items of table {document['name']}.\n\nKeys, indexes and settings are those of the table. "
        summary += f"The types of other attributes are those of {said}." if items else "No item was read."
        attributes = self._attributes(document, items)
        entity = EntitySource(self._name, tuple(attributes), summary=summary)
        classes = {each.name for each in (*self._nested, *self._module.classes)} | {self._name} | set(HELPERS)
        made = classes_of_table(document, [entity], classes)
        self._module.classes += [*self._nested, *made]

    def _attributes(self, document: Document, items: Sequence[Tree]) -> list[AttributeSource]:
        keys = {each["name"]: each["type"] for each in document["attributes"]}
        expiry = document.get("time_to_live", {}).get("attribute", "")
        names = list(dict.fromkeys([*keys, *sorted({name for item in items for name in item})]))
        found = []
        for name in names:
            values = [item[name] for item in items if name in item]
            if name in keys:
                found.append(self._key(name, keys[name], values, document, len(items)))
            elif name == expiry and (made := _expiry(name, values)):
                found.append(made)
            else:
                found.append(self._attribute(name, name, values, is_everywhere=len(values) == len(items)))
        if expiry and expiry not in names:
            found.append(AttributeSource(expiry, "datetime", nullable=True, call="ttl"))
        return found

    def _key(self, name: str, kind: str, values: Sequence[Tree], document: Document, count: int) -> AttributeSource:
        """A key of the table or of an index: its stored type is known, and no other is written."""
        type_ = _KEY_TYPES.get(kind) or (self._types.type_of(name, values).text if values else "Decimal")
        if type_ not in ("str", "bytes", "int", "Decimal"):
            type_ = _KEY_TYPES.get(kind, "Decimal")
        is_primary = any(each["attribute_name"] == name for each in document["key_schema"])
        return AttributeSource(name, type_, nullable=not is_primary and (len(values) < count or not count))

    def _attribute(self, path: str, name: str, values: Sequence[Tree], *, is_everywhere: bool) -> AttributeSource:
        found = self._types.type_of(path, values)
        is_set = found.text.startswith("set[")
        arguments = (*((("default_factory", "set"),) if is_set else ()), *found.arguments)
        nullable = (found.nullable or not is_everywhere) and not is_set
        if found.text == "Any" and nullable:
            arguments = (("default", "None"), *arguments)
        return AttributeSource(name, found.text, nullable=nullable, arguments=arguments, comments=found.comments)

    def _map_class(self, path: str, maps: Sequence[Tree]) -> str:
        names = sorted({name for each in maps for name in each})
        attributes = []
        for name in names:
            values = [each[name] for each in maps if name in each]
            attributes.append(self._attribute(f"{path}.{name}", name, values, is_everywhere=len(values) == len(maps)))
        made = unique_class_name(f"{self._name}_{path}", self._taken)
        classes = {each.name for each in (*self._nested, *self._module.classes)} | set(HELPERS)
        self._nested.append(nested_class(made, f"The map {path} of {self._name}.", attributes, classes))
        return made


def _expiry(name: str, values: Sequence[Tree]) -> AttributeSource | None:
    """``ttl()`` for the time to live, where the items have whole seconds in it."""
    contents = [value.get("N", "") for value in values if "NULL" not in value]
    if all(content.isdigit() and int(content) < _EXPIRY_MAX for content in contents):
        return AttributeSource(name, "datetime", nullable=True, call="ttl")
    return None
