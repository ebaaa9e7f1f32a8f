"""TOML in one style: no indentation of keys, a space on either side of ``=``, a blank line before each section."""

from __future__ import annotations

import re
import tomllib

_KEY = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_ASSIGNED = re.compile(rf"(?P<key>{_KEY}(?:\s*\.\s*{_KEY})*)[ \t]*=[ \t]*(?P<value>.*)", re.DOTALL)


def format_toml(text: str) -> str:
    """A TOML text, which must be one, in that style. Comments, texts, numbers and the order stay."""
    found: list[str] = []
    for statement in _statements(text.replace("\r\n", "\n")):
        line = statement.strip(" \t\n") if "\n" not in statement else statement.lstrip(" \t").rstrip()
        if match := _ASSIGNED.fullmatch(line):
            line = f"{match['key']} = {match['value']}"
        if "\n" in line and '"""' not in line and "'''" not in line:
            line = "\n".join(each.rstrip() for each in line.split("\n"))
        if line.startswith("[") and found:
            place = len(found)
            while place and found[place - 1].startswith("#"):
                place -= 1
            if place and found[place - 1]:
                found.insert(place, "")
        if line or (found and found[-1]):
            found.append(line)
    while found and not found[-1]:
        found.pop()
    return "\n".join(found) + "\n"


def _statements(text: str) -> list[str]:
    """The lines of a text, those of one value together."""
    found: list[str] = []
    pending: list[str] = []
    for line in text.split("\n"):
        pending.append(line)
        statement = "\n".join(pending)
        if _is_whole(statement):
            found.append(statement)
            pending = []
    return found + (["\n".join(pending)] if pending else [])


def _is_whole(statement: str) -> bool:
    try:
        tomllib.loads(statement)
    except tomllib.TOMLDecodeError:
        return False
    return True
