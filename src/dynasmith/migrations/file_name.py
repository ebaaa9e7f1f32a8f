"""What the name of a file in the folder of migrations says: a version, a name, or what only looks like a version."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from dynasmith.migrations.version import parse_version

_VERSIONED: Final = re.compile(r"(?P<version>[0-9][0-9A-Za-z.-]*?)(?:_(?P<name>[A-Za-z0-9_]+))?\.py", re.ASCII)
_LOOKS_LIKE_A_VERSION: Final = re.compile(r"[vV]?[0-9]")


class FileName(Struct, frozen=True):
    """The name of a Python file. ``version`` is empty for one without; ``is_odd`` where it looks like a version."""

    version: str
    name: str
    is_odd: bool = False


def read_file_name(name: str) -> FileName:
    """What the name of a ``.py`` file says. ``0.0.3_split_name.py`` is version 0.0.3, named split_name."""
    found = _VERSIONED.fullmatch(name)
    if found is not None and parse_version(found["version"]) is not None:
        return FileName(found["version"], found["name"] or "")
    stem = name.removesuffix(".py")
    return FileName("", stem, is_odd=_LOOKS_LIKE_A_VERSION.match(stem) is not None)


def file_name(version: str, name: str) -> str:
    """The name of the file of a migration."""
    return f"{version}_{name}.py" if name else f"{version}.py"


def name_of(message: str) -> str:
    """A message as a part of a file's name: ``Split the name!`` is ``split_the_name``."""
    return re.sub(r"[^a-z0-9]+", "_", message.lower()).strip("_")[:60].rstrip("_")
