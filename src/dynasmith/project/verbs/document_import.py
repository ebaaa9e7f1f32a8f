"""`import --from FILE`: definitions out of templates, states, requests and models of other tools."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dynasmith.errors import UsageError
from dynasmith.files.foreign_documents import is_document_file, read_document
from dynasmith.iac.readers.foreign_tables import ForeignTables
from dynasmith.iac.readers.formats import FORMS, foreign_tables, form_of
from dynasmith.project.world import World


def document_of(world: World, source: str) -> tuple[Any, str] | None:
    """The document that a source names, and how errors name it; None where the source is no such file, or holds none
    of these forms."""
    form, _, name = source.partition(":")
    if form not in FORMS:
        form, name = "", source
    if not form and not is_document_file(name):
        return None
    path = Path(name) if Path(name).exists() else Path(world.settings.folder) / name
    if path.is_dir():
        raise UsageError(f"{name} is a folder.", hint="name a file")
    if not form and not path.is_file():
        return None
    if not path.is_file():
        raise UsageError(f"The file {name} does not exist.", hint=f"{form}:FILE")
    document = read_document(path)
    return (document, name) if form or form_of(document) else None


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
