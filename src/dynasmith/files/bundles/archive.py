"""A zip that is the same bytes for the same content, and is there whole or not at all."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from dynasmith.errors import RunError, UsageError

_DATE: Final = (1980, 1, 1, 0, 0, 0)
_FILE: Final = 0o100644 << 16
_PROGRAM: Final = 0o100755 << 16
_UNIX: Final = 3


class WrittenArchive(Struct, frozen=True, kw_only=True):
    """A zip that was written: its sizes, and its SHA-256 in base64, which Lambda calls ``CodeSha256``."""

    size_bytes: int
    unzipped_bytes: int
    sha256: str


def check_place(out: Path) -> None:
    """Raise UsageError where a zip cannot be written to ``out``: it is a folder or another file, or has no folder."""
    if out.is_dir():
        raise UsageError(f"{out} is a folder.", hint="name the zip to write, such as bundle.zip")
    if out.suffix.lower() != ".zip":
        raise UsageError(f"{out} does not end in .zip.", hint="name the zip to write, such as bundle.zip")
    if not out.parent.is_dir():
        raise UsageError(f"The folder {out.parent} does not exist.", hint="create it, or name another file")
    if out.exists() and not zipfile.is_zipfile(out):
        raise UsageError(f"{out} exists and is not a zip; it is not overwritten.", hint="name another file")


def write_archive(out: Path, content: Iterable[tuple[str, bytes]], *, unzipped_bytes_max: int) -> WrittenArchive:
    """Write ``content`` (names with slashes, and bytes) to ``out`` in the order of the names; an older zip is replaced
    when the new one is whole.

    Raises RunError where the content is larger than ``unzipped_bytes_max``, naming its largest folders, or where the
    file system refuses; nothing is written then.
    """
    entries = sorted(content)
    total = refuse_too_large({name: len(body) for name, body in entries}, unzipped_bytes_max)
    part = out.with_name(f".{out.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, body in entries:
                    archive.writestr(_entry(name), body)
            file.flush()
            os.fsync(file.fileno())
        written = part.read_bytes()
        part.replace(out)
    except OSError as error:
        raise RunError(f"{out} cannot be written: {error.strerror or error}.", hint="name another file") from error
    finally:
        part.unlink(missing_ok=True)
    digest = base64.b64encode(hashlib.sha256(written).digest()).decode()
    return WrittenArchive(size_bytes=len(written), unzipped_bytes=total, sha256=digest)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.create_system = _UNIX
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = _PROGRAM if name.endswith(".so") or ".so." in name else _FILE
    return entry


def refuse_too_large(sizes: Mapping[str, int], most: int) -> int:
    """The sum of these sizes in bytes. Raises RunError, with the largest folders, where it is above ``most``."""
    total = sum(sizes.values())
    if total <= most:
        return total
    tops: dict[str, int] = {}
    for name, size in sizes.items():
        top = name.partition("/")[0]
        tops[top] = tops.get(top, 0) + size
    largest = sorted(tops, key=lambda top: -tops[top])[:3]
    shown = ", ".join(f"{top} ({tops[top] / 1e6:.0f} MB)" for top in largest)
    raise RunError(
        f"The bundle would be {total / 1e6:.0f} MB unzipped, and Lambda takes {most / 1e6:.0f} MB.",
        hint=f"the largest parts are {shown}; let git ignore what the function does not need",
    )
