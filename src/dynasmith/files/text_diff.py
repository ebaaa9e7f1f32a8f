"""A unified diff of one text, as `patch` and `git apply` read it."""

import re
from difflib import unified_diff as _unified_diff
from typing import Final

_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")


def unified_diff(name: str, before: str, after: str) -> str:
    """The diff of a file from one text to another one; empty where they are equal. Line ends are those of the texts."""
    lines = _unified_diff(_LINE.findall(before), _LINE.findall(after), name, name)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
