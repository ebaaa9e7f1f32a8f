"""What a user's signature needs and `dynasmith` does not export, and whether mypy sees two mistakes of a caller.

Run it with the interpreter of the project: ``.venv/bin/python tools/public_face.py``. Exits 1 where a name is missing
or a mistake passes.
"""

import ast
import importlib
import inspect
import subprocess
import sys
import tempfile
import typing
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import dynasmith
from dynasmith import errors, migrations, operations
from dynasmith.project.verbs.dry_runs import DryRuns
from dynasmith.project.verbs.jobs import Jobs
from dynasmith.project.verbs.replacements.replacements import Replacements

FACE: tuple[Any, ...] = (
    dynasmith.Project,
    Jobs,
    DryRuns,
    Replacements,
    dynasmith.Migrations,
    dynasmith.Backups,
    dynasmith.Lambdas,
    dynasmith.RemoteProject,
    dynasmith.RemoteMigrations,
)
"""`Project` and its groups."""
MADE_BY_DYNASMITH = (dynasmith.Plan,)
"""What a caller is given and hands back."""
PUBLIC_MODULES = (dynasmith, errors, operations, migrations)
MISTAKES = """
from dynasmith import Project
Project.load(endpont="x")
Project.load().copy("a", "b", batchsize=1)
Project.load().copy("a", "b", nonsense=True)
"""


def methods(face: type) -> Iterator[tuple[str, Any]]:
    """The public functions of a class, properties by what gets them."""
    for name, member in inspect.getmembers(face):
        if name.startswith("_"):
            continue
        member = getattr(member, "fget", None) or getattr(member, "func", None) or member
        if inspect.isfunction(member) or inspect.ismethod(member):
            yield f"{face.__name__}.{name}", inspect.unwrap(member)


def classes_in(hint: Any) -> Iterator[type]:
    """Every class of dynasmith that a type names."""
    for part in typing.get_args(hint):
        yield from classes_in(list(part) if isinstance(part, list) else part)
    if isinstance(hint, list):
        for part in hint:
            yield from classes_in(part)
    if inspect.isclass(hint) and hint.__module__.startswith("dynasmith"):
        yield hint


def needed() -> dict[str, str]:
    """Each class that a signature of the face names, by where it is needed first; with the fields of what is returned,
    and all that a caller needs to make what is taken."""
    found: dict[type, str] = {}
    todo = [("connect", inspect.unwrap(dynasmith.connect))] + [each for face in FACE for each in methods(face)]
    for where, function in todo:
        for name, hint in _hints(function).items():
            for each in classes_in(hint):
                _add(each, where, found, 1 if name == "return" or each in MADE_BY_DYNASMITH else 9)
    return {each.__name__: where for each, where in found.items()}


def _add(each: type, where: str, found: dict[type, str], levels: int) -> None:
    if each in found or each in FACE:
        return
    found[each] = where
    if levels and not issubclass(each, Enum | Exception | operations.Operation | operations.Operations | dynasmith.Job):
        for field in _of_fields(each):
            _add(field, f"{where} > {each.__name__}", found, levels - 1)


def _hints(function: Any) -> dict[str, Any]:
    return typing.get_type_hints(function, vars(sys.modules[function.__module__]) | _checked_imports(function))


def _checked_imports(function: Any) -> dict[str, Any]:
    """The names that a module imports for type checkers only."""
    tree = ast.parse(Path(inspect.getfile(function)).read_text("utf-8"))
    guarded = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    imports = [node for block in guarded for node in block.body if isinstance(node, ast.ImportFrom) and node.module]
    return {
        alias.asname or alias.name: getattr(importlib.import_module(str(node.module)), alias.name)
        for node in imports
        for alias in node.names
    }


def _of_fields(each: type) -> Iterator[type]:
    try:
        hints = typing.get_type_hints(each)
    except NameError:
        return
    for name, hint in hints.items():
        if not name.startswith("_"):
            yield from classes_in(hint)


def missing() -> dict[str, str]:
    """The needed names that no public module has."""
    public = {name for module in PUBLIC_MODULES for name in module.__dict__.get("__all__", dir(module))}
    return {name: where for name, where in needed().items() if name not in public and not name.startswith("_")}


def passing_mistakes() -> list[str]:
    """The lines with a mistake that mypy accepts."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mistakes.py"
        file.write_text(MISTAKES, encoding="utf-8")
        command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", str(file)]
        said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    lines = MISTAKES.splitlines()
    return [lines[number - 1] for number in (3, 4, 5) if f"mistakes.py:{number}: error:" not in said]


def main() -> int:
    """Print both figures."""
    names = missing()
    for name, where in sorted(names.items()):
        print(f"  {name}: {where}")
    print(f"{len(names)} names needed and not exported, of {len(needed())}")
    passed = passing_mistakes()
    for line in passed:
        print(f"  {line}")
    print(f"{len(passed)} of 3 mistakes pass mypy --strict")
    return 1 if names or passed else 0


if __name__ == "__main__":
    sys.exit(main())
