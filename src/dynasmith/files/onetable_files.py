"""Schemas of dynamodb-onetable in files: JSON, JSON5, and modules of JavaScript."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from dynasmith.errors import UsageError
from dynasmith.files.javascript import SUFFIXES, javascript_exports
from dynasmith.files.json5_text import read_json5

JSON_SUFFIXES: Final = (".json", ".json5", ".jsonc")


def is_schema_file(name: str) -> bool:
    """Whether a name is that of a file that may hold a schema."""
    return Path(name).suffix.lower() in (*SUFFIXES, *JSON_SUFFIXES)


def read_onetable_schema(file: Path) -> Any:
    """The schema in a file. A module exports it as its default, or under a name of its own.

    Raises UsageError where the file is not there or cannot be read, or a module exports no schema or several.
    """
    if not file.is_file():
        raise UsageError(f"The schema file {file} does not exist.", hint="name a .json, .json5, .js or .mjs file")
    suffix = file.suffix.lower()
    if suffix in JSON_SUFFIXES:
        return read_json5(file)
    if suffix not in SUFFIXES:
        raise UsageError(f"{file} is not a schema file.", hint="name a .json, .json5, .js or .mjs file")
    found = dict(_schemas(javascript_exports(file)))
    if not found:
        raise UsageError(
            f"The module {file} exports no OneTable schema.", hint="export default {version, indexes, models}"
        )
    if "default" not in found and len(found) > 1:
        raise UsageError(
            f"The module {file} exports several schemas: {', '.join(found)}.", hint="export one as default"
        )
    return found.get("default") or next(iter(found.values()))


def _schemas(exports: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The exports that are schemas; those of a CommonJS module are in its default."""
    for name, value in exports.items():
        if _is_schema(value):
            yield name, value
        elif name == "default" and isinstance(value, Mapping):
            yield from ((inner, each) for inner, each in value.items() if _is_schema(each))


def _is_schema(value: Any) -> bool:
    return isinstance(value, Mapping) and "indexes" in value and "models" in value
