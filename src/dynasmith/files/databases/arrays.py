"""The text of an array of PostgreSQL. Source: PostgreSQL manual, "Arrays", "Array Input and Output Syntax"."""

import re
from collections.abc import Callable
from typing import Any

from dynasmith.errors import ItemInvalid


def read_array(text: str, delimiter: str, read: Callable[[str], Any]) -> list[Any]:
    """Nested lists; NULL is None. Raises ItemInvalid for an array whose bounds do not begin at 1: a list has none."""
    if not text.startswith("{"):
        raise ItemInvalid("it is an array whose bounds do not begin at 1, and a list has no bounds")
    bar = re.escape(delimiter)
    token = re.compile(rf'\s*(?:([{{}}{bar}])|"((?:[^"\\]|\\.)*)"|([^{{}}"\\{bar}]+))', re.DOTALL)
    root: list[Any] = []
    stack = [root]
    for found in token.finditer(text):
        mark, quoted, bare = found.groups()
        if mark == "{":
            inner: list[Any] = []
            stack[-1].append(inner)
            stack.append(inner)
        elif mark == "}":
            stack.pop()
        elif mark is None:
            if quoted is not None:
                stack[-1].append(read(re.sub(r"\\(.)", r"\1", quoted, flags=re.S)))
            else:
                stack[-1].append(None if bare.upper() == "NULL" else read(bare))
    if len(stack) != 1 or len(root) != 1:
        raise ItemInvalid("its array cannot be read")
    return list(root[0])
