"""A OneTable schema -> a definition and model classes: one class for each model, all of one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from dynasmith.bridges.helpers import HELPERS
from dynasmith.bridges.onetable_field import OnetableFields
from dynasmith.bridges.onetable_params import OnetableParams
from dynasmith.bridges.onetable_template import TemplateContext, TemplateProblem, template_text, template_variables
from dynasmith.bridges.python_names import field_name, unique_class_name
from dynasmith.bridges.source import AttributeSource, ClassSource, Document, EntitySource, ModelModule, TemplateSource
from dynasmith.bridges.table_class import GLOBAL, LOCAL, classes_of_table, projection_notes, with_entity
from dynasmith.errors import UsageError

_INTERNAL: Final = ("_Migration", "_Schema", "_Unique", "_Generic")
_SCHEMA_WORDS: Final = frozenset(("format", "version", "indexes", "models", "params", "name"))
_INDEX_WORDS: Final = frozenset(("hash", "sort", "type", "project"))
_HINT: Final = "a OneTable schema has version, indexes (with primary) and models"
Field = Mapping[str, Any]


def check_schema(schema: Any, source: str) -> None:
    """Raise UsageError, which names what is missing, where this is not a OneTable schema."""
    if not isinstance(schema, Mapping):
        raise UsageError(f"{source} is not a OneTable schema.", hint=_HINT)
    for word in ("indexes", "models"):
        if not isinstance(schema.get(word), Mapping):
            raise UsageError(f"The schema {source} has no {word}.", hint=_HINT)
    primary = schema["indexes"].get("primary")
    if not isinstance(primary, Mapping) or not isinstance(primary.get("hash"), str):
        raise UsageError(f"The schema {source} has no primary index with a hash attribute.", hint=_HINT)
    for name, model in schema["models"].items():
        if not isinstance(model, Mapping) or not all(isinstance(field, Mapping) for field in model.values()):
            raise UsageError(f"Model {name} of {source} is not a map of fields.", hint=_HINT)
    if not [name for name in schema["models"] if name not in _INTERNAL]:
        raise UsageError(f"The schema {source} has no model.", hint=_HINT)


def onetable_document(schema: Mapping[str, Any], table: str) -> Document:
    """The definition of the table of a schema, as OneTable's ``createTable`` makes it, with its time to live."""
    primary = schema["indexes"]["primary"]
    document: Document = {"name": table, "attributes": [], "key_schema": _key(primary["hash"], primary.get("sort"))}
    keys = dict.fromkeys(name for name in (primary["hash"], primary.get("sort")) if name)
    lists: dict[str, list[Document]] = {GLOBAL: [], LOCAL: []}
    for name, index in schema["indexes"].items():
        if name == "primary":
            continue
        is_local = index.get("type") == "local" or not index.get("hash")
        hash_ = primary["hash"] if is_local else index["hash"]
        keys |= dict.fromkeys(each for each in (hash_, index.get("sort")) if each)
        entry = {"name": name, "key_schema": _key(hash_, index.get("sort")), "projection": _projection(index, primary)}
        lists[LOCAL if is_local else GLOBAL].append(entry)
    document |= {kind: entries for kind, entries in lists.items() if entries}
    document["attributes"] = [{"name": name, "type": _key_type(schema, name)} for name in keys]
    fields = [pair for model in schema["models"].values() for pair in model.items()]
    expiry = [str(field.get("map") or name) for name, field in fields if field.get("ttl")]
    if expiry:
        document["time_to_live"] = {"attribute": expiry[0]}
    return document


def _key(hash_: str, sort: str | None) -> list[Document]:
    parts = [{"attribute_name": hash_, "key_type": "HASH"}]
    return [*parts, {"attribute_name": sort, "key_type": "RANGE"}] if sort else parts


def _projection(index: Field, primary: Field) -> Document:
    project = index.get("project")
    if isinstance(project, list):
        names = [name for name in project if name not in (primary["hash"], primary.get("sort"))]
        return {"type": "INCLUDE", "attributes": names} if names else {"type": "KEYS_ONLY"}
    return {"type": "KEYS_ONLY"} if project == "keys" else {"type": "ALL"}


def _key_type(schema: Mapping[str, Any], attribute: str) -> str:
    for model in schema["models"].values():
        for name, field in model.items():
            if (field.get("map") or name) == attribute:
                is_number = str(field.get("type")).lower() == "number" or _is_epoch(schema, field)
                return "N" if is_number and "value" not in field else "S"
    return "S"


def _is_epoch(schema: Mapping[str, Any], field: Field) -> bool:
    params = OnetableParams.of(schema.get("params") or {})
    is_iso = bool(field.get("isoDates")) or params.iso_dates
    return str(field.get("type")).lower() == "date" and (not is_iso or bool(field.get("ttl")))


class OnetableModule:
    """Makes the module of the classes of a schema."""

    def __init__(self, schema: Mapping[str, Any], table: str, source: str) -> None:
        self._schema, self._source = schema, source
        self._params = OnetableParams.of(schema.get("params") or {})
        self._document = onetable_document(schema, table)
        self._models = {name: model for name, model in schema["models"].items() if name not in _INTERNAL}
        self.module = ModelModule(f"Model classes of the OneTable schema {source}.")
        attributes = {name for model in self._models.values() for name in model}
        self._taken = attributes | {each["name"] for each in self._document["attributes"]} | set(HELPERS)
        self._names = {name: unique_class_name(name, self._taken) for name in self._models}
        self._nested: list[ClassSource] = []
        self._fields = OnetableFields(self.module, self._params, self._taken, self._nested)
        self._keys = {each["name"] for each in self._document["attributes"]}
        self._primary = {each["attribute_name"] for each in self._document["key_schema"]}

    def write(self) -> ModelModule:
        """The module, with a note for each thing that the classes do differently or lack."""
        entities = [self._entity(name, model) for name, model in self._models.items()]
        self._note_schema()
        document = self._document
        if any(each.entity for each in entities):
            self.module.notes += projection_notes(document, self._params.type_field)
            document = with_entity(document, self._params.type_field)
        self.module.documents.append(document)
        taken = {*self._names.values(), *HELPERS, *(each.name for each in self._nested)}
        self.module.classes = [*self._nested, *classes_of_table(self._document, entities, taken)]
        return self.module

    def _entity(self, name: str, model: Mapping[str, Field]) -> EntitySource:
        type_field = self._params.type_field
        fields = {**model, **self._stamps(model)}
        is_key = type_field in self._keys
        fields.pop(type_field, None)
        context = self._context(name, fields)
        templates, attributes = self._parts(name, fields, context)
        attributes += self._packed(name, fields)
        if is_key:
            self.module.notes.append(
                f"{name}: {type_field} is the key of an index, so it is a field here, and queries do not add it."
            )
            choice = f"Literal[{name!r}]"
            attributes.append(AttributeSource(type_field, choice, arguments=(("default", repr(name)),)))
        return EntitySource(
            self._names[name],
            tuple(attributes),
            tuple(templates),
            entity="" if is_key else name,
            entity_attribute=type_field,
            summary=f"Items of the model {name}.",
        )

    def _stamps(self, model: Mapping[str, Field]) -> dict[str, Field]:
        """The fields that ``timestamps`` adds."""
        names = {"create": [self._params.created_field], "update": [self._params.updated_field]}
        found = names.get(self._params.timestamps, [])
        if self._params.timestamps == "both":
            found = [self._params.created_field, self._params.updated_field]
        return {name: {"type": "date"} for name in found if name not in model}

    def _context(self, name: str, fields: Mapping[str, Field]) -> TemplateContext:
        attributes = {
            each: str(field.get("map") or each)
            for each, field in fields.items()
            if "value" not in field and "." not in str(field.get("map") or "")
        }
        types = {each: str(field.get("type", "string")).lower() for each, field in fields.items()}
        return TemplateContext(fields, types, attributes, self._params.type_field, name, self._params.date_format)

    def _parts(
        self, name: str, fields: Mapping[str, Field], context: TemplateContext
    ) -> tuple[list[TemplateSource], list[AttributeSource]]:
        templates, attributes = [], []
        used: set[str] = set()
        keys: set[str] = set()
        for each, field in fields.items():
            if "value" not in field:
                continue
            made = self._template(f"{name}.{each}", str(field.get("map") or each), field, context)
            if isinstance(made, AttributeSource):
                attributes.append(made)
                continue
            templates.append(made)
            variables = template_variables(str(field["value"]), context)
            used |= variables
            keys |= variables if made.attribute in self._primary else set()
        for each, field in fields.items():
            if "value" in field or "." in str(field.get("map") or ""):
                continue
            attributes.append(self._attribute(name, each, field, exact=each in used, is_key=each in keys))
        return templates, attributes

    def _attribute(self, model: str, name: str, field: Field, *, exact: bool, is_key: bool) -> AttributeSource:
        attribute = str(field.get("map") or name)
        stamp = {self._params.created_field: "created_at", self._params.updated_field: "updated_at"}.get(name, "")
        made = self._fields.attribute(f"{model}.{name}", name, field, attribute=attribute, exact=exact)
        has_stamps = self._params.timestamps in ("both", {"created_at": "create", "updated_at": "update"}.get(stamp))
        if stamp and has_stamps and made.type == "datetime" and made.call == "attr":
            arguments = tuple(pair for pair in made.arguments if pair[0] != "default")
            return replace(made, call=stamp, nullable=False, arguments=arguments)
        if is_key:
            return replace(made, nullable=False, arguments=tuple(p for p in made.arguments if p != ("default", "None")))
        return made

    def _template(
        self, where: str, attribute: str, field: Field, context: TemplateContext
    ) -> TemplateSource | AttributeSource:
        """The template of a field with a value; a plain field of text where it cannot be one."""
        value = field["value"]
        try:
            if not isinstance(value, str):
                raise TemplateProblem("it is a function")
            if field_name(attribute) != attribute:
                raise TemplateProblem(f"{attribute} cannot be a name in Python")
            if str(field.get("type", "string")).lower() != "string":
                raise TemplateProblem("it is not of type string")
            return TemplateSource(attribute, template_text(value, context))
        except TemplateProblem as problem:
            shown = value if isinstance(value, str) else "a function"
            self._fields.note(where, f"the value {shown!r}", f"{problem}; set the attribute yourself")
            return self._fields.attribute(
                where, where.rpartition(".")[2], {**field, "hidden": None}, attribute=attribute
            )

    def _packed(self, model: str, fields: Mapping[str, Field]) -> list[AttributeSource]:
        """The maps that hold several fields: ``map: "data.name"``."""
        groups: dict[str, dict[str, Field]] = {}
        for name, field in fields.items():
            attribute, dot, part = str(field.get("map") or "").partition(".")
            if dot:
                groups.setdefault(attribute, {})[part] = {**field, "map": None}
                self.module.notes.append(
                    f"{model}.{name} is packed in {attribute}: the class has it as {attribute}.{part}."
                )
        made = []
        for attribute, parts in groups.items():
            kind = self._fields.map_class(f"{model}.{attribute}", parts)
            made.append(
                AttributeSource(attribute, kind, nullable=not any(part.get("required") for part in parts.values()))
            )
        return made

    def _note_schema(self) -> None:
        for word in self._schema:
            if word not in _SCHEMA_WORDS and self._schema[word]:
                self.module.notes.append(f"The schema's {word} is not taken over.")
        if (self._schema.get("params") or {}).get("hidden") is not None:
            self.module.notes.append("params.hidden is not taken over: a class has every attribute.")
        for name, index in self._schema["indexes"].items():
            if index.get("follow"):
                self.module.notes.append(
                    f"Index {name}: follow is not taken over: query the index, then read the items with db.get_many()."
                )
            for word in index:
                if word not in (*_INDEX_WORDS, "follow"):
                    self.module.notes.append(f"Index {name}: {word} is not taken over.")
