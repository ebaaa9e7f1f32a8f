"""The text of a definition file in one style, whichever format it has."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path, PurePath

from dynasmith.errors import DefinitionError, DynasmithError, UsageError
from dynasmith.files.documents import FILE_MAX_BYTES, read_text
from dynasmith.files.layout_styles.json_format import format_json
from dynasmith.files.layout_styles.toml_format import format_toml
from dynasmith.files.layout_styles.yaml_format import format_yaml
from dynasmith.files.text_error import BrokenText
from dynasmith.files.toml_text import read_toml
from dynasmith.tables.findings import DefinitionFinding

_FORMATS = {".json": format_json, ".toml": format_toml, ".yaml": format_yaml, ".yml": format_yaml}


def format_text(text: str, name: str) -> str:
    """The text in one style; formatting it again changes nothing. The suffix of ``name`` says the format, or the text.

    Only whitespace moves: values, comments and the order of keys stay. Raises DefinitionError for what cannot be read,
    and DynasmithError, which is a fault of the formatter, where the document would not be the same afterwards.
    """
    before = read_text(text, name, PurePath(name).suffix)
    if isinstance(before, DefinitionFinding):
        raise DefinitionError([before], hint="fix the definition and run the command again")
    found = (_FORMATS.get(PurePath(name).suffix.lower()) or _format_of(text))(text)
    after = read_text(found, name, PurePath(name).suffix)
    if isinstance(after, DefinitionFinding) or repr(after.plain()) != repr(before.plain()):
        raise DynasmithError(
            f"{name} cannot be formatted without changing what it says; it was left as it is.",
            hint="this is a fault in dynasmith; format the file by hand",
        )
    return found


def format_file(path: Path, *, write: bool) -> tuple[str, str]:
    """The text of a file before and after formatting; with ``write`` it is put in place in one step, where it differs.

    The permissions stay, and a link stays one. Raises as `format_text` does, and UsageError for a file that cannot be
    read or written; it is then as it was.
    """
    target = Path(os.path.realpath(path))
    try:
        if target.is_file() and target.stat().st_size > FILE_MAX_BYTES:
            raise UsageError(f"{path} is too large for a definition.", hint="name a definition file")
        before = target.read_bytes().decode("utf-8-sig")
        after = format_text(before, str(path))
        if write and after != before:
            replace_text(target, after)
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not text in UTF-8.", hint="save it as UTF-8") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be formatted: {error.strerror}.", hint="name a definition file") from error
    return before, after


def replace_text(path: Path, text: str) -> None:
    """Let a file hold this text, in one step: its readers see the old text or the new one. Its permissions stay."""
    new = path.with_name(f".{path.name[:200]}.{os.getpid()}.new")
    try:
        with new.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.chmod(path.stat().st_mode & 0o7777)
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)


def _format_of(text: str) -> Callable[[str], str]:
    """The formatter of a text without a suffix, in the order in which `read_text` tries."""
    if text.lstrip()[:1] in ("{", "["):
        return format_json
    try:
        read_toml(text, "")
    except BrokenText:
        return format_yaml
    return format_toml
