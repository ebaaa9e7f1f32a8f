"""What the migrations of a folder call, read from their source: steps, tables, settings and clients. Nothing is run."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

_TABLE_ARGUMENTS = {"table": 0, "copy_to": 0, "drop_table": 0, "create_table": 0}


class StepCalls(Struct, frozen=True, kw_only=True):
    """The names of called steps, of the tables that are named as texts, of the settings that ``set`` is given, and of
    the services of ``m.client``. ``unclear`` are sentences about what the source does not tell.
    """

    steps: frozenset[str] = frozenset()
    tables: frozenset[str] = frozenset()
    settings: frozenset[str] = frozenset()
    clients: frozenset[str] = frozenset()
    unclear: tuple[str, ...] = ()


def step_calls(folder: Path, steps: Iterable[str]) -> StepCalls:
    """The calls of ``steps`` in the files of a folder, helpers among them; nothing where there is no folder.

    It looks at names of methods, so that it may find more than is run, never less: a step that is called by a name that
    is made at run time is the one thing that it cannot see. Files that are not Python are passed over.
    """
    known = frozenset(steps)
    found: dict[str, set[str]] = {"steps": set(), "tables": set(), "settings": set(), "clients": set()}
    unclear: list[str] = []
    for path in sorted(folder.rglob("*.py")):
        try:
            tree = ast.parse(path.read_bytes())
        except (OSError, SyntaxError, ValueError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                _add(node, node.func.attr, known, found, unclear, path.relative_to(folder).as_posix())
    return StepCalls(**{name: frozenset(names) for name, names in found.items()}, unclear=tuple(dict.fromkeys(unclear)))


def _add(
    call: ast.Call, name: str, known: frozenset[str], found: dict[str, set[str]], unclear: list[str], file: str
) -> None:
    if name in known:
        found["steps"].add(name)
    if name == "set":
        for keyword in call.keywords:
            if keyword.arg is None:
                unclear.append(f"{file} gives set(**...) settings that only a run knows")
            else:
                found["settings"].add(keyword.arg)
    if name == "client":
        found["clients"].add(_text(call, 0) or "dynamodb")
    if name in _TABLE_ARGUMENTS:
        table = _text(call, _TABLE_ARGUMENTS[name])
        if table:
            found["tables"].add(table)
        elif name != "create_table" and (call.args or call.keywords):
            unclear.append(f"{file} names a table that only a run knows")


def _text(call: ast.Call, position: int) -> str:
    arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
    if position < len(arguments):
        argument = arguments[position]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            return argument.value
    return ""
