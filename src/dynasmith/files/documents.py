"""A file -> its document, whatever the format: JSON, YAML or TOML."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from dynasmith.files.json_text import read_json
from dynasmith.files.text_error import BrokenText
from dynasmith.files.toml_text import read_toml
from dynasmith.files.yaml_text import read_yaml
from dynasmith.tables.document import Node
from dynasmith.tables.findings import DefinitionFinding

_Reader = Callable[[str, str], Node]
_BY_SUFFIX: Final[dict[str, _Reader]] = {
    ".json": read_json,
    ".yaml": read_yaml,
    ".yml": read_yaml,
    ".toml": read_toml,
}
# A definition is written by people; what is larger is some other file, and reading it would only take long.
FILE_MAX_BYTES: Final = 16 * 1024 * 1024


def read_file(path: Path) -> Node | DefinitionFinding:
    """The document of a file, or the finding that says why there is none. Reads the file once."""
    file = str(path)
    try:
        size = path.stat().st_size
        if size > FILE_MAX_BYTES:
            return _unread(file, f"has {size} bytes, more than a definition may have ({FILE_MAX_BYTES})")
        raw = path.read_bytes()
    except FileNotFoundError:
        return _unread(file, "does not exist")
    except IsADirectoryError:
        return _unread(file, "is a folder, not a file")
    except OSError as error:
        return _unread(file, f"cannot be read: {error.strerror or error}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return DefinitionFinding(code="D001", file=file, line=line, message="is not text in UTF-8")
    return read_text(text, file, path.suffix)


def read_text(text: str, file: str, suffix: str = "") -> Node | DefinitionFinding:
    """The document of a text: by the suffix of its name, otherwise whichever format it turns out to be."""
    reader = _BY_SUFFIX.get(suffix.lower())
    try:
        node = reader(text, file) if reader is not None else _tried(text, file)
    except BrokenText as error:
        hint = "" if reader is not None else "write JSON, YAML or TOML, and give the file that suffix"
        return DefinitionFinding(code="D001", file=file, line=error.line, message=error.message, hint=hint)
    if not node.is_map:
        return DefinitionFinding(
            code="D002",
            file=file,
            line=node.line,
            message="is not a map with the key tables",
            hint="begin with tables:",
        )
    return node


def _tried(text: str, file: str) -> Node:
    """JSON where it looks like it, then TOML, then YAML. The last error is told, which is that of the laxest format."""
    if text.lstrip()[:1] in ("{", "["):
        return read_json(text, file)
    try:
        return read_toml(text, file)
    except BrokenText:
        pass
    try:
        return read_yaml(text, file)
    except BrokenText as error:
        raise BrokenText(f"is not JSON, YAML or TOML ({error.message})", error.line, error.column) from None


def _unread(file: str, message: str) -> DefinitionFinding:
    return DefinitionFinding(code="D001", file=file, message=message)
