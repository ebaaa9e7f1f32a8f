"""Modules of a project's user: imported from the project's folder first, and never mixed up with another project's."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Final

from dynasmith.errors import DynasmithError, UsageError
from dynasmith.masking import masked

EXTRA: Final = 'pip install "dynasmith[models]"'
_FILES: Final = (".yaml", ".yml", ".json", ".json5", ".toml", ".tf", ".js")
_homes: Final[set[Path]] = set()
"""The folders of projects that modules were imported from in this process."""


def module_of(name: str, folder: str, *, masks: Callable[[str], str] = masked) -> ModuleType:
    """The module of that name, from ``folder`` where it is there, else from Python's search path. Importing it runs it.

    Raises UsageError that names the module where it is not found or raises something; ``masks`` hides secrets in what
    it said.
    """
    try:
        return _imported(name, Path(folder).absolute())
    except ImportError as error:
        _refuse_file(name, folder)
        hint = EXTRA if error.name == "pydantic" else f"looked in {folder} too"
        raise UsageError(masks(f"The module {name} cannot be imported: {error}."), hint=hint) from error
    except DynasmithError as error:
        raise UsageError(masks(f"The module {name} cannot be used: {error.message}"), hint=error.hint) from error
    except (Exception, SystemExit) as error:
        text = f"The module {name} raised {type(error).__name__}: {error}."
        raise UsageError(masks(text), hint="fix the module") from error


def _refuse_file(name: str, folder: str) -> None:
    """Raise UsageError where a file is named in place of a module."""
    path = Path(folder) / name
    if name.endswith(".py"):
        module = ".".join(Path(name).with_suffix("").parts)
        raise UsageError(f"{name} is a file, and a module is named.", hint=f"write {module}, without .py")
    if path.suffix in _FILES or len(Path(name).parts) > 1:
        raise UsageError(f"{name} is not a module of Python, and no such file is there.", hint=f"looked in {folder}")


def _imported(name: str, home: Path) -> ModuleType:
    top = name.partition(".")[0]
    names = _names_in(home)
    if top in names:
        for other in list(_put_aside(home, names, top)):
            del sys.modules[other]
        if str(home) in sys.path:
            sys.path.remove(str(home))
        sys.path.insert(0, str(home))
        _homes.add(home)
        importlib.invalidate_caches()
    elif str(home) not in sys.path:
        sys.path.insert(0, str(home))
    return importlib.import_module(name)


def _names_in(home: Path) -> set[str]:
    """The modules and packages that a folder may have."""
    if not home.is_dir():
        return set()
    return {each.stem if each.suffix == ".py" else each.name for each in home.iterdir()}


def _put_aside(home: Path, names: set[str], wanted: str) -> Iterator[str]:
    """The loaded modules that are not this project's, and would be taken for it: the one that is ``wanted``, and what
    other projects brought of the names that ``home`` has too, since the wanted one may import them."""
    others: dict[str, bool] = {}
    for name in list(sys.modules):
        top = name.partition(".")[0]
        if top in names and top not in others:
            files = _files_of(sys.modules.get(top))
            is_candidate = top == wanted or any(_places(each, top) & files for each in _homes)
            others[top] = is_candidate and not _places(home, top) & files
        if others.get(top):
            yield name


def _places(home: Path, top: str) -> set[Path]:
    """Where a module of that name is, if it is one of the folder."""
    return {each.resolve() for each in (home / f"{top}.py", home / top / "__init__.py", home / top)}


def _files_of(module: ModuleType | None) -> set[Path]:
    places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
    return {Path(each).resolve() for each in places if isinstance(each, str)}
