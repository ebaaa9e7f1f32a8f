"""`ModelSchema`: what a class says about items and their table, gathered once from the class."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from pydantic import BaseModel, PydanticUserError

from dynasmith.items.encryption_envelope import is_key_name
from dynasmith.models.attribute import PLAIN, AttributeOptions, KeyRole, Stamp
from dynasmith.models.codec_factory import CodecError, bare_type, codec_of
from dynasmith.models.definition_problem import class_name, problem
from dynasmith.models.encryption_codec import EncryptionCodec
from dynasmith.models.fields import FieldCodec
from dynasmith.models.key_template import KeyTemplate
from dynasmith.models.model_index import ModelIndex
from dynasmith.models.relation import Relation
from dynasmith.models.upgrades import SHAPE_ATTRIBUTE, Upgrade, model_shape
from dynasmith.models.value_codec import (
    DecimalCodec,
    FloatCodec,
    IntCodec,
    KeyDecimalCodec,
    KeyFloatCodec,
    ScalarCodec,
    StoredCodec,
    ValueCodec,
)
from dynasmith.tables.findings import did_you_mean
from dynasmith.tables.table import KeyType

OPTIONS: Final = "__dynasmith_options__"
"""What the right sides of a class say, by field, in the class's own namespace."""
ENTITY_ATTRIBUTE: Final = "_type"
"""The attribute that says which entity of a table an item is, where the class names no other."""
_KEY_TYPES: Final[Mapping[str, KeyType]] = {"S": "S", "N": "N", "B": "B"}


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """One attribute of a key: its stored name and type, and the field or the template that gives it."""

    attribute: str
    type: KeyType
    field: FieldCodec | None = None
    template: Any = None  # a KeyTemplate, which type checkers take for a descriptor here

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that have to be known for it."""
        return (self.field.name,) if self.field else self.template.fields if self.template else ()


class ModelSchema:
    """The fields, templates, indexes and keys of one class. Making it raises DefinitionError for what cannot be."""

    def __init__(
        self,
        model: type[BaseModel],
        table: str | None,
        entity: str | None,
        settings: Mapping[str, Any],
        entity_attribute: str = ENTITY_ATTRIBUTE,
        shape: int | None = None,
        upgrades: Mapping[int, Upgrade] | None = None,
    ) -> None:
        self.model = model
        self.name = model.__qualname__
        self.place = class_name(model)
        self.table, self.entity, self.settings = table, entity, settings
        self.entity_attribute = entity_attribute
        self.shape = model_shape(shape, upgrades, self.problem)
        self.templates = {name: each for name, each in class_values(model).items() if isinstance(each, KeyTemplate)}
        self.indexes = {name: each for name, each in class_values(model).items() if isinstance(each, ModelIndex)}
        self.relations = {name: each for name, each in class_values(model).items() if isinstance(each, Relation)}
        self.fields: Mapping[str, FieldCodec] = {field.name: self._as_key(field) for field in fields_of(model)}
        self._check()

    @cached_property
    def partition(self) -> KeyPlace:
        """The partition key of the table."""
        found = self._key_places("partition")
        if len(found) != 1:
            many = " and ".join(place.attribute for place in found)
            raise self.problem("", f"has two partition keys, {many}" if found else "has no partition key", _KEY_HINT)
        return found[0]

    @cached_property
    def sort(self) -> KeyPlace | None:
        """The sort key of the table, or None."""
        found = self._key_places("sort")
        if len(found) > 1:
            raise self.problem("", f"has two sort keys, {' and '.join(place.attribute for place in found)}")
        return found[0] if found else None

    @cached_property
    def key(self) -> tuple[KeyPlace, ...]:
        """The key of the table: partition, and sort where there is one."""
        return (self.partition, self.sort) if self.sort else (self.partition,)

    @cached_property
    def key_fields(self) -> tuple[str, ...]:
        """The fields that make the key, in the order of ``key(Model, ...)``."""
        return tuple(dict.fromkeys(field for place in self.key for field in place.fields))

    @cached_property
    def known_attributes(self) -> frozenset[str]:
        """The attributes that the class reads or writes; an item may have others."""
        names = {field.attribute for field in self.fields.values()} | self.templates.keys()
        return frozenset(names.union(self._marks))

    @property
    def _marks(self) -> tuple[str, ...]:
        """The attributes with which an item says what it is: its entity, its shape."""
        entity = (self.entity_attribute,) if self.entity else ()
        return (*entity, SHAPE_ATTRIBUTE) if self.shape.is_declared else entity

    @cached_property
    def encrypted(self) -> tuple[FieldCodec, ...]:
        """The fields whose values are encrypted where they are stored."""
        return tuple(field for field in self.fields.values() if isinstance(field.codec, EncryptionCodec))

    def stamped(self, stamp: Stamp) -> tuple[FieldCodec, ...]:
        """The fields with that stamp."""
        return tuple(field for field in self.fields.values() if field.options.stamp == stamp)

    @cached_property
    def deleted(self) -> FieldCodec | None:
        """The field of ``deleted_at()``, or None: deletes of such a class are final."""
        return next(iter(self.stamped("deleted")), None)

    @cached_property
    def held_attributes(self) -> tuple[str, ...]:
        """The attributes that every index holds, so that a query by it can tell which items there are to see."""
        return (*self._marks, self.deleted.attribute) if self.deleted else self._marks

    @cached_property
    def fixed_attributes(self) -> tuple[str, ...]:
        """The attributes that an upgrade must not change: the key, the entity, the version."""
        entity = (self.entity_attribute,) if self.entity else ()
        return (*(place.attribute for place in self.key), *entity, *(f.attribute for f in self.stamped("version")))

    @cached_property
    def may_have_shape(self) -> bool:
        """Whether the attribute of the shape is one; it is not where the class has a field of that name."""
        return self.shape.is_declared or SHAPE_ATTRIBUTE not in self.known_attributes

    @cached_property
    def unique(self) -> tuple[FieldCodec, ...]:
        """The fields of which one item of the class in a table may have a value."""
        return tuple(field for field in self.fields.values() if field.options.unique)

    @cached_property
    def time_to_live(self) -> FieldCodec | None:
        """The field of ``ttl()``, or None."""
        found = [field for field in self.fields.values() if field.options.ttl]
        if len(found) > 1:
            raise self.problem(found[1].name, f"is a second time to live, beside {found[0].name}")
        return found[0] if found else None

    def place_of(self, name: str, path: str) -> KeyPlace:
        """The key attribute that the field or template ``name`` is. Raises DefinitionError where it cannot be one."""
        if name in self.templates:
            return KeyPlace(name, "S", template=self.templates[name])
        field = self.fields.get(name)
        if field is None:
            near = did_you_mean(name, [*self.fields, *self.templates])
            raise self.problem(path, f"names {name}, which is not a field or a template", near)
        self._refuse_encrypted(field, "is a key")
        kind = _key_type(field)
        if kind is None:
            raise self.problem(
                field.name,
                f"is a key, and its type is stored as {_tags(field.codec)}",
                "a key is text, a number or bytes",
            )
        return KeyPlace(field.attribute, kind, field=field)

    def problem(self, path: str, message: str, hint: str = "") -> Exception:
        """A DefinitionError about this class."""
        return problem(self.place, path, message, hint)

    def _as_key(self, field: FieldCodec) -> FieldCodec:
        """The field; where it is a number in a key, one that is always written in the same way."""
        in_index = any(field.name in (*index.partition, *index.sort) for index in self.indexes.values())
        if not (in_index or role_of(field)) or type(field.codec) not in (DecimalCodec, FloatCodec):
            return field
        return replace(field, codec=KeyFloatCodec() if isinstance(field.codec, FloatCodec) else KeyDecimalCodec())

    def _key_places(self, role: str) -> list[KeyPlace]:
        roles = {name: role_of(field) for name, field in self.fields.items()}
        names = [name for name, found in roles.items() if found == role]
        names += [name for name, each in self.templates.items() if each.role == role]
        return [self.place_of(name, name) for name in names]

    def _check(self) -> None:
        self._check_names()
        for name, each in self.templates.items():
            each.is_ordered = each.is_ordered or any(name in index.sort for index in self.indexes.values())
            for field in each.fields:
                self._check_part(name, each, field)
        for stamp in ("version", "created", "updated", "deleted"):
            self._check_stamp(stamp)
        for encrypted in self.encrypted:
            if role_of(encrypted):
                self._refuse_encrypted(encrypted, "is a key")
        for unique in self.unique:
            self._check_unique(unique)
        if self.table is not None:
            _ = self.key, self.time_to_live
            if self.deleted and self.deleted.name in self.key_fields:
                raise self.problem(self.deleted.name, "is the time of deletion, and in the key of the table")

    def _check_names(self) -> None:
        stored: dict[str, str] = {}
        for name, attribute in [
            *((f.name, f.attribute) for f in self.fields.values()),
            *((t, t) for t in self.templates),
        ]:
            if attribute in stored:
                raise self.problem(name, f"is stored as {attribute}, as is {stored[attribute]}")
            stored[attribute] = name
        if self.entity and self.entity_attribute in stored:
            raise self.problem(
                stored[self.entity_attribute],
                f"is stored as {self.entity_attribute}, which holds the entity",
                "remove the field, or name another entity_attribute=",
            )
        for name in self.relations:
            if name in self.fields:
                raise self.problem(name, "is a field and a relation", "give one of them another name")
        if self.shape.is_declared and SHAPE_ATTRIBUTE in stored:
            raise self.problem(stored[SHAPE_ATTRIBUTE], f"is stored as {SHAPE_ATTRIBUTE}, which holds the shape")

    def _refuse_encrypted(self, field: FieldCodec, what: str) -> None:
        if isinstance(field.codec, EncryptionCodec):
            raise self.problem(
                field.name,
                f"is encrypted, and {what}",
                "DynamoDB has to see it: keep a hash of the value in an attribute of its own",
            )

    def _check_part(self, name: str, each: KeyTemplate, field: str) -> None:
        codec = self.fields.get(field)
        if codec is None:
            raise self.problem(name, f"uses {field}, which is not a field", did_you_mean(field, self.fields))
        self._refuse_encrypted(codec, f"the template {name} uses it")
        if isinstance(codec.codec, FloatCodec):
            raise self.problem(name, f"uses {field}, a float: one number has many texts", "use Decimal or int")
        if not isinstance(codec.codec, ScalarCodec | StoredCodec) or codec.codec.tags == ("B",):
            raise self.problem(name, f"uses {field}, which has no text", "use text, a number, a date or an Enum")
        spec = next(part.spec for part in each.parts if part.field == field)
        if isinstance(codec.codec, IntCodec | DecimalCodec) and each.is_ordered and not spec:
            warnings.warn(
                f"{self.place}: {name} has {{{field}}}, a number without a width, so that 10 sorts before 9; "
                f"write {{{field}:08d}}.",
                UserWarning,
                stacklevel=2,
            )

    def _check_unique(self, field: FieldCodec) -> None:
        self._refuse_encrypted(field, "is unique")
        if not isinstance(field.codec, StoredCodec) and field.codec.tags not in (("S",), ("N",), ("B",)):
            raise self.problem(
                field.name, f"is unique, and is stored as {_tags(field.codec)}", "text, a number or bytes can be unique"
            )

    def _check_stamp(self, stamp: Stamp) -> None:
        fields = self.stamped(stamp)
        if stamp in _SINGLE_STAMPS and len(fields) > 1:
            raise self.problem(fields[1].name, f"is a second {_SINGLE_STAMPS[stamp]}, beside {fields[0].name}")
        for field in fields:
            if stamp == "version" and not isinstance(field.codec, IntCodec):
                raise self.problem(field.name, "is a version, and not an int")
            if stamp != "version" and "S" not in field.codec.tags and "N" not in field.codec.tags:
                raise self.problem(field.name, "is a time stamp, and not a datetime")


_SINGLE_STAMPS: Final = {"version": "version", "deleted": "time of deletion"}
_KEY_HINT: Final = 'write id: Partition[str], or pk = partition("user:{email}")'


def role_of(field: FieldCodec) -> str:
    """Which part of the table's key the annotation says that the field is; empty where none."""
    roles = [each.part for each in field.info.metadata if isinstance(each, KeyRole)]
    return next((role for role in reversed(roles) if role), "")


def _key_type(field: FieldCodec) -> KeyType | None:
    if isinstance(field.codec, StoredCodec):
        return "S"
    return _KEY_TYPES.get(field.codec.tags[0]) if len(field.codec.tags) == 1 else None


def _tags(codec: ValueCodec) -> str:
    return " or ".join(codec.tags) if len(codec.tags) < 4 else "any type"


def class_values(model: type) -> dict[str, Any]:
    """The class attributes of a class and of its bases, those of the class itself over the others."""
    values: dict[str, Any] = {}
    for base in reversed(model.__mro__):
        values.update(vars(base))
    return values


_fields: Final[dict[type, tuple[FieldCodec, ...]]] = {}


def fields_of(model: type[BaseModel]) -> tuple[FieldCodec, ...]:
    """The fields of a pydantic model in their order. Raises DefinitionError for what cannot be stored."""
    found = _fields.get(model)
    if found is None:
        if not model.__pydantic_complete__:
            try:
                model.model_rebuild()
            except (PydanticUserError, NameError) as cause:  # a name in an annotation that is not there yet
                raise problem(class_name(model), "", f"is not complete: {str(cause).splitlines()[0]}") from cause
        if model.model_config.get("extra") == "allow":
            raise problem(class_name(model), "", "has extra='allow'", "what a class does not know is kept without it")
        found = tuple(_field(model, name) for name in model.__pydantic_fields__)
        _fields[model] = found
    return found


def _field(model: type[BaseModel], name: str) -> FieldCodec:
    info = model.__pydantic_fields__[name]
    options = _options(model, name)
    kind, nullable = bare_type(info.annotation)
    try:
        codec = codec_of(kind, options, fields_of)
    except CodecError as cause:
        raise problem(class_name(model), name, f"cannot be stored: {cause}") from cause
    attribute = options.name or name
    if options.encrypted is not False:
        if options.encrypted is not True and not is_key_name(options.key_name):
            hint = 'encrypted=True, or the name of a key: encrypted="pii"'
            raise problem(class_name(model), name, f"has encrypted={options.encrypted!r}, which names no key", hint)
        codec = EncryptionCodec(codec, attribute, options.key_name, reads_plain=options.read_plain)
    elif options.read_plain:
        raise problem(class_name(model), name, "has read_plain=True and is not encrypted", "add encrypted=True")
    return FieldCodec(name, attribute, codec, nullable, info, options)


def _options(model: type, name: str) -> AttributeOptions:
    """What the right side of the field says, in the class that has the field last."""
    for base in model.__mro__:
        own = base.__dict__.get(OPTIONS, {})
        if name in own:
            options: AttributeOptions = own[name]
            return options
        if name in inspect.get_annotations(base):
            break
    return PLAIN
