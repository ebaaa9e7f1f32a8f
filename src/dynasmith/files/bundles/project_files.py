"""The files of a project that a bundle has: those that git would keep, without secrets, records of jobs and caches."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from msgspec import Struct

from dynasmith.errors import RunError, UsageError
from dynasmith.files.bundles.secret_files import secret_reason

_NOT_SHOWN: Final = frozenset(
    (
        ".git", ".hg", ".svn", "__pycache__", "node_modules", ".venv", "venv", ".tox", ".nox", ".mypy_cache", ".idea",
        ".pytest_cache", ".ruff_cache", ".hypothesis", ".DS_Store", ".terraform", ".vscode", ".gitignore",
        ".gitattributes",
    )
)  # fmt: skip
"""What no one expects in a bundle, and what is left out without a word."""

RECORDS: Final = ".dynasmith"
"""The folder of records of jobs, journals and dead letters: items of customers."""


class ExcludedFile(Struct, frozen=True, kw_only=True):
    """A file that is not in a bundle, and why, as a clause."""

    name: str
    reason: str


class ProjectFiles(Struct, frozen=True, kw_only=True):
    """The files that go in, by their names in the zip (relative, with slashes), and those that do not, sorted."""

    files: dict[str, Path]
    left_out: tuple[ExcludedFile, ...] = ()


def project_files(
    folder: Path, *, records: tuple[Path, ...] = (), keys: tuple[Path, ...] = (), out: Path | None = None
) -> ProjectFiles:
    """What a bundle has of the project in ``folder``; only reads. ``out`` is where it will be written.

    Files that git ignores are not in it, whether the folder is in a repository or not; links that lead out of the
    folder, ``records`` (folders), ``keys`` (files), secrets and earlier bundles are not either, and are said. Raises
    RunError where git cannot tell what is ignored.
    """
    files: dict[str, Path] = {}
    left: list[ExcludedFile] = []
    root = folder.resolve()
    for name in sorted(set(_listed(folder))):
        path = folder / name
        if _NOT_SHOWN.intersection(PurePosixPath(name).parts) or name.endswith((".pyc", ".pyo")):
            continue
        if out is not None and path.absolute() == out.absolute():
            continue
        held = next((each for each in (root / RECORDS, *records) if (root / name).is_relative_to(each)), None)
        reason = "" if held else _reason(name, path, root, keys)
        if held is not None:
            within = held.relative_to(root).as_posix() if held.is_relative_to(root) else held.name
            left.append(ExcludedFile(name=f"{within}/", reason="it has records of jobs, which may hold items"))
        elif reason:
            left.append(ExcludedFile(name=name, reason=reason))
        else:
            files[name] = path
    return ProjectFiles(files=files, left_out=tuple(dict.fromkeys(left)))


def _reason(name: str, path: Path, root: Path, keys: tuple[Path, ...]) -> str:
    try:
        real = path.resolve(strict=True)
        name.encode()
    except UnicodeEncodeError:
        return "its name is not UTF-8"
    except (OSError, RuntimeError):
        return "it is a link that leads nowhere"
    if not real.is_relative_to(root):
        return "it is a link that leads out of the project"
    if not real.is_file():
        return "it is not a file"
    if real.is_relative_to(root / RECORDS):
        return "it is a link to records of jobs, which may hold items"
    if real in keys:
        return "it is a key of [crypto]"
    try:
        reason = secret_reason(name, path)
        if not reason and real != path.absolute():
            reason = secret_reason(real.relative_to(root).as_posix(), real)
        return reason or ("it is a bundle" if _is_bundle(path) else "")
    except OSError as error:
        raise RunError(
            f"{path} cannot be read: {error.strerror or error}.", hint="let git ignore it, or allow it to be read"
        ) from error


def _is_bundle(path: Path) -> bool:
    if path.suffix.lower() != ".zip" or not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return "dynasmith/version.py" in archive.namelist()


def _listed(folder: Path) -> Iterator[str]:
    """The names of files below a folder that git does not ignore."""
    git = shutil.which("git")
    if git is None:
        yield from _walked(folder)
        return
    names = _names_of_git(git, folder)
    for name in names:
        inner = folder / name
        if inner.is_dir() and not inner.is_symlink():  # a repository in the repository, or a submodule
            if not _NOT_SHOWN.intersection(PurePosixPath(name).parts):
                yield from (f"{name.rstrip('/')}/{each}" for each in _listed(inner))
        elif inner.is_symlink() or inner.exists():  # a file may be deleted and tracked still
            yield name


def _names_of_git(git: str, folder: Path) -> list[str]:
    environment = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    arguments = ["ls-files", "-z", "--others", "--exclude-standard"]
    inside = subprocess.run(
        [git, "-C", str(folder), "rev-parse", "--is-inside-work-tree"],
        env=environment,
        capture_output=True,
        check=False,
    )
    if inside.stdout.strip() == b"true":
        return _output([git, "-C", str(folder), *arguments, "--cached"], environment, folder)
    if any((each / ".git").exists() for each in (folder.resolve(), *folder.resolve().parents)):
        raise _unknown(folder, inside.stderr.decode(errors="replace"))
    with tempfile.TemporaryDirectory(prefix="dynasmith-git-") as made:
        _output([git, "init", "--quiet", "--bare", made], environment, folder)
        at = [f"--git-dir={made}", f"--work-tree={folder.resolve()}", "-c", "core.bare=false"]
        return _output([git, "-C", str(folder), *at, *arguments], environment, folder)


def _output(command: list[str], environment: dict[str, str], folder: Path) -> list[str]:
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    if done.returncode:
        raise _unknown(folder, done.stderr.decode(errors="replace"))
    return [os.fsdecode(name) for name in done.stdout.split(b"\0") if name]


def _unknown(folder: Path, why: str) -> RunError:
    first = next((line.strip() for line in why.splitlines() if line.strip()), "it does not say why")
    return RunError(
        f"git cannot list the files of {folder}: {first.rstrip('.')}.",
        hint="files that git ignores are never packed, so git must be able to tell them",
    )


def _walked(folder: Path) -> Iterator[str]:
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - _NOT_SHOWN)
        if ".gitignore" in names:
            raise UsageError(
                f"git is not installed here, and {Path(base, '.gitignore')} says what to ignore.",
                hint="install git: files that it ignores are never packed",
            )
        for name in (*names, *(each for each in folders if Path(base, each).is_symlink())):
            yield Path(base, name).relative_to(folder).as_posix()
