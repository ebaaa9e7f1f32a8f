"""What the code of a project imports, and whether a bundle has it. Nothing is imported to find out."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from dynasmith.files.bundles.package_files import LEFT_OUT_PARTS


def module_of(name: str) -> str:
    """The top-level module that a file of a bundle is or belongs to; empty for other files."""
    top, _, rest = name.partition("/")
    if not name.endswith((".py", ".so")) or (rest and not top.isidentifier()):
        return ""
    return top if rest else top.partition(".")[0]


def missing_modules(content: Mapping[str, bytes], files: Mapping[str, Path]) -> dict[str, str]:
    """The modules that the project's files import and the bundle has not, each with the first file that imports it.

    Modules of the standard library, those at the root, and those beside the file that imports them are there. An
    import inside of ``try`` may fail, so it is not counted; tests and files that are not Python are not looked at.
    """
    modules = {module_of(name) for name in content} | sys.stdlib_module_names
    missing: dict[str, str] = {}
    for name in sorted(files):
        if not name.endswith(".py") or _is_test(name):
            continue
        folder = name.rpartition("/")[0]
        beside = {Path(other).stem for other in content if other.rpartition("/")[0] == folder}
        packages = {other[len(folder) + 1 :].partition("/")[0] for other in content if other.startswith(f"{folder}/")}
        for module in sorted(_imported(content[name])):
            top, _, rest = module.partition(".")
            ours = top == "dynasmith" and rest.partition(".")[0] in LEFT_OUT_PARTS
            if ours or top not in modules | beside | packages:
                missing.setdefault(f"{top}.{rest.partition('.')[0]}" if ours else top, name)
    return missing


def _is_test(name: str) -> bool:
    *folders, file = name.split("/")
    return "tests" in folders or file == "conftest.py" or file.startswith("test_")


def _imported(source: bytes) -> Iterator[str]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
        elif not isinstance(node, ast.Try) and not _is_for_type_checkers(node):
            waiting.extend(ast.iter_child_nodes(node))


def _is_for_type_checkers(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
