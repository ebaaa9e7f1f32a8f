"""What names a table beside its own definition: policies, recipes of the project file, migrations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from dynasmith.files.definition_rename import shown_path
from dynasmith.files.definitions import definition_files
from dynasmith.files.documents import read_file
from dynasmith.project.settings import EnvironmentSettings
from dynasmith.tables.document import Node
from dynasmith.tables.substitution import real
from dynasmith.tables.variables import substitute


def mentions(settings: EnvironmentSettings, variables: Mapping[str, str], table: str) -> Iterator[str]:
    """Sentences about what still names a table (its physical name): they are for people, and nothing is changed."""
    name = settings.defined_name(table)
    yield from _policies(settings, variables, table)
    for kind, recipes in (("refresh", settings.refresh), ("erase", settings.erase)):
        for recipe, said in recipes.items():
            if name in {*said.tables, *getattr(said, "empty", ()), *getattr(said, "keep", ())}:
                yield f"[{kind}.{recipe}] of the project file names {name}."
    yield from _migrations(Path(settings.folder) / settings.migrations, name)


def _policies(settings: EnvironmentSettings, variables: Mapping[str, str], table: str) -> Iterator[str]:
    """ARNs of the table in definition files, and in the files that they name for a policy."""
    arn = re.compile(rf":table/{re.escape(table)}(?![A-Za-z0-9_.-])")
    for path in definition_files(settings.definitions)[0]:
        document = read_file(path)
        if not isinstance(document, Node):
            continue
        for node in substitute(document, variables, []).walk():
            if not isinstance(node.value, str):
                continue
            if arn.search(real(node.value)):
                yield f"{shown_path(str(path))}:{node.line}: {node.path} has the ARN of {table}."
            elif node.path.endswith("resource_policy.file"):
                policy = path.parent / real(node.value)
                if arn.search(_text(policy)):
                    yield f"{shown_path(str(policy))} has the ARN of {table}."


def _migrations(folder: Path, name: str) -> Iterator[str]:
    quoted = re.compile(rf"""(["']){re.escape(name)}\1""")
    named = [path for path in sorted(folder.glob("*")) if path.is_file() and quoted.search(_text(path))]
    if named:
        more = f" and {len(named) - 1} more" if len(named) > 1 else ""
        yield (
            f"{shown_path(str(named[-1]))}{more} in the folder of migrations "
            f"{'name' if more else 'names'} {name}: what has run stays as it is, what has not needs the new name."
        )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
