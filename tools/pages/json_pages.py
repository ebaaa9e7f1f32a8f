"""reference/json/: what each verb prints with ``--json``, made from the types of the documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, is_typeddict

from dynasmith.cli.json_types import backups, functions, items, migrations, tables, values
from dynasmith.cli.json_types.outputs import OUTPUTS
from dynasmith.cli.json_types.schema import ERROR, output_file, output_schema, output_schema_text
from dynasmith.documentation import SITE
from dynasmith.project.schemas import SCHEMAS, schema_text

_HEAD: Final = """\
# The JSON of --json

With `--json` a command prints one JSON document to standard output, also where it fails. Words for people, and how
far it got, go to standard error. No command prints JSON lines or events; `export TABLE -` and `scan` without `--json`
print items, a line each.

- Keys are in snake_case and end in their unit: `size_bytes`, `elapsed_ms`, `cost_dollars`. Times are RFC 3339 in UTC.
  Lists are bare arrays, oldest first. A number of an item keeps every digit.
- Keys are added, not renamed or removed: read those that you know, and ignore others.
- Exit codes are in [Exit codes](../exit-codes.md). A command that fails prints [an error](values.md#errordocument),
  whose `code` is stable and whose `docs` is [its page](../errors/index.md); one that did something for one of many
  tables prints its document.
- With `--redact` values of items are `"(hidden)"`.

`dynasmith schema output jobs list` prints the JSON Schema of one command, `dynasmith schema output error` that of
errors, and `dynasmith schema output` all of them by name. The tests hold each document that a command prints in them
against its schema. A schema is of one version, and takes no other key.

```console
$ dynasmith jobs list --json | jq -r '.[] | select(.state == "failed") | .id'
$ dynasmith schema output jobs list > jobs-list.schema.json
```

| command | prints | schema |
|---|---|---|
"""
_PARTS: Final = {
    "values": ("Errors and common values", values),
    "tables": ("Tables, plans and findings", tables),
    "items": ("Items and jobs", items),
    "migrations": ("Migrations", migrations),
    "backups": ("Backups", backups),
    "functions": ("Functions, files and the program", functions),
}


def json_pages() -> Mapping[str, str]:
    """The pages by their place: the list of commands, and one for each group of documents."""
    homes = {
        name: part for part, (_, module) in _PARTS.items() for name, kind in vars(module).items()
        if is_typeddict(kind) and kind.__module__ == module.__name__
    }  # fmt: skip
    definitions: dict[str, dict[str, Any]] = {}
    for name in (*OUTPUTS, ERROR):
        definitions |= output_schema(name).get("$defs", {})
    parts = {part: _part(part, title, definitions, homes) for part, (title, _) in _PARTS.items()}
    tree = ["", "```{toctree}", ":hidden:", "", *parts, "```", ""]
    index = _HEAD + "\n".join([*_rows(homes), *tree])
    return {"reference/json/index.md": index, **{f"reference/json/{part}.md": text for part, text in parts.items()}}


def schema_files() -> Mapping[str, str]:
    """The schemas by their place below the site."""
    outputs = {f"schemas/{output_file(name)}": output_schema_text(name) for name in (*OUTPUTS, ERROR)}
    return {**{f"schemas/{name}.schema.json": schema_text(name) for name in SCHEMAS}, **outputs}


def _rows(homes: Mapping[str, str]) -> Iterator[str]:
    for name in (*OUTPUTS, ERROR):
        schema = output_schema(name)
        forms = schema.get("anyOf", [schema])
        shapes = []
        for form in forms:
            when = form.get("description", "").rstrip(".") if "anyOf" in schema else ""
            shapes.append(f"{_kind(form, homes)}{f' {when[:1].lower()}{when[1:]}' if when else ''}")
        command = "any, where it fails" if name == ERROR else f"`{name}`"
        yield f"| {command} | {'; '.join(shapes)} | [schema]({SITE}/schemas/{output_file(name)}) |"


def _part(part: str, title: str, definitions: Mapping[str, Any], homes: Mapping[str, str]) -> str:
    lines = [f"# {title}", ""]
    for name in (each for each, home in homes.items() if home == part and each in definitions):
        lines += [f"## {name}", "", *_object(definitions[name], homes), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _object(definition: Mapping[str, Any], homes: Mapping[str, str]) -> Sequence[str]:
    required = definition.get("required", ())
    rows = [
        f"| `{key}` | {_kind(value, homes)}{'' if key in required else ', or left out'} |"
        for key, value in definition["properties"].items()
    ]
    return [definition["description"], "", "| key | value |", "|---|---|", *rows]


def _kind(value: Mapping[str, Any], homes: Mapping[str, str]) -> str:
    """The kind of a value in words, with links to objects."""
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"[{name}]({homes[name]}.md#{name.lower()})"
    if "anyOf" in value:
        return " or ".join(_kind(each, homes) for each in value["anyOf"])
    if "enum" in value:
        return ", ".join(f"`{each}`" for each in value["enum"])
    kinds = value.get("type", "any value")
    if kinds == "array":
        return f"list of {_kind(value['items'], homes) if value.get('items') else 'values'}"
    if kinds == "object":
        inner = value.get("additionalProperties")
        return f"map of names to {_kind(inner, homes)}" if isinstance(inner, dict) and inner else "map of anything"
    if str(value.get("pattern", "")).startswith(r"^\d{4}"):
        return "time"
    words = {"string": "text", "boolean": "`true`, `false`", "integer": "whole number", "null": "`null`"}
    return " or ".join(words.get(each, each) for each in ([kinds] if isinstance(kinds, str) else kinds))
