"""`init --from migrate.json`: the files of a project out of the configuration of the OneTable CLI."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from dynasmith.bridges.migrate_json import MigrateConfig, blended, migrate_config
from dynasmith.bridges.onetable import check_schema
from dynasmith.errors import UsageError
from dynasmith.files.json5_text import read_json5
from dynasmith.files.onetable_files import read_onetable_schema
from dynasmith.files.project import PROJECT_FILE
from dynasmith.project.verbs.model_import import onetable_text

MODELS_FILE = "models.py"


class NewProject(Struct, frozen=True, kw_only=True):
    """The files of a project that is to be made, by their names, and what is to be told about them.

    ``variables`` are the environment variables to set, each with what it holds: no secret is in a file.
    """

    files: dict[str, str]
    notes: tuple[str, ...] = ()
    variables: dict[str, str] = {}


def onetable_project(path: str | os.PathLike[str]) -> NewProject:
    """The project of a migrate.json or migrate.json5: dynasmith.toml, and models.py where it names a schema.

    Table, schema, params of OneTable, keys of crypto, AWS settings and profiles are taken over; passwords and access
    keys become variables. What is not taken over is in the notes. JavaScript is evaluated by node. Nothing is written.
    Raises UsageError where a file cannot be read, is not a configuration or not a schema, or names no table.
    """
    file = Path(path)
    config = _read(file)
    made = migrate_config(config, file.name)
    files = {PROJECT_FILE: made.project}
    notes = list(made.notes)
    if made.schema is None:
        notes.append(
            f"{file.name} names no schema, so there are no classes: dynasmith import --from onetable:FILE "
            f"--table {made.table} --out {MODELS_FILE} makes them."
        )
    else:
        text, more = _models(made, file)
        files[MODELS_FILE] = text
        notes += more
    return NewProject(files=files, notes=tuple(notes), variables=made.variables)


def _read(file: Path) -> dict[str, Any]:
    """The configuration with the files that it blends in, each relative to it."""
    if not file.is_file():
        raise UsageError(f"The file {file} does not exist.", hint="name the migrate.json of the OneTable CLI")
    config = read_json5(file)
    if not isinstance(config, Mapping):
        raise UsageError(
            f"{file} is not a configuration of the OneTable CLI.", hint="it is a map with name or onetable"
        )
    extra = config.get("config") or []
    merged = dict(config)
    for name in [extra] if isinstance(extra, str) else extra:
        inner = read_json5(file.parent / str(name))
        if not isinstance(inner, Mapping):
            raise UsageError(f"{file.parent / str(name)} is not a configuration of the OneTable CLI.", hint="fix it")
        merged = blended(merged, inner)
    return merged


def _models(made: MigrateConfig, file: Path) -> tuple[str, tuple[str, ...]]:
    name = made.schema if isinstance(made.schema, str) else file.name
    schema = read_onetable_schema(file.parent / made.schema) if isinstance(made.schema, str) else made.schema
    check_schema(schema, name)
    params = schema.get("params") or {}
    differing = sorted(word for word in made.params if word in params and params[word] != made.params[word])
    imported = onetable_text({**schema, "params": {**made.params, **params}}, made.table, name, "models")
    notes = tuple(f"{word} of {file.name} is not that of the schema, whose own is used." for word in differing)
    return imported.text, (*imported.notes, *notes)
