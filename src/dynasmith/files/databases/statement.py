"""One statement as a person wrote it: its end found, so that it can stand inside another one."""

import re
from typing import Final

from dynasmith.errors import UsageError

_PARTS: Final = {
    "sqlite": r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]]*\]|--[^\n]*|/\*.*?(?:\*/|\Z)|.",
    "mysql": r"'(?:[^'\\]|''|\\.)*'|\"(?:[^\"\\]|\"\"|\\.)*\"|`(?:[^`]|``)*`|--(?=\s|\Z)[^\n]*|#[^\n]*|/\*.*?\*/|.",
    "postgresql": (
        r"(?<![\w$])[eE]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*"
        r"|(?<![\w$])\$(?P<tag>(?:[A-Za-z_]\w*)?)\$.*?\$(?P=tag)\$|."
    ),
}
_COMMENT: Final = ("--", "#", "/*")


def one_statement(text: str, dialect: str) -> str:
    """The statement without semicolons and comments at its end. Raises UsageError for none, or for more than one.

    It may still end in a comment before its semicolon: whoever puts it into another statement begins a line after it.
    """
    end = None
    for found in _pieces(text, dialect):
        piece = found[0]
        if piece == ";":
            end = found.start() if end is None else end
        elif end is not None and not piece.isspace() and not _is_comment(piece, dialect):
            raise UsageError("The query holds more than one statement.", hint="give one SELECT")
    statement = text[:end].strip()
    if not statement:
        raise UsageError("The query is empty.", hint="give one SELECT")
    return statement


def _is_comment(piece: str, dialect: str) -> bool:
    return (piece.startswith(_COMMENT) and len(piece) > 1) or (dialect == "mysql" and piece == "#")


def _pieces(text: str, dialect: str) -> list[re.Match[str]]:
    pattern = re.compile(_PARTS[dialect], re.DOTALL)
    pieces = []
    at = 0
    while found := pattern.match(text, at):
        at = found.end()
        if dialect == "postgresql" and text.startswith("/*", found.start()):
            at = _after_nested(text, found.start())
            continue
        pieces.append(found)
    return pieces


def _after_nested(text: str, start: int) -> int:
    """The end of a comment of PostgreSQL, which may hold others."""
    depth = 0
    for mark in re.compile(r"/\*|\*/").finditer(text, start):
        depth += 1 if mark[0] == "/*" else -1
        if depth == 0:
            return mark.end()
    return len(text)
