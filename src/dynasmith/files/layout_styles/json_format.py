"""JSON in one style: an entry a line, indented by two; texts and numbers stay as they are written."""

from __future__ import annotations

import re

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def format_json(text: str) -> str:
    """A JSON text, which must be one, in that style."""
    found: list[str] = []
    depth = 0
    pieces = _PIECE.findall(text)
    for place, piece in enumerate(pieces):
        previous = pieces[place - 1] if place else ""
        if piece in ("}", "]"):
            depth -= 1
            found.append(piece if previous in ("{", "[") else f"\n{'  ' * depth}{piece}")
        elif piece == ",":
            found.append(",")
        elif piece == ":":
            found.append(": ")
        else:
            begins = previous in ("{", "[", ",")
            found.append(f"\n{'  ' * depth}{piece}" if begins else piece)
            depth += piece in ("{", "[")
    return "".join(found) + "\n"
