"""`import --from FILE`: definitions out of templates, states, requests and models of other tools."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from dynasmith.errors import UsageError
from dynasmith.files.foreign_documents import is_document_file, read_document
from dynasmith.iac.readers.foreign_tables import ForeignTables
from dynasmith.iac.readers.formats import FORMS, foreign_tables, form_of
from dynasmith.iac.readers.raw_forms import refuse_raw_document, refuse_raw_name
from dynasmith.project.world import World

DEFINITIONS: Final = "tables-config"
"""The form of definition files, `tables_config.json` among them."""


def document_of(world: World, source: str) -> tuple[Any, str] | None:
    """The document that a source names, and how errors name it; None where the source is no such file, or holds none
    of these forms. Raises UsageError for a file that only its own tool reads."""
    form, _, name = source.partition(":")
    if form not in FORMS:
        form, name = "", source
    refuse_raw_name(name)
    if not form and not is_document_file(name):
        return None
    path = file_of(world, name)
    if not form and not path.is_file():
        return None
    if not path.is_file():
        raise UsageError(f"The file {name} does not exist.", hint=f"{form}:FILE")
    document = read_document(path)
    if form or form_of(document):
        return document, name
    refuse_raw_document(document, name)
    if path.suffix.lower() != ".json":
        raise UsageError(f"{name} has none of the forms that are read.", hint=f"forms: {', '.join(FORMS)}")
    return None


def definition_file(world: World, source: str) -> Path | None:
    """The definition file that a source names (`tables_config.json`, also as ``tables-config:FILE``); None where it is
    not one."""
    form, _, name = source.partition(":")
    named = form == DEFINITIONS
    if not named and not is_document_file(source):
        return None
    path = file_of(world, name if named else source)
    if not path.is_file():
        if named:
            raise UsageError(f"The file {name} does not exist.", hint=f"{DEFINITIONS}:FILE")
        return None
    return path if named or _has_definitions(read_document(path)) else None


def file_of(world: World, name: str) -> Path:
    """A file that is looked for from the working directory, then from the project's folder."""
    path = Path(name) if Path(name).exists() else Path(world.settings.folder) / name
    if path.is_dir():
        raise UsageError(f"{name} is a folder.", hint="name a file")
    return path


def _has_definitions(document: object) -> bool:
    tables = document.get("tables") if isinstance(document, Mapping) else None
    return isinstance(tables, list) and all(isinstance(each, Mapping) and "key_schema" in each for each in tables)


def tables_of_document(
    document: object, source: str, name: str, parameters: Mapping[str, str], tables: Mapping[str, str]
) -> ForeignTables:
    """The tables of a document. Raises UsageError where there are none."""
    said = source.partition(":")[0]
    form = next((each for each in FORMS if each == said), None) or form_of(document)
    assert form is not None
    found = foreign_tables(document, name, form, parameters, tables)
    if not found.documents and not found.unresolved:
        raise UsageError(f"{name} has no table.", hint="name a file that defines one")
    return found
