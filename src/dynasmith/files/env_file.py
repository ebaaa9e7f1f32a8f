"""The variables of a file such as ``.env``: ``NAME=value`` lines, read only where a project file names it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dynasmith.errors import ProjectError

_LINE: Final = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*?)\s*\Z", re.DOTALL)
_SINGLE: Final = re.compile(r"'(?P<text>[^']*)'\s*(?:#.*)?")
_DOUBLE: Final = re.compile(r'"(?P<text>(?:[^"\\]|\\.)*)"\s*(?:#.*)?')
_COMMENT: Final = re.compile(r"(?:\A|\s)#.*\Z", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t"}
_IN_FUNCTION: Final = "AWS_LAMBDA_FUNCTION_NAME"
"""A function has its variables from its configuration: a bundle never holds a file of secrets."""


def read_env_file(path: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """The variables of a file, without those that ``variables`` (the real environment) have.

    A value stands as it is, in single quotes, or in double quotes with backslashes as in JSON; nothing is replaced in
    it. The last line of a name counts. Raises ProjectError for a file that is missing or cannot be read, and for a
    line that is not ``NAME=value``, without showing it.
    """
    if not path.is_file() and _IN_FUNCTION in variables:
        return {}
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "it is not UTF-8"
        raise ProjectError(
            f"The env_file {path} of the project cannot be read: {reason}.",
            hint="write the file, or remove env_file from the project file",
        ) from error
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            name, value = _variable(line, f"{path}:{number}")
            found[name] = value
    return {name: value for name, value in found.items() if name not in variables}


def _variable(line: str, place: str) -> tuple[str, str]:
    match = _LINE.fullmatch(line.lstrip())
    if match is None:
        raise ProjectError(f"{place}: this line is not NAME=value.", hint="write NAME=value, or a comment with #")
    name, value = match["name"], match["value"]
    if value[:1] not in ("'", '"'):
        return name, _COMMENT.sub("", value).rstrip()
    quoted = (_SINGLE if value[0] == "'" else _DOUBLE).fullmatch(value)
    if quoted is None:
        raise ProjectError(f"{place}: the quotes of {name} are not closed.", hint="close them on the same line")
    if value[0] == "'":
        return name, quoted["text"]
    return name, re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), quoted["text"])
