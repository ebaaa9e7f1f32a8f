"""The files that a verb names, by their checksums: a function must have the same as the client."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

BYTES_MAX: Final = 64_000_000
"""A larger file is not in a bundle, and is not read for its checksum."""


def checksums_of(folder: str, names: Iterable[str]) -> dict[str, str]:
    """The SHA-256 of each of ``names`` that is a file in ``folder``: a data file, an operations file, or the module of
    ``module:function``. Text files are the same with LF and CRLF."""
    found = {}
    for name in names:
        for path in _candidates(Path(folder), name):
            if path.is_file() and path.stat().st_size <= BYTES_MAX:
                content = path.read_bytes().replace(b"\r\n", b"\n")
                found[name] = f"sha256:{hashlib.sha256(content).hexdigest()}"
                break
    return found


def _candidates(folder: Path, name: str) -> tuple[Path, ...]:
    if "://" in name or not name:
        return ()
    module, colon, _ = name.partition(":")
    if not colon:
        return (folder / name,)
    parts = module.split(".")
    return folder.joinpath(*parts).with_suffix(".py"), folder.joinpath(*parts, "__init__.py")
