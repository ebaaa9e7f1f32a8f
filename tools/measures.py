"""Measures of the code, each a number with what it counts: ``python tools/measures.py [MEASURE...] [--json]``.

Without a name every measure is taken. A measure is a function that gives findings; its number is how many there are.
``--package DIR`` measures another checkout of ``src/dynasmith``, such as the parent commit's.
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
JOB_FOLDERS = ("jobs", "engine", "project")
"""Where what a job is asked to do is known."""

Measure = Callable[[Path], Iterator[str]]


def _trees(package: Path, *folders: str) -> Iterator[tuple[Path, ast.Module]]:
    for folder in folders:
        for path in sorted((package / folder).rglob("*.py")):
            yield path.relative_to(package), ast.parse(path.read_text("utf-8"))


def untyped_job_parameters(package: Path) -> Iterator[str]:
    """Keys of a job's parameters that are read from a dictionary, and fields of a spec that may hold anything."""
    for path, tree in _trees(package, *JOB_FOLDERS, "cli"):
        for node in ast.walk(tree):
            if (key := _key_of_parameters(node)) is not None:
                yield f"{path}:{node.lineno}: parameters[{key}]"  # type: ignore[attr-defined]
            if isinstance(node, ast.ClassDef) and path.parts[0] == "jobs":
                yield from (f"{path}:{each.lineno}: {node.name}.{ast.unparse(each.target)}" for each in _untyped(node))


def _key_of_parameters(node: ast.AST) -> str | None:
    """The key in ``….parameters[key]``, ``….parameters.get(key)`` or ``….parameters | {key: …}``."""
    match node:
        case ast.Subscript(value=ast.Attribute(attr="parameters"), slice=key):
            return ast.unparse(key)
        case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="parameters"), attr="get"), args=[key, *_]):
            return ast.unparse(key)
        case ast.BinOp(left=ast.Attribute(attr="parameters"), right=ast.Dict(keys=[ast.expr() as key, *_])):
            return ast.unparse(key)
    return None


def _untyped(node: ast.ClassDef) -> Iterator[ast.AnnAssign]:
    """The fields of a class whose type is, or holds, ``Any`` or ``object``; but for private classes."""
    for each in node.body:
        if isinstance(each, ast.AnnAssign) and not node.name.startswith("_"):
            names = {name.id for name in ast.walk(each.annotation) if isinstance(name, ast.Name)}
            if names & {"Any", "object"}:
                yield each


def verbs_implemented_twice(package: Path) -> Iterator[str]:
    """Functions that do again what another one does for a job that begins, and choices of a verb by its name."""
    for path, tree in _trees(package, "engine", "project"):
        if path.parts[:2] == ("engine", "db"):  # its verbs are writes of single items, and no jobs
            continue
        for node in ast.walk(tree):
            match node:
                case ast.FunctionDef(name=name) if name.endswith("_again") and name != "look_again":
                    yield f"{path}:{node.lineno}: {name}"
                case ast.Match(subject=ast.Attribute(attr="verb")):
                    yield f"{path}:{node.lineno}: match {ast.unparse(node.subject)}"
                case ast.Compare(left=ast.Attribute(attr="verb")):
                    yield f"{path}:{node.lineno}: {ast.unparse(node)}"


def import_circles_allowed(package: Path) -> Iterator[str]:
    """Imports that the contract against circles between neighbours is told to ignore."""
    import tomllib

    settings = tomllib.loads((package.parents[1] / "pyproject.toml").read_text("utf-8"))
    for contract in settings["tool"]["importlinter"]["contracts"]:
        if contract["type"] == "acyclic_siblings":
            yield from contract.get("ignore_imports", ())


def errors_not_in_docstrings(package: Path) -> Iterator[str]:
    """Public functions that raise an error that their docstring does not name. This measure imports the package."""
    sys.path.insert(0, str(package.parent))
    import docstring_errors
    import dynasmith

    assert Path(dynasmith.__file__).resolve().parent == package, f"dynasmith was imported from {dynasmith.__file__}"
    yield from docstring_errors.unnamed_errors()


MEASURES: dict[str, Measure] = {
    "untyped-job-parameters": untyped_job_parameters,
    "verbs-implemented-twice": verbs_implemented_twice,
    "import-circles-allowed": import_circles_allowed,
    "errors-not-in-docstrings": errors_not_in_docstrings,
}


def main() -> int:
    """Take the measures and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("measure", nargs="*", help=f"one of {', '.join(MEASURES)}")
    parser.add_argument("--package", type=Path, default=ROOT / "src" / "dynasmith")
    parser.add_argument("--json", action="store_true", help="print one JSON object of numbers")
    given = parser.parse_args()
    if unknown := set(given.measure) - set(MEASURES):
        parser.error(f"no measure is named {', '.join(sorted(unknown))}")
    found = {name: list(MEASURES[name](given.package.resolve())) for name in given.measure or MEASURES}
    if given.json:
        print(json.dumps({name: len(findings) for name, findings in found.items()}, indent=2))
        return 0
    for name, findings in found.items():
        print(f"{name}: {len(findings)}")
        for finding in findings:
            print(f"  {finding}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
