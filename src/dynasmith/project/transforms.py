"""The transform that a person named: ``module:function``, an operations file, or a function itself."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from dynasmith.errors import DefinitionError, UsageError
from dynasmith.files.documents import read_file
from dynasmith.items.ctx import Context
from dynasmith.items.operations import parse_operations
from dynasmith.items.operations.document import Operations
from dynasmith.items.transform import Function
from dynasmith.tables.document_shape import number_kept
from dynasmith.tables.findings import DefinitionFinding

SUFFIXES = (".yaml", ".yml", ".json", ".toml")


def load_transform(said: str, folder: str) -> Function:
    """The transform behind ``module:function`` (found from ``folder`` too) or an operations file. Raises UsageError.

    Importing a module runs it: name only your own.
    """
    if said == UNNAMED:
        raise UsageError(
            "The job was begun with a function that it could not remember by a name.",
            hint="give it again in Python: project.jobs.resume(JOB, transform=FUNCTION)",
        )
    if said.lower().endswith(SUFFIXES):
        return _operations(operations_path(said, folder))
    module_name, colon, name = said.partition(":")
    if not colon or not module_name or not name:
        raise UsageError(
            f"{said!r} is not a transform.", hint="use module:function, or an operations file (.yaml, .json)"
        )
    try:
        module = _imported(module_name, folder)
    except ImportError as error:
        raise UsageError(
            f"The module {module_name} cannot be imported: {error}.", hint=f"looked in {folder} too"
        ) from error
    except (Exception, SystemExit) as error:
        raise UsageError(
            f"The module {module_name} raised {type(error).__name__}: {error}.", hint="fix the module"
        ) from error
    function = getattr(module, name, None)
    if not callable(function):
        raise UsageError(
            f"The module {module_name} has no function {name}.", hint="check the name; write module:function"
        )
    return with_ctx(function)


def _imported(name: str, folder: str) -> ModuleType:
    """The module of that name, from ``folder`` where it is there.

    A module of the same name that another project of this process has brought is put aside: it is another transform.
    """
    home = Path(folder).absolute()
    top = name.partition(".")[0]
    if (home / f"{top}.py").exists() or (home / top).is_dir():
        loaded = sys.modules.get(top)
        if loaded is not None and not str(getattr(loaded, "__file__", None) or "").startswith(str(home)):
            for each in [each for each in sys.modules if each == top or each.startswith(f"{top}.")]:
                del sys.modules[each]
        if str(home) in sys.path:
            sys.path.remove(str(home))
        sys.path.insert(0, str(home))
        importlib.invalidate_caches()
    elif str(home) not in sys.path:
        sys.path.insert(0, str(home))
    return importlib.import_module(name)


def operations_path(said: str, folder: str) -> Path:
    """Where an operations file is: from ``folder``, else from the working directory."""
    path = Path(said) if Path(said).is_absolute() else Path(folder) / said
    return path if path.exists() else Path(said)


def _operations(path: Path) -> Function:
    document = read_file(path)
    if isinstance(document, DefinitionFinding):
        raise DefinitionError([document], hint="fix the operations file; nothing changed")
    if lost := [node for node in document.walk() if not number_kept(node)]:
        findings = [
            DefinitionFinding(code="D007", file=node.file, line=node.line, path=node.path,
                    message=f"has more digits than a plain number keeps: {node.text[:60]}")
            for node in lost
        ]  # fmt: skip
        raise DefinitionError(findings, hint="write a number of up to 38 digits in quotes, and {cast: NAME, to: N}")
    return parse_operations(document.plain())


def with_ctx(function: Callable[..., Any]) -> Function:
    """A transform of ``(item, ctx)``; one that takes the item alone is wrapped."""
    try:
        signature = inspect.signature(function)
        signature.bind(object(), object())
    except TypeError:
        pass
    except ValueError:
        return function
    else:
        return function
    try:
        signature.bind(object())
    except TypeError as error:
        name = getattr(function, "__name__", "The transform")
        raise UsageError(f"{name} does not take an item: {error}.", hint="def transform(item, ctx): ...") from error

    return SeparateModule(function)


@dataclass(frozen=True, slots=True)
class SeparateModule:
    """A function of an item as a transform. Not a closure, so that a process of its own can be given it."""

    function: Callable[[Any], Any]

    def __call__(self, item: Any, ctx: Context) -> Any:
        """What the function makes of the item; it asks for nothing else."""
        del ctx
        return self.function(item)


def is_user_code(transform: str | Callable[..., Any] | None) -> bool:
    """Whether a transform is code of the user's; an operations file is not."""
    if isinstance(transform, str):
        return not transform.lower().endswith(SUFFIXES)
    return transform is not None and not isinstance(transform, Operations)


UNNAMED = "(a function)"
"""What a job remembers of a function that no other process can import by a name."""


def name_of(function: Callable[..., Any] | None) -> str:
    """How a job remembers a function: ``module:name`` where a new process can import it, else ``UNNAMED``."""
    if function is None:
        return ""
    module, name = getattr(function, "__module__", ""), getattr(function, "__qualname__", "")
    importable = module and name and "<" not in name and "." not in name and module != "__main__"
    return f"{module}:{name}" if importable else UNNAMED
