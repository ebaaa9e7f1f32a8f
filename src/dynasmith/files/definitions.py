"""Definition files -> tables: several files are one set, and every mistake is told at once."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from glob import glob, has_magic
from pathlib import Path
from typing import Any

from msgspec import Struct

from dynasmith.errors import DefinitionError
from dynasmith.files.documents import read_file, read_text
from dynasmith.files.foreign_definition import foreign_finding
from dynasmith.limits import DEFAULT_QUOTAS, Quotas
from dynasmith.tables.document import Node
from dynasmith.tables.findings import DefinitionFinding
from dynasmith.tables.parse import ParseOptions, parse
from dynasmith.tables.render import escaped
from dynasmith.tables.substitution import Variables
from dynasmith.tables.table import Table

_NOT_OF_EXPORT = "nothing was created; copy the export again, or create the table from a definition file"
_NOT_READ_BACK = "nothing was written; a raised quota belongs in [limits], anything else is a defect of dynasmith"


class Definitions(Struct, frozen=True, kw_only=True):
    """What is defined: the tables, the warnings, the files that were read, the variables they use, the model classes,
    and by table where its settings stand."""

    tables: tuple[Table, ...]
    findings: tuple[DefinitionFinding, ...] = ()
    sources: tuple[str, ...] = ()
    variables: Variables = Variables()
    models: tuple[type, ...] = ()
    places: dict[str, Node] = {}

    def table(self, name: str) -> Table | None:
        """The table of that physical name, or None."""
        return next((table for table in self.tables if table.name == name), None)


def load_definitions(
    paths: Sequence[str | os.PathLike[str]],
    environment: str = "",
    variables: Mapping[str, str] | None = None,
    *,
    prefix: str = "",
    suffix: str = "",
    quotas: Quotas = DEFAULT_QUOTAS,
    region: str = "",
    classes: Sequence[Node] = (),
) -> Definitions:
    """The tables of these files (globs too) for an environment, with their physical names.

    ``classes`` are the definitions of model classes: the environment's overrides hold for them too.
    ``variables`` serve ``${VAR}``; the environment variables of the process where none are given. ``region`` is the
    tables' own, where it is known. Raises DefinitionError with every finding of every file when one is an error. Reads
    files, calls nothing.
    """
    files, findings = definition_files(paths)
    documents: list[Node] = []
    for file in files:
        read = read_file(file)
        if foreign := foreign_finding(file, read):
            findings.append(foreign)
        elif isinstance(read, DefinitionFinding):
            findings.append(read)
        else:
            documents.append(read)
    reading = ParseOptions(
        environment=environment,
        variables=os.environ if variables is None else variables,
        prefix=prefix,
        suffix=suffix,
        quotas=quotas,
        region=region,
        read_named=_read_named,
    )
    parsed = parse(documents, reading, classes)
    findings.extend(parsed.findings)
    if any(finding.severity == "error" for finding in findings):
        raise DefinitionError(findings, hint="fix the definition and run the command again")
    return Definitions(
        tables=parsed.tables,
        findings=tuple(findings),
        sources=tuple(str(file) for file in files),
        variables=parsed.variables,
        places=parsed.places,
    )


def read_back(text: str, *, prefix: str = "", suffix: str = "", quotas: Quotas = DEFAULT_QUOTAS) -> Definitions:
    """The tables of a definition (YAML) that was made from live tables. Raises DefinitionError where the parser that
    ``plan`` uses would refuse it. Reads no file."""
    read = read_text(text, "the definition", ".yaml")
    if isinstance(read, DefinitionFinding):
        raise DefinitionError([read], hint=_NOT_READ_BACK)
    parsed = parse([read], ParseOptions(prefix=prefix, suffix=suffix, quotas=quotas))
    if parsed.errors:
        raise DefinitionError(list(parsed.errors), hint=_NOT_READ_BACK)
    return Definitions(tables=parsed.tables, findings=parsed.findings)


def exported_table(
    definition: Mapping[str, Any], file: str, *, quotas: Quotas = DEFAULT_QUOTAS, hint: str = _NOT_OF_EXPORT
) -> Table:
    """The table of the definition in the manifest of an export (what `document_of` made), under the name that it has
    there, or of another document of that form. ``file`` is named in findings. Raises DefinitionError where the
    definition is not valid. Reads no file."""
    read = read_text(json.dumps(escaped({"tables": [definition]})), file, ".json")
    if isinstance(read, DefinitionFinding):
        raise DefinitionError([read], hint=hint)
    parsed = parse([read], ParseOptions(quotas=quotas))
    if parsed.errors or not parsed.tables:
        raise DefinitionError(list(parsed.errors), hint=hint)
    return parsed.tables[0]


def definition_files(paths: Sequence[str | os.PathLike[str]]) -> tuple[list[Path], list[DefinitionFinding]]:
    """The files of some paths and globs, each once, those of a glob by name."""
    files: dict[Path, Path] = {}
    findings: list[DefinitionFinding] = []
    for path in paths:
        said = os.fspath(path)
        if not has_magic(said) or Path(said).exists():
            files.setdefault(Path(said).absolute(), Path(said))
            continue
        matches = sorted(match for match in glob(said, recursive=True) if Path(match).is_file())
        if not matches:
            findings.append(DefinitionFinding(code="D001", file=said, message="matches no file"))
        for match in matches:
            files.setdefault(Path(match).absolute(), Path(match))
    return list(files.values()), findings


def _read_named(definition: str, name: str) -> str:
    """The text of a file that a definition names, beside the definition."""
    try:
        return (Path(definition).parent / name).read_text(encoding="utf-8")
    except OSError as error:
        raise OSError(f"{name}: {error.strerror or error}") from error
