"""JSON Schemas (draft 2020-12) of definition and project files, made from the same trees of keys as the parser."""

from __future__ import annotations

import json
from typing import Any, Final, assert_never

from dynasmith.tables.definition_keys import DEFINITION
from dynasmith.tables.document_kinds import (
    Block,
    Boolean,
    Choice,
    DocumentKey,
    FreeForm,
    Integer,
    JsonText,
    Kind,
    ListOf,
    MapOf,
    Number,
    Policy,
    Text,
)
from dynasmith.tables.document_kinds import relaxed as without_required
from dynasmith.tables.variables import LONE_VARIABLE

_Schema = dict[str, Any]
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
# One variable may stand where a number or a boolean is expected, and in any part of a word.
_VARIABLE: Final[_Schema] = {"type": "string", "pattern": r"^\$\{[^}]+\}$"}
_PARTLY_VARIABLE: Final[_Schema] = {"type": "string", "pattern": r"\$\{[^}]+\}"}
_SECRET: Final[_Schema] = {"type": "string", "pattern": f"^{LONE_VARIABLE}$"}


def definition_schema() -> _Schema:
    """The JSON Schema of a definition file, for editors (``dynasmith schema`` prints it).

    It holds the form; the rules of the service (docs/reference/definition.md) go beyond what a schema can say.
    """
    says = "DynamoDB tables. What a table does not mention is not managed; `null` says the same."
    return schema_of(DEFINITION, "dynasmith definition file", says)


def schema_of(kind: Block, title: str, says: str) -> _Schema:
    """The JSON Schema of a file that holds one block. What the parser accepts is valid; each key that it refuses is
    not. ``says`` describes the file."""
    parts: dict[str, _Schema] = {}
    top = _block(kind, parts, relaxed=False)
    return {"$schema": DIALECT, "title": title, "description": says, **top, "$defs": dict(sorted(parts.items()))}


def _schema(kind: Kind, parts: dict[str, _Schema], *, relaxed: bool) -> _Schema:
    match kind:
        case Text():
            return {"type": "string"} if kind.empty else {"type": "string", "minLength": 1}
        case Choice():
            return {"anyOf": [{"enum": [str(word) for word in kind.words]}, _PARTLY_VARIABLE]}
        case Integer() | Number():
            bounds = {"minimum": kind.least, "maximum": kind.most}
            number = {"type": "integer" if isinstance(kind, Integer) else "number"}
            return {"anyOf": [number | {n: v for n, v in bounds.items() if v is not None}, _VARIABLE]}
        case Boolean():
            return {"anyOf": [{"type": "boolean"}, _VARIABLE]}
        case ListOf():
            each = _schema(kind.kind, parts, relaxed=relaxed)
            many = {"type": "array", "items": each} | ({"minItems": 1} if kind.filled else {})
            return {"anyOf": [each, many]} if kind.alone else many
        case MapOf():
            each = _schema(kind.kind, parts, relaxed=relaxed)
            return {"type": "object", "additionalProperties": _or_null(each) if relaxed else each}
        case FreeForm() | Policy():
            return {"type": "object"}
        case JsonText():
            return {"type": ["string", "object"]}
        case Block():
            return _reference(kind, parts, relaxed=relaxed)
        case _:
            assert_never(kind)


def _reference(kind: Block, parts: dict[str, _Schema], *, relaxed: bool) -> _Schema:
    """A reference to the block's own schema, which is made when it is first met."""
    words = [word.strip("[]") for word in kind.title.split() if word not in ("a", "an", "of", "one")]
    name = "_".join(words) + ("_override" if relaxed else "")
    if name not in parts:
        parts[name] = {}
        parts[name] = _block(kind, parts, relaxed=relaxed)
    return {"$ref": f"#/$defs/{name}"}


def _block(kind: Block, parts: dict[str, _Schema], *, relaxed: bool) -> _Schema:
    properties: dict[str, _Schema] = {}
    for key in kind.keys:
        if key.variable_only:
            schema = _SECRET
        elif kind is DEFINITION and key.name == "environments":  # what stands below is laid over a table
            schema = _schema(without_required(key.kind), parts, relaxed=True)
        else:
            schema = _schema(key.kind, parts, relaxed=relaxed)
        schema = schema if key.required else _or_null(schema)
        properties[key.name] = schema | _words(key)
        if key.aws:
            properties[key.aws] = schema | {"description": f"As {key.name}."}
    required = [_present(key) for key in kind.keys if key.required]
    whole = {"type": "object", "properties": properties, "additionalProperties": False}
    if not required:
        return whole
    if not kind.switch:
        return whole | {"allOf": required}
    off = {"properties": {"enabled": {"const": False}}, "required": ["enabled"]}
    return whole | {"anyOf": [{"allOf": required}, off]}


def _present(key: DocumentKey) -> _Schema:
    if not key.aws:
        return {"required": [key.name]}
    return {"anyOf": [{"required": [key.name]}, {"required": [key.aws]}]}


def _or_null(schema: _Schema) -> _Schema:
    if isinstance(schema.get("type"), str):
        return schema | {"type": [schema["type"], "null"]}
    if "anyOf" in schema:
        return schema | {"anyOf": [*schema["anyOf"], {"type": "null"}]}
    return {"anyOf": [schema, {"type": "null"}]} if "$ref" in schema else schema | {"type": [*schema["type"], "null"]}


def _words(key: DocumentKey) -> _Schema:
    """The description, and the default where it is a value."""
    if not key.default:
        return {"description": key.says}
    if isinstance(key.kind, Choice) and key.default in key.kind.words:
        return {"description": key.says, "default": key.default}
    try:
        return {"description": key.says, "default": json.loads(key.default)}
    except ValueError:
        return {"description": f"{key.says} Default: {key.default}."}
