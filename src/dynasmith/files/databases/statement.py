"""One statement as a person wrote it: its end found, so that it can stand inside another one."""

import re
from typing import Final

from dynasmith.errors import UsageError

_PARTS: Final = {
    "sqlite": r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]]*\]|--[^\n]*|/\*.*?(?:\*/|\Z)|.",
    "mysql": r"'(?:[^'\\]|''|\\.)*'|\"(?:[^\"\\]|\"\"|\\.)*\"|`(?:[^`]|``)*`|--(?=\s|\Z)[^\n]*|\#[^\n]*|/\*.*?\*/|.",
    "postgresql": (
        r"(?<![\w$])[eE]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*"
        r"|(?<![\w$])\$(?P<tag>(?:[A-Za-z_]\w*)?)\$.*?\$(?P=tag)\$|."
    ),
}
_COMMENTS: Final = {"sqlite": ("--", "/*"), "mysql": ("--", "#", "/*"), "postgresql": ("--",)}


def one_statement(text: str, dialect: str) -> str:
    """The statement without semicolons and comments at its end. Raises UsageError for none, or for more than one."""
    begin = end = 0
    ended = False
    for found in _pieces(text, dialect):
        piece = found[0]
        if piece == ";":
            ended = ended or end > 0
        elif not piece.isspace() and not _is_comment(piece, dialect):
            if ended:
                raise UsageError("The query holds more than one statement.", hint="give one SELECT")
            begin = begin if end else found.start()
            end = found.end()
    if not end:
        raise UsageError("The query is empty.", hint="give one SELECT")
    return text[begin:end]


def _is_comment(piece: str, dialect: str) -> bool:
    """Whether a piece has no meaning. What MySQL calls an executable comment has one."""
    return piece.startswith(_COMMENTS[dialect]) and not piece.startswith(("/*!", "/*M!"))


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
