"""What is wrong with the files of a folder of migrations, each fault a sentence; no engine is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from dynasmith.errors import UsageError
from dynasmith.files.migrations.folder import parsed_file
from dynasmith.files.migrations.loader import loaded
from dynasmith.files.project import load_project
from dynasmith.migrations.file_name import read_file_name
from dynasmith.migrations.path import LATEST, MigrationFile, duplicates
from dynasmith.migrations.version import parse_version


def folder_of(path: Path | None, directory: Path) -> tuple[Path, bool]:
    """The folder of the migrations of a project, and whether its file names another one than ``migrations``. Raises
    ProjectError."""
    file = load_project(path, directory)
    return Path(file.directory) / file.migrations, file.migrations != "migrations"


def has_files(folder: Path) -> bool:
    """Whether there is anything in the folder that may be a migration. Raises UsageError where it is not a folder."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is not a folder of migrations.")
    return any(_paths(folder))


def load_faults(folder: Path) -> Iterator[str]:
    """Files that are not Python, cannot be loaded, lack an ``up`` that takes ``m``, or are of no use."""
    files: list[MigrationFile] = []
    for path in _paths(folder):
        named = read_file_name(path.name)
        if named.is_odd:
            continue  # a fault of the order
        try:
            found = parsed_file(path, named.version, named.name)
        except UsageError as error:
            yield error.message
            continue
        if found is not None:
            files.append(found)
    for file in files:
        yield from _load(folder, file)


def order_faults(folder: Path) -> Iterator[str]:
    """Versions with two files, names that only look like one, a ``latest.py`` that stands for what is not there."""
    named = [(path.name, read_file_name(path.name)) for path in _paths(folder)]
    for name, found in named:
        if found.is_odd:
            yield f"{name} looks like a version and is none: a version is three numbers, 0.0.3_name.py."
    files = [
        MigrationFile(version=found.version, name=found.name, file=name, description="", checksum="", has_down=False)
        for name, found in named
        if found.version
    ]
    for key, names in duplicates(files).items():
        yield f"{' and '.join(names)} are both version {key}."
    yield from _latest_faults(folder, {str(parse_version(each.version)) for each in files})


def _latest_faults(folder: Path, versions: set[str]) -> Iterator[str]:
    found = [path for path in _paths(folder) if path.stem in LATEST]
    if len(found) > 1:
        yield f"{' and '.join(path.name for path in found)} are both there, and reset runs one."
    for path in found:
        try:
            latest = parsed_file(path, "", path.stem)
        except UsageError:
            continue  # a fault of the file
        if latest is not None and latest.covers and str(parse_version(latest.covers)) not in versions:
            yield f"{path.name} covers {latest.covers}, and no file has that version."


def _load(folder: Path, file: MigrationFile) -> Iterator[str]:
    with ExitStack() as stack:
        try:
            module = stack.enter_context(loaded(folder, file))
        except UsageError as error:
            yield error.message
            return
        for name in ("up", "down"):
            if (name == "up" or file.has_down) and module.function(name) is None:
                yield f"{name} of {file.file} is not a function."


def _paths(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.glob("[!.]*.py")) if folder.is_dir() else ()
