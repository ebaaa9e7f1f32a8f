"""A form of another tool where a definition file is expected: the finding that says how to import it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from dynasmith.errors import DynasmithError
from dynasmith.files.foreign_documents import read_document
from dynasmith.iac.readers.formats import form_of
from dynasmith.tables.document import Node
from dynasmith.tables.findings import DefinitionFinding

_WORDS: Final = {
    "aws-cli": "is a request or an answer of the AWS CLI (create-table, describe-table)",
    "cloudformation": "is a CloudFormation template",
    "terraform": "is a plan or a state of Terraform",
    "workbench": "is a model of NoSQL Workbench",
    "dms": "is a mapping of DMS",
}


def foreign_finding(path: Path, read: Node | DefinitionFinding) -> DefinitionFinding | None:
    """The finding for a file that is a form of another tool, also one that cannot be read as a definition (a template
    with tags); None for every other file."""
    if isinstance(read, Node):
        return _of_document(str(path), read.plain())
    try:
        return _of_document(str(path), read_document(path))
    except (DynasmithError, OSError, ValueError, RecursionError):
        return None


def _of_document(file: str, document: Any) -> DefinitionFinding | None:
    tables = document.get("tables") if isinstance(document, dict) else None
    if tables is None:
        form = form_of(document)
        if form is None:
            return None
        hint = f"dynasmith import --from {file} writes the definition"
        return DefinitionFinding(code="D002", file=file, line=1, message=f"{_WORDS[form]}, not a definition", hint=hint)
    for place, entry in enumerate(tables if isinstance(tables, list) else ()):
        if isinstance(entry, dict) and "name" not in entry and (form := form_of(entry)):
            hint = "put it into a file of its own: dynasmith import --from FILE writes the definition"
            message = f"{_WORDS[form]}, not a definition"
            return DefinitionFinding(code="D002", file=file, line=1, message=f"tables[{place}] {message}", hint=hint)
    return None
