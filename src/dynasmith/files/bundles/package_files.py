"""The files of packages that a bundle has: of wheels, and of dynasmith as it is installed here."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from dynasmith.errors import RunError
from dynasmith.files.bundles.wheels import Wheel

LEFT_OUT_PARTS: Final = frozenset(("cli", "local", "strict", "testing", "__main__.py"))
"""Parts of dynasmith that a function has no use for: the command line, engines on this machine, the pytest plugin."""

_NOT_RUN: Final = frozenset((".pyc", ".pyo", ".pyi", ".pyx", ".pxd", ".pxi", ".c", ".h", ".hash", ".cpp"))
_NOT_OF_DIST_INFO: Final = frozenset(("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "RECORD.jws"))


def own_files() -> Iterator[tuple[str, bytes]]:
    """The modules of dynasmith for a function, by their names in a bundle."""
    folder = Path(__file__).parents[2]
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if relative.parts[0] in LEFT_OUT_PARTS or "__pycache__" in relative.parts or path.suffix in _NOT_RUN:
            continue
        if path.is_file():
            yield f"dynasmith/{relative.as_posix()}", path.read_bytes()


def wheel_files(wheel: Wheel) -> Iterator[tuple[str, bytes]]:
    """What a wheel puts into the folder of packages, without sources of extensions, type stubs and programs."""
    with zipfile.ZipFile(wheel.path) as archive:
        for info in archive.infolist():
            name = _place(info.filename)
            if not name or info.is_dir():
                continue
            if name.startswith("/") or ".." in PurePosixPath(name).parts:
                raise RunError(
                    f"The wheel {wheel.path.name} has a file outside of its folder: {name}.", hint="replace it"
                )
            yield name, archive.read(info)


def _place(name: str) -> str:
    """Where a file of a wheel goes, or nothing."""
    data = re.match(r"[^/]+\.data/(?:purelib|platlib)/(.+)", name)
    if data:
        name = data[1]
    elif re.match(r"[^/]+\.data/", name):
        return ""
    pure = PurePosixPath(name)
    if pure.suffix in _NOT_RUN or "__pycache__" in pure.parts:
        return ""
    return "" if pure.parts[0].endswith(".dist-info") and pure.name in _NOT_OF_DIST_INFO else name
