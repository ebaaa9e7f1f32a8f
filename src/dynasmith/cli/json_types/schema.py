"""The JSON Schemas of what verbs print with ``--json``, made of the types in this folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, is_typeddict

import msgspec

from dynasmith.cli.json_types import backups, functions, items, migrations, tables, values
from dynasmith.cli.json_types.outputs import OUTPUTS, EntryTypes, OutputShape
from dynasmith.cli.json_types.values import ErrorDocument
from dynasmith.documentation import SITE

ERROR: Final = "error"
"""The name of the schema of errors, beside those of verbs."""
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TYPES: Final = {
    name: kind
    for module in (values, tables, items, backups, functions, migrations)
    for name, kind in vars(module).items()
    if is_typeddict(kind)
}
_REFERENCE: Final = "#/$defs/{name}"


def output_names() -> tuple[str, ...]:
    """The words of each verb that prints JSON, in the order of the help, and `ERROR`."""
    return (*OUTPUTS, ERROR)


def output_file(name: str) -> str:
    """The file of a schema below docs/schemas: ``output/jobs-list.schema.json``."""
    return f"output/{name.replace(' ', '-')}.schema.json"


def output_schema(name: str) -> dict[str, Any]:
    """The schema of what a verb prints, or of an error. No object takes another key. Raises KeyError for another
    name."""
    shapes = (OutputShape(ErrorDocument),) if name == ERROR else OUTPUTS[name]
    forms: list[dict[str, Any]] = []
    types: list[Any] = []
    for shape in shapes:
        types += shape.type.types if isinstance(shape.type, EntryTypes) else [shape.type]
    found, definitions = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    rest = iter(found)
    for shape in shapes:
        form = _form(shape, rest)
        forms.append({"description": f"{shape.when[:1].upper()}{shape.when[1:]}.", **form} if shape.when else form)
    what = "an error" if name == ERROR else f"dynasmith {name}"
    head = {"$schema": _DIALECT, "$id": f"{SITE}/schemas/{output_file(name)}", "title": f"{what}, with --json"}
    body = forms[0] if len(forms) == 1 else {"anyOf": forms}
    closed = {key: _closed(value) for key, value in sorted(definitions.items())}
    return {**head, **body, **({"$defs": closed} if closed else {})}


def output_schema_text(name: str) -> str:
    """A schema as the text of its file."""
    return json.dumps(output_schema(name), indent=2, ensure_ascii=False) + "\n"


def _form(shape: OutputShape, found: Any) -> dict[str, Any]:
    """The schema of one shape; ``found`` gives those of its types, one after the other."""
    if not isinstance(shape.type, EntryTypes):
        return dict(next(found))
    return {"type": "array", "items": {"anyOf": [next(found) for _ in shape.type.types]}}


def _closed(definition: Mapping[str, Any]) -> dict[str, Any]:
    """An object that takes no other key, with its keys in the order in which they are printed."""
    description = " ".join(str(definition.get("description", "")).replace("``", "`").split())
    shown = {**definition, **({"description": description} if description else {})}
    if "properties" not in definition:
        return shown
    order = [name for name in _TYPES[definition["title"]].__annotations__ if name in definition["properties"]]
    return {
        **shown,
        "properties": {name: _brief(definition["properties"][name]) for name in order},
        "required": [name for name in order if name in definition["required"]],
        "additionalProperties": False,
    }


def _brief(value: Mapping[str, Any]) -> dict[str, Any]:
    """A plain type or null as one list of types."""
    forms = value.get("anyOf", ())
    if len(forms) == 2 and forms[1] == {"type": "null"} and forms[0].keys() == {"type"}:
        return {"type": [forms[0]["type"], "null"]}
    return dict(value)
