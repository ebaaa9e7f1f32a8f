"""The files of the folder of migrations, parsed with ``ast``: nothing of them is run."""

from __future__ import annotations

import ast
import hashlib
from pathlib import Path
from typing import Final

from msgspec import Struct

from dynasmith.errors import UsageError
from dynasmith.migrations.file_name import read_file_name
from dynasmith.migrations.path import Files, MigrationFile, duplicates
from dynasmith.migrations.version import parse_version

_BOM: Final = b"\xef\xbb\xbf"
_DEFINES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Assign, ast.AnnAssign, ast.ImportFrom, ast.Import)


class MigrationFolder(Struct, frozen=True, kw_only=True):
    """What the folder holds. ``notes`` are files that look like migrations and are none."""

    files: Files = Files()
    notes: tuple[str, ...] = ()


def read_folder(folder: Path) -> MigrationFolder:
    """The migrations of a folder; none where there is no such folder.

    Raises UsageError for a path that is not a folder, and with every file that cannot be read, is not Python, has an
    ``async`` up or down, or has the version of another one.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(
            f"{folder} is not a folder of migrations.", hint="name a folder: migrations = ... in the project file"
        )
    found: list[MigrationFile] = []
    notes: list[str] = []
    faults: list[str] = []
    for path in sorted(folder.glob("[!.]*.py")) if folder.is_dir() else []:  # editors and systems hide theirs
        named = read_file_name(path.name)
        if named.is_odd:
            notes.append(f"{path.name} looks like a version and is none: a version is three numbers, 0.0.3_name.py.")
            continue
        try:
            parsed = parsed_file(path, named.version, named.name)
        except UsageError as error:
            faults.append(error.message)
            continue
        if parsed is not None:
            found.append(parsed)
    for key, names in duplicates(found).items():
        faults.append(f"{' and '.join(names)} are both version {key}.")
    if faults:
        raise UsageError(" ".join(faults), hint="fix the files; nothing was done")
    return MigrationFolder(files=Files(tuple(found)), notes=tuple(notes))


def checksum(content: bytes) -> str:
    """Of the text of a file, the same for CRLF and LF, with and without a byte order mark."""
    text = content.removeprefix(_BOM).replace(b"\r\n", b"\n")
    return f"sha256:{hashlib.sha256(text).hexdigest()}"


def checksums(folder: Path) -> dict[str, str]:
    """The checksum of each migration, by version or name, and of each other module of the folder, by its path there.

    Raises UsageError for what `read_folder` refuses, and for a module that cannot be read.
    """
    migrations = read_folder(folder).files.files
    found = {each.key: each.checksum for each in migrations}
    known = {each.file for each in migrations}
    for path in sorted(folder.rglob("*.py")):
        name = path.relative_to(folder).as_posix()
        if name in known or not path.is_file() or any(part.startswith(".") for part in name.split("/")):
            continue
        try:
            found[name] = checksum(path.read_bytes())
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    return found


def parsed_file(path: Path, version: str, name: str) -> MigrationFile | None:
    """The migration in a file; None for another module, which has no ``up`` at its top. Raises UsageError for a file
    that cannot be read, is not Python, has an ``async`` up or down, or a version and no ``up``."""
    if path.exists() and not path.is_file():  # to read a pipe is to wait for who writes into it
        raise UsageError(f"{path.name} cannot be read: it is not a file.")
    try:
        content = path.read_bytes()
        tree = ast.parse(content, path.name)
    except (RecursionError, MemoryError) as error:
        raise UsageError(f"{path.name} is not valid Python: an expression is nested too deeply.") from error
    except OSError as error:
        raise UsageError(f"{path.name} cannot be read: {error.strerror}.") from error
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        where = f"{path.name}:{line}" if line else path.name
        raise UsageError(f"{where} is not valid Python: {getattr(error, 'msg', error)}.") from error
    tops = {defined: node for node in tree.body if isinstance(node, _DEFINES) for defined in _names(node)}
    for word in ("up", "down"):
        if isinstance(node := tops.get(word), ast.AsyncFunctionDef):
            raise UsageError(f"{path.name}:{node.lineno}: {word} is async, and must be a plain function.")
        if isinstance(getattr(node, "value", None), ast.Constant):  # down = None
            del tops[word]
    if "up" not in tops:
        if version:
            raise UsageError(f"{path.name} has no function up.")
        return None
    parsed = parse_version(version)
    return MigrationFile(
        version=str(parsed) if parsed else "",
        name=name,
        file=path.name,
        description=_text_of(tops.get("description")) or _first_line(tree) or name.replace("_", " "),
        checksum=checksum(content),
        has_down="down" in tops,
        covers=_text_of(tops.get("covers")),
    )


def _names(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case ast.ImportFrom(names=names) | ast.Import(names=names):
            return [alias.asname or alias.name for alias in names]
    return []


def _text_of(node: ast.stmt | None) -> str:
    value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""


def _first_line(tree: ast.Module) -> str:
    return (ast.get_docstring(tree) or "").partition("\n")[0].strip()
