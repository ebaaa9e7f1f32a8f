"""`ItemCodec`: the items of one class as instances and back, by code that is generated from the class.

The generated code does the common case; for anything else (a missing attribute, NULL, another type) the general way of
each field looks, so the code decides how fast and never what. User validators do not run when an item is read: types
are checked by their tags.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

from dynasmith.errors import ItemInvalid
from dynasmith.models.code_names import CodeNames
from dynasmith.models.encryption_codec import EncryptionCodec
from dynasmith.models.fields import FieldCodec, reading_code, writing_code
from dynasmith.models.instance import LOADED, item_maker, loaded_tree, slot_of, slot_setters
from dynasmith.models.schema import KeyPlace, ModelSchema
from dynasmith.models.upgrades import SHAPE_ATTRIBUTE
from dynasmith.models.value_codec import Tree


class ItemCodec:
    """Reads and writes the items of one class. Items are DynamoDB JSON, parsed, with binary as base64 text."""

    def __init__(self, schema: ModelSchema) -> None:
        self.schema = schema
        self._fields = tuple(schema.fields.values())
        self._make = item_maker(schema.model)

    @cached_property
    def read(self) -> Callable[[Tree], Any]:
        """The instance of an item; it keeps the item. Raises ItemInvalid with model, key and attribute."""
        names = CodeNames()
        body = [f"d = {reading_code(self._fields, 't', names)}", *self._making_code(names)]
        if self.schema.may_have_shape:  # of another shape: the general way looks
            shape = self.schema.shape.stored
            of_another = f"t.get({SHAPE_ATTRIBUTE!r}) != {shape!r}" if shape else f"{SHAPE_ATTRIBUTE!r} in t"
            body.insert(0, f"if {of_another}: raise LookupError")
        source = [
            "def made(t):",
            "try:",
            *(f" {line}" for line in body),
            "except Exception:",
            f" return {names.add(self._read)}(t)",
        ]
        read: Callable[[Tree], Any] = names.function("\n ".join(source))
        return read

    def read_part(self, tree: Tree, attributes: Iterable[str]) -> Any:
        """The instance of an item of which only these attributes were read; the other fields raise NotLoaded.

        Raises ItemInvalid for a part of an item of an older shape, which cannot be upgraded.
        """
        read = set(attributes)
        self.upgraded(tree, is_part=True)
        return self._make(self._values(tree, [field for field in self._fields if field.attribute in read]), tree)

    def reader(self, attributes: frozenset[str] | None) -> Callable[[Tree], Any]:
        """What makes instances of items of which these attributes are read; None is all of them."""
        if attributes is None or attributes.issuperset(field.attribute for field in self._fields):
            return self.read
        return lambda tree: self.read_part(tree, attributes)

    @cached_property
    def write(self) -> Callable[[Any], Tree]:
        """The item of an instance: its fields, what its templates make, and what was read and the class does not know.

        Raises ItemInvalid with model, key and attribute, NotLoaded where a field was not read.
        """
        names = CodeNames()
        marks = ", ".join(f"{name!r}: {value!r}" for name, value in self._marks().items())
        lines = ["try:", " d = i.__dict__"]
        lines += [f" {line}" for line in writing_code(self._fields, "d", marks, names)]
        lines += ["except Exception:", f" t = {names.add(self._tree)}(i)"]
        if self.schema.templates:
            lines.append(f"t.update({names.add(self.rendered)}(i))")
        slot, known = slot_of(self.schema.model, LOADED), names.add(self.schema.known_attributes)
        lines += ["try:", f" l = {names.add(slot.__get__)}(i)", "except AttributeError:", " return t"]
        lines += [f"if l is not None and not {known}.issuperset(l):"]
        lines += [f" t.update({{n: l[n] for n in l.keys() - {known}}})", "return t"]
        write: Callable[[Any], Tree] = names.function("\n ".join(["def made(i):", *lines]))
        return write

    def encoded(self, field: FieldCodec, item: Any) -> Tree | None:
        """The stored value of one field of an instance; None where it is absent. Raises ItemInvalid."""
        tree: Tree = {}
        try:
            field.write(item.__dict__, tree)
        except ItemInvalid as cause:
            raise self._invalid(cause.message, cause.attribute, self._shown_key(item), cause) from cause
        return tree.get(field.attribute)

    def copy_with(self, item: Any, values: Mapping[str, Any]) -> Any:
        """The same instance with other values by field, which are not validated."""
        return self._make({**item.__dict__, **values}, loaded_tree(item))

    def key(self, item: Any) -> Tree:
        """The key of an instance. Raises ItemInvalid where a part of it has no value."""
        return self.key_of(item.__dict__)

    def key_of(self, values: Mapping[str, Any]) -> Tree:
        """The key of these values by field. Raises ItemInvalid where a part of it has no value."""
        key = {}
        for place in self.schema.key:
            stored = self.key_value(place, values)
            if stored is None:
                missing = ", ".join(name for name in place.fields if values.get(name) is None)
                raise self._invalid(f"the key {place.attribute} needs {missing}", place.attribute, {})
            key[place.attribute] = stored
        return key

    def key_value(self, place: KeyPlace, values: Mapping[str, Any]) -> Tree | None:
        """One attribute of a key for these values; None where a part of it is None or not given."""
        if any(values.get(name) is None for name in place.fields):
            return None
        try:
            if place.template is not None:
                text = place.template.render(values)
                return None if text is None else {"S": text}
            assert place.field is not None
            return place.field.encode(values[place.field.name])
        except ItemInvalid as cause:
            named = cause.message if place.field is None else f"{place.field.name}: {cause.message}"
            raise self._invalid(named, place.attribute, {}, cause) from cause

    def rendered(self, item: Any) -> dict[str, Tree]:
        """What the templates make of an instance; the attributes of one index together, or none of them.

        Raises ItemInvalid where the table's own key lacks a part, NotLoaded where a part was not read.
        """
        for each in self.schema.templates.values():
            for field in each.fields:
                if field not in item.__dict__:
                    getattr(item, field)  # raises NotLoaded
        return self.rendered_of(item.__dict__, self.schema.templates)

    def rendered_of(self, values: Mapping[str, Any], templates: Iterable[str]) -> dict[str, Tree]:
        """The same of these values by field, for some of the templates."""
        made = {name: text for name in templates if (text := self._text(name, values)) is not None}
        asked, indexed, whole = set(templates), set[str](), set[str]()
        for index in self.schema.indexes.values():
            parts = (*index.partition, *index.sort)
            names = [name for name in parts if name in asked]
            # A field that is not known here stays as it is in the item.
            plain = [name for name in parts if name not in self.schema.templates]
            indexed.update(names)
            if all(name in made for name in names) and all(values.get(name, "") is not None for name in plain):
                whole.update(names)
        roles = {name for name, each in self.schema.templates.items() if each.role}
        return {name: text for name, text in made.items() if name in whole or name in roles or name not in indexed}

    def _text(self, name: str, values: Mapping[str, Any]) -> Tree | None:
        each = self.schema.templates[name]
        try:
            text = each.render(values)
        except ItemInvalid as cause:
            raise self._invalid(cause.message, cause.attribute, {}, cause) from cause
        if text is not None:
            return {"S": text}
        if each.role:
            missing = ", ".join(part for part in each.fields if values.get(part) is None)
            raise self._invalid(f"the key {name} needs {missing}", name, {})
        return None

    def describe_key(self, tree: Mapping[str, Any]) -> dict[str, object]:
        """The key of an item in plain Python, as far as it can be seen: for messages."""
        shown: dict[str, object] = {}
        for place in self.schema.key:
            value = tree.get(place.attribute)
            if isinstance(value, dict) and value:
                shown[place.attribute] = next(iter(value.values()))
        return shown

    def _read(self, tree: Tree) -> Any:
        """The general way of ``read``: it finds defaults, and says which attribute is wrong."""
        current = self.upgraded(tree)
        return self._make(self._values(current, self._fields), current)

    def upgraded(self, tree: Tree, *, is_part: bool = False) -> Tree:
        """The item in the shape of the class; the same tree where it has it. Raises ItemInvalid where it cannot be."""
        if not self.schema.may_have_shape:
            return tree
        shape = self.schema.shape
        try:
            number = shape.of(tree)
            if number == shape.number:
                return tree
            if is_part:
                raise ItemInvalid(
                    f"a part of it was read, and an upgrade from shape {number} to {shape.number} needs all of it.",
                    hint="read whole items, or bring the table up to date with a backfill first",
                    attribute=SHAPE_ATTRIBUTE,
                )
            made = shape.upgraded(tree, self.schema.fixed_attributes, shows_values=not self.schema.encrypted)
        except ItemInvalid as cause:
            raise self._invalid(cause.message, cause.attribute, self.describe_key(tree), cause) from cause
        for field in self.schema.encrypted:
            name = field.attribute
            if isinstance(field.codec, EncryptionCodec) and name in made and made[name] is not tree.get(name):
                made[name] = field.codec.sealed(made[name])
        return made

    def _marks(self) -> Tree:
        """What an item says about itself: its entity, and its shape where that is not the first."""
        entity, shape = self.schema.entity, self.schema.shape.stored
        marks: Tree = {self.schema.entity_attribute: {"S": entity}} if entity else {}
        return {**marks, SHAPE_ATTRIBUTE: shape} if shape else marks

    def _making_code(self, names: CodeNames) -> list[str]:
        """Lines that make and return an instance of the values ``d`` and the item ``t``."""
        model = self.schema.model
        if model.__private_attributes__:
            return [f"return {names.add(self._make)}(d, t)"]
        slots = zip(slot_setters(model), ("d", names.add(set(self.schema.fields)), "None", "None", "t"), strict=True)
        lines = [f"i = {names.add(model.__new__)}({names.add(model)})"]
        return [*lines, *(f"{names.add(setter)}(i, {value})" for setter, value in slots), "return i"]

    def _values(self, tree: Tree, fields: Iterable[FieldCodec]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        try:
            for field in fields:
                field.read(tree, values)
        except ItemInvalid as cause:
            raise self._invalid(cause.message, cause.attribute, self.describe_key(tree), cause) from cause
        return values

    def _tree(self, item: Any) -> Tree:
        tree: Tree = self._marks()
        try:
            for field in self._fields:
                if field.name not in item.__dict__:
                    getattr(item, field.name)  # raises NotLoaded
                field.write(item.__dict__, tree)
        except ItemInvalid as cause:
            raise self._invalid(cause.message, cause.attribute, self._shown_key(item), cause) from cause
        return tree

    def _shown_key(self, item: Any) -> dict[str, object]:
        try:
            return self.describe_key(self.key(item))
        except ItemInvalid:
            return {}

    def _invalid(
        self, message: str, attribute: str, key: Mapping[str, object], cause: ItemInvalid | None = None
    ) -> ItemInvalid:
        named = ", ".join(f"{name}={value!r}" for name, value in key.items())
        where = f"{self.schema.name} ({named})" if named else self.schema.name
        hint = cause.hint if cause else ""
        return ItemInvalid(f"{where}, {message}", hint=hint, model=self.schema.name, key=key, attribute=attribute)
