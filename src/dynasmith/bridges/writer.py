"""`ModelModule` -> the text of a Python module, formatted as the tools of Python format it."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterable, Iterator
from typing import Final

from dynasmith.bridges.helpers import HELPERS
from dynasmith.bridges.source import Arguments, AssignmentLine, ClassSource, FieldLine, ModelModule

WIDTH_CHARACTERS: Final = 120
_FUNCTIONS: Final = (
    "attr", "created_at", "gsi", "lsi", "partition", "sort", "template", "ttl", "ulid", "updated_at", "uuid", "version",
)  # fmt: skip
_TYPES: Final[tuple[str, ...]] = ("Attr", "Model", "Partition", "Sort")
_IMPORTS: Final = {
    "Any": "from typing import Any",
    "Decimal": "from decimal import Decimal",
    "Literal": "from typing import Literal",
    "UUID": "from uuid import UUID",
    "date": "from datetime import date",
    "datetime": "from datetime import datetime",
}
_PIECE: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[\[\](){},]")
_WORD: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[A-Za-z_][A-Za-z0-9_]*")


def write_module(module: ModelModule) -> str:
    """The text of the module. It imports what it uses, and a function whose name a field has under another name."""
    fields = {line.name for each in module.classes for line in each.lines}
    calls = {call: f"_{call}" if call in fields else call for call in _FUNCTIONS}
    body = "\n\n\n".join(_class(each, calls) for each in module.classes)
    names = {"Model"} | {word for each in module.classes for line in each.lines for word in _names_in(line)}
    helpers = [HELPERS[name] for name in HELPERS if name in module.helpers or name in names]
    for helper in helpers:
        names.update(helper.names)
    models = [name for name in _TYPES if name in names]
    used = {
        line.call
        for each in module.classes
        for line in each.lines
        if isinstance(line, AssignmentLine) or _is_called(line)
    }
    models += [call if name == call else f"{call} as {name}" for call, name in calls.items() if call in used]
    lines = [*module.imports, *(line for helper in helpers for line in helper.imports)]
    lines += [line for word, line in _IMPORTS.items() if word in names]
    parts = [_docstring(module.summary, module.notes, ""), *_imports(lines, models)]
    parts += [helper.code for helper in helpers]
    return "\n\n\n".join(["\n\n".join(parts[:2]), *parts[2:], body]) + "\n"


def _names_in(line: FieldLine | AssignmentLine) -> set[str]:
    """The names that the expressions of a line use."""
    expressions = [value for _, value in line.arguments]
    if isinstance(line, FieldLine):
        expressions += [line.role, line.annotation]
    return {word for each in expressions for word in _WORD.findall(each) if word[0] not in "'\""}


def _imports(lines: Iterable[str], models: list[str]) -> Iterator[str]:
    """The imports in groups: plain modules of the standard library, then the rest, then ours."""
    found = dict.fromkeys(lines)
    merged: dict[str, set[str]] = {}
    for line in found:
        if line.startswith("from "):
            module, _, imported = line.removeprefix("from ").partition(" import ")
            merged.setdefault(module, set()).update(each.strip() for each in imported.split(","))
    groups: dict[bool, list[str]] = {True: sorted(line for line in found if not line.startswith("from ")), False: []}
    for module, names in sorted(merged.items()):
        is_standard = module.partition(".")[0] in sys.stdlib_module_names
        groups[is_standard].append(f"from {module} import {', '.join(sorted(names))}")
    ours = _wrapped("from dynasmith.models import ", sorted(models, key=_import_order))
    yield "\n\n".join("\n".join(group) for group in (groups[True], groups[False], [ours]) if group)


def _import_order(name: str) -> tuple[bool, str]:
    return (not name[0].isupper(), name)


def _wrapped(head: str, names: list[str]) -> str:
    line = head + ", ".join(names)
    if len(line) <= WIDTH_CHARACTERS:
        return line
    return f"{head}(\n" + "".join(f"    {name},\n" for name in names) + ")"


def _docstring(summary: str, notes: Iterable[str], indent: str) -> str:
    lines = [line for part in summary.split("\n") for line in _filled(part, indent)]
    for note in notes:
        lines += ["", *_filled(note, indent)] if lines[-1][:2] != "- " else _filled(note, indent)
    text = "\n".join(f"{indent}{line}".rstrip() for line in lines).lstrip()
    text = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    if text.endswith('"'):
        text = f'{text[:-1]}\\"'
    end = f"\n{indent}" if "\n" in text else ""
    return f'{indent}"""{text}{end}"""'


def _filled(text: str, indent: str) -> list[str]:
    clean = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return textwrap.wrap(clean, WIDTH_CHARACTERS - len(indent) - 4, break_long_words=False) or [""]


def _class(each: ClassSource, calls: dict[str, str]) -> str:
    options = [f"{name}={value}" for name, value in each.options]
    lines = _call(f"class {each.name}(", ["Model", *options], "):", "")
    lines.append(_docstring(each.summary, (), "    "))
    if each.comments:
        lines += ["", *_comments(each.comments)]
    lines.append("")
    if not each.lines:
        lines.pop()
    for line in each.lines:
        lines += _comments(line.comments)
        lines += _line(line, calls)
    return "\n".join(lines)


def _comments(comments: Iterable[str]) -> list[str]:
    return [f"    # {line}" for comment in comments for line in _filled(comment, "      ")]


def _line(line: FieldLine | AssignmentLine, calls: dict[str, str]) -> list[str]:
    call = calls.get(line.call, line.call)
    arguments = [f"{name}={value}" for name, value in line.arguments]
    if isinstance(line, AssignmentLine):
        return _call(
            f"    {line.name} = {call}(", [each for each in (line.positional, *arguments) if each], ")", "    "
        )
    head = f"    {line.name}: {line.role}[{line.annotation}]"
    if not _is_called(line):
        return [head]
    return _call(f"{head} = {call}(", arguments, ")", "    ")


def _is_called(line: FieldLine) -> bool:
    """Whether the field has a right side."""
    return bool(line.arguments) or line.call != "attr"


def _call(head: str, arguments: list[str], tail: str, indent: str) -> list[str]:
    """A call on one line, or on three, or one line an argument."""
    line = f"{head}{', '.join(arguments)}{tail}"
    if len(line) <= WIDTH_CHARACTERS:
        return [line]
    inner = f"{indent}    {', '.join(arguments)}"
    if len(inner) <= WIDTH_CHARACTERS:
        return [head, inner, f"{indent}{tail}"]
    return [head, *(line for each in arguments for line in _spread(each, f"{indent}    ")), f"{indent}{tail}"]


def _spread(text: str, indent: str) -> list[str]:
    """An argument or a member with its comma: on one line, or one line for each member where it is a long display."""
    opening = re.match(r"[^\"'(\[{]*(?:\"[^\"]*\": )?[(\[{]", text)
    if len(indent) + len(text) < WIDTH_CHARACTERS or opening is None or text[-1] not in ")]}":
        return [f"{indent}{text},"]
    members = _members(text[opening.end() : -1])
    lines = [line for each in members for line in _spread(each, f"{indent}    ")]
    return [f"{indent}{opening.group()}", *lines, f"{indent}{text[-1]},"]


def _members(text: str) -> list[str]:
    """The members of a display, which commas part that are in no text and in no display inside."""
    members, depth, start = [], 0, 0
    for match in _PIECE.finditer(text):
        piece = match.group()
        depth += (piece in ("(", "[", "{")) - (piece in (")", "]", "}"))
        if piece == "," and not depth:
            members.append(text[start : match.start()].strip())
            start = match.end()
    return [*members, text[start:].strip()]


def literal(value: object) -> str:
    """A plain value as Python source, with double quotes where that needs no escape."""
    if isinstance(value, str):
        return f'"{value}"' if _is_simple(value) else repr(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(name)}: {literal(member)}" for name, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    return repr(value)


def _is_simple(text: str) -> bool:
    return text.isprintable() and '"' not in text and "\\" not in text


def arguments_of(**given: object) -> Arguments:
    """Plain values as arguments; None and "" are left out."""
    return tuple((name, literal(value)) for name, value in given.items() if value is not None and value != "")
