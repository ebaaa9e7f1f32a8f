"""A file of migrations as a module, with the modules beside it: nothing is put on ``sys.path``."""

from __future__ import annotations

import hashlib
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from dynasmith.errors import UsageError
from dynasmith.files.migrations.folder import checksum
from dynasmith.migrations.path import MigrationFile

PREFIX: Final = "_dynasmith_migration_"
"""Of the names of the modules of migrations in ``sys.modules``."""


class LoadedMigration:
    """A module of a migration. ``imports`` are the checksums of the neighbours that it imported, by file name."""

    def __init__(self, file: MigrationFile, module: ModuleType, imports: Mapping[str, str]) -> None:
        self.file, self.module, self.imports = file, module, dict(imports)

    def function(self, name: str) -> Callable[..., Any] | None:
        """The function ``up`` or ``down``; None where the module has none."""
        found = getattr(self.module, name, None)
        return found if callable(found) else None


def refuse_deferred(returned: Any, file: str, name: str) -> None:
    """Raise UsageError where a function gave a generator or a coroutine: nothing of its code ran."""
    if inspect.isgenerator(returned) or inspect.isawaitable(returned) or inspect.isasyncgen(returned):
        if inspect.iscoroutine(returned):
            returned.close()  # else Python warns of it
        raise UsageError(f"{name} of {file} gave a {type(returned).__name__}: nothing of it ran.",
                         hint="make it a plain function, without yield and await")  # fmt: skip


@contextmanager
def loaded(folder: Path, file: MigrationFile) -> Iterator[LoadedMigration]:
    """The module of a file, run now. Its neighbours can be imported by their names while this is open, and shadow no
    package outside the folder. Raises UsageError where it cannot be loaded, or was changed since it was listed."""
    path = folder / file.file
    if checksum(path.read_bytes()) != file.checksum:
        raise UsageError(f"{file.file} was changed while the command ran.", hint="run it again; nothing of it was done")
    name = module_name(folder, file)
    finder = _Neighbours(folder)
    before = {each: sys.modules.pop(each) for each in finder.names() if each in sys.modules}
    parts = _Parts(finder)
    sys.meta_path.insert(0, parts)
    sys.meta_path.append(finder)
    try:
        yield LoadedMigration(file, _run(name, path), finder.checksums)
    finally:
        sys.meta_path.remove(finder)
        sys.meta_path.remove(parts)
        for each in finder.imported:
            sys.modules.pop(each, None)
        sys.modules.pop(name, None)
        sys.modules.update(before)


def module_name(folder: Path, file: MigrationFile) -> str:
    """The name of the module of a migration in ``sys.modules``: no package has it."""
    home = hashlib.blake2b(str(folder.resolve()).encode(), digest_size=4).hexdigest()
    return f"{PREFIX}{home}_{re.sub(r'[^0-9A-Za-z]', '_', file.key)}"


def _run(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path, loader=_Source(name, str(path)))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses of a module with future annotations look for it there
    try:
        spec.loader.exec_module(module)
    except UsageError:
        raise
    except (Exception, SystemExit) as error:
        raise UsageError(
            f"{path.name} cannot be loaded: {type(error).__name__}: {error}.", hint="fix the file; nothing was done"
        ) from error
    return module


class _Source(importlib.machinery.SourceFileLoader):
    """Reads the source each time: byte code that is kept counts as new within the second of a change."""

    def path_stats(self, path: str) -> Mapping[str, Any]:
        """Raise OSError: then byte code is neither read nor written."""
        raise OSError(path)


class _Neighbours(importlib.abc.MetaPathFinder):
    """Finds the modules of one folder, behind all that Python finds by itself."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.imported: set[str] = set()
        self.checksums: dict[str, str] = {}

    def names(self) -> Iterator[str]:
        """The names of modules and packages of the folder that nothing else has."""
        for path in self._folder.glob("*.py"):
            if path.stem.isidentifier() and self._is_ours(sys.modules.get(path.stem)):
                yield path.stem

    def _is_ours(self, module: ModuleType | None) -> bool:
        return str(getattr(module, "__file__", None) or "").startswith(str(self._folder.resolve()))

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The module of that name in the folder."""
        del target
        found = importlib.machinery.PathFinder.find_spec(fullname, [str(self._folder)] if path is None else list(path))
        origin = Path(found.origin) if found is not None and found.origin else None
        if found is None or origin is None or not origin.is_relative_to(self._folder):
            return None
        if isinstance(found.loader, importlib.machinery.SourceFileLoader):
            found.loader = _Source(fullname, str(origin))
        self.imported.add(fullname)
        self.checksums[origin.relative_to(self._folder).as_posix()] = checksum(origin.read_bytes())
        return found


class _Parts(importlib.abc.MetaPathFinder):
    """Finds the modules of packages that are neighbours, before Python finds them by itself: they too are read each
    time, counted, and forgotten afterwards."""

    def __init__(self, neighbours: _Neighbours) -> None:
        self._neighbours = neighbours

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The module of that name in a package that is a neighbour."""
        if path is None or fullname.rpartition(".")[0] not in self._neighbours.imported:
            return None
        return self._neighbours.find_spec(fullname, path, target)
