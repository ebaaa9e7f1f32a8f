"""The bytes of a key, from a variable or a file. No message shows them, nor what a variable or a file holds."""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dynasmith.errors import ProjectError
from dynasmith.items.encryption_envelope import KEY_BYTES
from dynasmith.ports.encryption import EncryptionKey

_HEX: Final = re.compile(rf"[0-9a-fA-F]{{{2 * KEY_BYTES}}}\Z")
_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")
FILE_BYTES_MAX: Final = 4096
"""A larger file is not one of a key."""


def key_material(name: str, key: EncryptionKey, folder: str, variables: Mapping[str, str]) -> bytes:
    """The bytes of the key ``name``; of a password of OneTable its UTF-8. Files are relative to ``folder``.

    Raises ProjectError where the variable is not set, the file cannot be read, or it holds something else than a key.
    """
    if key.material:
        return key.material
    held = _of_variable(name, key.variable, variables) if key.variable else _of_file(name, Path(folder) / key.file)
    if key.format:
        return held.strip(b"\r\n")
    material = held if key.file and len(held) == KEY_BYTES else _decoded(held.strip())
    if material is None:
        where = f"variable {key.variable}" if key.variable else f"file {key.file}"
        raise ProjectError(
            f"The {where}, which has the key {name}, does not hold {KEY_BYTES} bytes as base64 or hex.",
            hint="openssl rand -base64 32 makes a key",
        )
    return material


def _of_variable(name: str, variable: str, variables: Mapping[str, str]) -> bytes:
    held = variables.get(variable, "")
    if not held:
        raise ProjectError(f"The variable {variable}, which has the key {name}, is not set.", hint=f"set {variable}")
    return held.encode("utf-8", "surrogateescape")


def _of_file(name: str, path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            held = file.read(FILE_BYTES_MAX + 1)
    except OSError as cause:
        raise ProjectError(
            f"The file {path}, which has the key {name}, cannot be read: {cause.strerror}.", hint="check the path"
        ) from cause
    if not held or len(held) > FILE_BYTES_MAX:
        raise ProjectError(f"The file {path} does not hold the key {name}.", hint="openssl rand -base64 32 makes a key")
    return held


def _decoded(text: bytes) -> bytes | None:
    if _HEX.match(text.decode("latin-1")):
        return bytes.fromhex(text.decode("ascii"))
    try:
        material = a2b_base64(text.translate(_URL_SAFE), strict_mode=True)
    except Base64Error:
        return None
    return material if len(material) == KEY_BYTES else None
