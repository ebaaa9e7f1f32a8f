"""The JSON Schemas of what people write, for editors: by the name that ``dynasmith schema`` knows them by."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from dynasmith.files.project_settings import project_schema
from dynasmith.operations.schema import operations_schema
from dynasmith.tables.schema import definition_schema

SCHEMAS: Final[Mapping[str, Callable[[], dict[str, Any]]]] = {
    "definition": definition_schema,
    "project": project_schema,
    "operations": operations_schema,
}
#: The folder of a project that holds the schemas, beside its project file. It is committed: editors need no network.
SCHEMA_FOLDER: Final = "schemas"


def schema_file(name: str) -> str:
    """The file of a schema in the folder of a project: ``schemas/definition.schema.json``."""
    return f"{SCHEMA_FOLDER}/{name}.schema.json"


def schema_text(name: str) -> str:
    """A schema as the text of its file."""
    return json.dumps(SCHEMAS[name](), indent=2, ensure_ascii=False) + "\n"


def schema_line(name: str, folder: str = "") -> str:
    """The first line of a file that tells an editor its schema; ``folder`` leads from the file's folder to that of the
    project file (``../``). TOML where the schema is that of the project file, YAML where not."""
    place = f"{folder or './'}{schema_file(name)}"
    return f"#:schema {place}\n" if name == "project" else f"# yaml-language-server: $schema={place}\n"
